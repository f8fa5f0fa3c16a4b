"""`/omp gateway` and `/omp-admin stop-models` in a real playground: what models are asked, and the end of all of it."""

from dataclasses import replace
from typing import Any

import pytest

from ompycord.bot.lookups import Lookups
from ompycord.domain.ids import RunId
from ompycord.render.models import ModelsState, RequestRefusal, RestingModel
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, ComposedApp, is_answer
from tests.support.playground import Person, Playground

NOON = 1_795_262_400_000


class Control:
    """A gateway that is busy. Implements `ModelControl`."""

    def __init__(self) -> None:
        self.by: list[str] = []
        self.is_stopped = False
        self.streams = self.ended = 3
        self.resting = (RestingModel(provider="second", model="m-2", until=NOON),)

    def state(self) -> ModelsState:
        refused = RequestRefusal(
            at=NOON, run=RunId("01JD3V9K2M8Q4W5X6YAB7F3K2M"), words="Ompycord: no provider offers m-9."
        )
        return ModelsState(
            providers=("first", "second"), streams=self.streams, is_stopped=self.is_stopped, usd_of_last_minute=0.42,
            resting=self.resting, refusals=12, refused=(refused,),
        )  # fmt: skip

    def rests(self, provider: str | None, model: str | None) -> bool:
        return (provider, model) == ("second", "m-2")

    def stop(self, by: str) -> int:
        self.by.append(by)
        self.is_stopped = True
        return self.ended

    def resume(self, by: str) -> bool:
        was, self.is_stopped = self.is_stopped, False
        return was


class Harness(AppHarness):
    """With that gateway."""

    control: Control

    def _lookups(self, app: ComposedApp) -> Lookups:
        self.control = Control()
        return replace(super()._lookups(app), models=self.control)


@pytest.fixture
def harness(playground: Playground, store: SqliteStore, tmp_path: Any) -> Harness:
    return Harness(playground, store, tmp_path)


async def told(who: Person, command: str) -> str:
    ran = await who.command(command, "tasks")
    answer = await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
    return answer.text


async def test_what_the_gateway_does_is_told_in_words(harness: Harness) -> None:
    async with harness.running():
        lines = (await told(harness.playground.mo, "omp gateway")).splitlines()
    assert lines == [
        "**Requests under way** 3",
        "**Spent in the last minute** $0.42",
        "✅ **Providers** first",
        "⚠ **second** is not asked for m-2 until 12:00 UTC: it failed five times in a row.",
        "**Refused** 12 requests since start; the latest:",
        "- 12:00 UTC `7f3k2m` no provider offers m-9.",
    ]


async def test_an_admin_stops_all_models_and_allows_them_again_and_no_one_else_does(harness: Harness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        assert "admin" in await told(mo, "omp-admin stop-models")
        assert harness.control.by == []
        stopped = await told(ada, "omp-admin stop-models")
        assert stopped.startswith("All models are stopped; 3 requests ended.")
        assert len(harness.control.by) == 1
        assert (await told(mo, "omp gateway")).startswith("⚠ **All models are stopped.**")
        assert "admin" in await told(mo, "omp-admin resume-models")
        assert harness.control.is_stopped
        assert await told(ada, "omp-admin resume-models") == "Models are asked again."
        assert await told(ada, "omp-admin resume-models") == "Models were not stopped."
