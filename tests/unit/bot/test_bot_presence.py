"""The presence is silent while all is normal, says what is not, and is told again.

Since a new session begins without it.
"""

from collections.abc import Mapping
from typing import Any

import discord
import pytest

from ompycord.bot.gateway.presence import show_mode
from tests.support.patience import within


class Over(Exception):
    """The last look was taken."""


class Looks:
    """A mode for each look, and a clock that ends when there is none left."""

    def __init__(self, *modes: str | None) -> None:
        self._modes = list(modes)

    async def mode(self) -> str | None:
        return self._modes.pop(0)

    def now_ms(self) -> int:
        return 0

    def monotonic_s(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        if not self._modes:
            raise Over


class Recorder(discord.Client):
    """A client that is always ready; `broken` calls fail as a lost socket does."""

    def __init__(self, *, broken: int = 0) -> None:
        super().__init__(intents=discord.Intents.none())
        self.told: list[tuple[str | None, str]] = []
        self._broken = broken

    async def wait_until_ready(self) -> None:
        return

    async def change_presence(self, **presence: Any) -> None:
        if self._broken:
            self._broken -= 1
            raise ConnectionResetError
        shown: Mapping[str, Any] = presence
        activity = shown["activity"]
        self.told.append((None if activity is None else activity.name, str(shown["status"])))


async def told(looks: Looks, client: Recorder) -> list[tuple[str | None, str]]:
    with pytest.raises(Over):
        async with within(5):
            await show_mode(client, looks.mode, clock=looks)
    return client.told


async def test_nothing_is_told_while_all_is_normal() -> None:
    assert await told(Looks(None, None), Recorder()) == []


async def test_what_is_wrong_is_told_until_it_is_over_and_its_end_once() -> None:
    assert await told(Looks("read-only", "read-only", None, None), Recorder()) == [
        ("read-only; see /omp health", "dnd"),
        ("read-only; see /omp health", "dnd"),
        (None, "online"),
    ]


async def test_a_lost_socket_costs_one_look() -> None:
    assert await told(Looks("low", "low"), Recorder(broken=1)) == [("low; see /omp health", "dnd")]
