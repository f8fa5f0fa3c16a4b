"""Other work that changes the same files, as people see it in a real playground: the card and its three buttons."""

import asyncio

import pytest

from ompycord.domain.events import OtherWork, OverlappingWork, OverlapsFound
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunRecord, RunState
from ompycord.playground.client import Message
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground_person import Person

OTHER = "01JD0000000000000000000001"


class World:
    def __init__(self, harness: AppHarness) -> None:
        self.harness = harness
        self.go = asyncio.Event()
        harness.checks.before = self._until_let_go

    async def _until_let_go(self) -> None:
        await self.go.wait()

    async def overlapping(self, who: Person, *, branch: str | None = None) -> tuple[RunRecord, Message]:
        """A run at its checks beside other work, as `conductor/overlaps/` records it, and its card."""
        record = await self.harness.start(who)
        await self.harness.until(record.id, lambda one: one.state is RunState.VERIFYING)
        other = OverlappingWork(
            work=OtherWork(run=OTHER), who="Ada", title="Round once", files=("auth.py",), files_total=1,
            conflicts=("auth.py",), branch=branch,
        )  # fmt: skip
        await self.harness.areas.recorder.record(RunId(record.id), OverlapsFound(others=(other,)))
        card = await who.wait_message(lambda m: kind_of(m) == "card 1" and "Wait for it" in m.labels)
        return record, card


@pytest.fixture
def world(harness: AppHarness) -> World:
    return World(harness)


async def test_a_person_waits_for_it_or_goes_on(world: World) -> None:
    mo = world.harness.playground.mo
    async with world.harness.running():
        record, card = await world.overlapping(mo)
        assert "⚠ Conflicts in auth.py with Ada's run 000001 (Round once)" in card.text
        assert card.labels == ["Wait for it", "Go on", "Stop", "Details", "Cancel run"]
        waited = await mo.click(card, "Wait for it")
        words = "Waiting for Ada's run 000001 (Round once). It goes on by itself once that is over."
        await mo.wait_message(lambda m: is_answer(m, waited.id) and words in m.text)
        card = await mo.wait_message(lambda m: m.id == card.id and "Waiting for other work" in m.text)
        world.go.set()
        await mo.click(card, "Resume")
        await world.harness.until(record.id, lambda one: one.is_final)


async def test_going_on_and_building_on_it(world: World) -> None:
    mo = world.harness.playground.mo
    async with world.harness.running():
        record, card = await world.overlapping(mo, branch="main")
        went = await mo.click(card, "Go on")
        words = "Going on beside Ada's run 000001 (Round once). A new conflict is shown on the card."
        await mo.wait_message(lambda m: is_answer(m, went.id) and words in m.text)
        await mo.wait_message(lambda m: m.id == card.id and m.labels[:1] == ["Stop"])
        other, card = await world.overlapping(mo, branch="next")
        built = await mo.click(card, "Build on it")
        await mo.wait_message(
            lambda m: is_answer(m, built.id) and "its task starts again on the other branch" in m.text
        )
        ended = await world.harness.until(other.id, lambda one: one.state is RunState.CANCELLED)
        assert "its task starts again on next" in (ended.message or "")
        world.go.set()
        await world.harness.until(record.id, lambda one: one.is_final)
