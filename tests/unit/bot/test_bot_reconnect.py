"""How long the bot is away after an interruption, in virtual time, and when it gives up a connection that is dead."""

import asyncio
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import discord
import pytest
from discord.gateway import ReconnectWebSocket
from hypothesis import given
from hypothesis import strategies as st

from ompycord.bot.gateway import client as gateway_client
from ompycord.bot.gateway.client import HeartbeatThread, OmpycordClient
from ompycord.bot.gateway.reconnect import FIRST_S, IDENTIFY_S, LIVED_S, ReconnectPauses
from ompycord.bot.options import BotOptions
from ompycord.errors import GatewayFatal
from tests.support.patience import patient, within

HALF_HOUR_S = 1800.0
GUILDS = ("100000000000000001",)


class PassingClock:
    """Whoever sleeps wakes at once, so much later."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.slept: list[float] = []

    def now_ms(self) -> int:
        return round(self.now_s * 1000)

    def monotonic_s(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now_s += seconds


class Gateway:
    """Connections as a script has them; `asked` are the parameters of each try, `away` how long each took to come."""

    def __init__(self, clock: PassingClock, *script: "Connection | Refusal") -> None:
        self._clock = clock
        self._script: Iterator[Connection | Refusal] = iter(script)
        self._lost_at = 0.0
        self.asked: list[dict[str, Any]] = []
        self.away: list[float] = []

    async def from_client(self, client: discord.Client, **params: Any) -> Any:
        self.asked.append(dict(params))
        next_one = next(self._script, None)
        if next_one is None:
            raise discord.ConnectionClosed(Mock(close_code=4004), shard_id=None, code=4004)
        if isinstance(next_one, Refusal):
            if self._clock.now_s < self._lost_at + next_one.until_s:
                self._script = iter((next_one, *self._script))
                raise OSError("refused")
            return await self.from_client(client, **params)
        self.away.append(self._clock.now_s - self._lost_at)
        return SimpleNamespace(
            poll_event=lambda: self._live(next_one), sequence=7, session_id=next_one.session, gateway="wss://resume"
        )

    async def _live(self, connection: "Connection") -> None:
        self._clock.now_s += connection.lives_s
        self._lost_at = self._clock.now_s
        if connection.is_invalidated:
            raise ReconnectWebSocket(None, resume=False)
        if connection.is_asked:
            raise ReconnectWebSocket(None)
        raise OSError("reset")


class Connection:
    """One that lives so long and is then lost."""

    def __init__(self, lives_s: float, *, is_invalidated: bool = False, is_asked: bool = False) -> None:
        self.lives_s, self.is_invalidated, self.is_asked = lives_s, is_invalidated, is_asked
        self.session: str | None = None if is_invalidated else "session"


class Refusal:
    """No connection is accepted for so long after the last one was lost."""

    def __init__(self, until_s: float) -> None:
        self.until_s = until_s


async def played(monkeypatch: pytest.MonkeyPatch, *script: Connection | Refusal) -> tuple[Gateway, PassingClock]:
    """The gateway after a client has met all of the script."""
    clock = PassingClock()
    gateway = Gateway(clock, *script)
    monkeypatch.setattr(gateway_client._Socket, "from_client", gateway.from_client)  # pyright: ignore[reportPrivateUsage]  # discord.py's seam
    client = OmpycordClient(
        options=BotOptions(guilds=GUILDS), on_request=Mock(), on_click=Mock(), on_text=Mock(), on_edit=Mock(),
        on_delete=Mock(), on_reaction=Mock(), on_setup=Mock(), on_new_connection=Mock(), on_ready=Mock(),
        handler=Mock(), clock=clock,
    )  # fmt: skip
    with pytest.raises(GatewayFatal):
        await client.connect()
    return gateway, clock


async def test_six_short_troubles_in_half_an_hour_keep_the_bot_away_for_a_moment_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each time it was connected for 8 s: the pauses of one trouble do not add to those of the next."""
    troubles = [Connection(8), Refusal(3), Connection(8, is_invalidated=True)] * 6
    gateway, _ = await played(monkeypatch, *troubles, Connection(HALF_HOUR_S))
    assert len(gateway.away) == 13
    assert max(gateway.away[1:]) <= 8.0
    assert sum(gateway.away) < 70.0


async def test_after_an_invalidated_session_a_new_one_is_begun_after_one_to_five_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gateway, clock = await played(monkeypatch, Connection(60, is_invalidated=True), Connection(60))
    assert IDENTIFY_S[0] <= clock.slept[0] <= IDENTIFY_S[1]
    fresh = gateway.asked[1]
    assert (fresh["resume"], fresh["session"], fresh["sequence"], fresh["gateway"]) == (False, None, None, None)


async def test_a_connection_that_lived_is_resumed_at_once_when_discord_asks_for_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gateway, clock = await played(monkeypatch, Connection(60, is_asked=True), Connection(1, is_asked=True))
    assert gateway.away[1] == 0.0
    resumed = gateway.asked[1]
    assert (resumed["resume"], resumed["session"], resumed["gateway"]) == (True, "session", "wss://resume")
    assert clock.slept, "one that is closed at once is not: it would eat the day's IDENTIFYs"


async def test_a_session_that_was_lost_is_not_resumed_after_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    gateway, _ = await played(monkeypatch, Connection(60, is_invalidated=True), Refusal(30), Connection(60))
    assert [asked["resume"] for asked in gateway.asked[1:-1]] == [False] * (len(gateway.asked) - 2)


async def test_a_gateway_that_stays_away_is_asked_every_quarter_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    _, clock = await played(monkeypatch, Connection(60), Refusal(HALF_HOUR_S), Connection(60))
    assert max(clock.slept) <= BotOptions(guilds=GUILDS).reconnect_cap_s == 15.0
    assert HALF_HOUR_S / 15 <= len(clock.slept) <= HALF_HOUR_S / 7.5 + 10, "no more often, no less"


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_pauses_grow_only_while_no_connection_lives(lives: list[float]) -> None:
    pauses = ReconnectPauses(cap_s=15.0, uniform=lambda low, high: high)
    failures = 0
    for lived in lives:
        failures = 0 if lived >= LIVED_S else failures
        assert pauses.after_failure(lived) == min(FIRST_S * 2**failures, 15.0)
        failures += 1


# -- a connection that is dead -----------------------------------------------------------------------------------------


class Socket:
    """What a heartbeat's thread asks of a connection; `answers` whether heartbeats are answered."""

    HEARTBEAT = 1
    _max_heartbeat_timeout = 60.0
    sequence = 7

    def __init__(self, *, answers: int) -> None:
        self.loop = asyncio.get_running_loop()
        self.thread_id = threading.get_ident()
        self.sent = 0
        self.closed = asyncio.Event()
        self.code = 0
        self.answers = answers
        self.thread = HeartbeatThread(ws=self, interval=0.001)  # pyright: ignore[reportArgumentType]  # all that it asks

    async def send_heartbeat(self, data: dict[str, Any]) -> None:
        self.sent += 1
        if self.sent <= self.answers:
            self.thread.ack()

    async def close(self, code: int) -> None:
        self.code = code
        self.closed.set()


async def test_a_connection_whose_heartbeat_was_not_answered_by_the_next_is_given_up_at_once() -> None:
    socket = Socket(answers=20)
    socket.thread.start()
    async with within(20):
        await socket.closed.wait()
        await asyncio.to_thread(socket.thread.join, patient(10))
    assert (socket.sent, socket.code) == (21, 4000), "20 were answered, the next was not"
