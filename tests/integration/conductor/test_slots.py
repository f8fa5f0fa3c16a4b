"""Who holds a slot: runs at work do; one that waits for a person makes room, and comes first once it is answered."""

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from bench.virtual import run_virtually
from ompycord.bot.custom_ids import Signer
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.options import BotOptions
from ompycord.conductor import Bus, Slots
from ompycord.conductor.run_access import RunStore
from ompycord.conductor.slots import SlotKeeper, SlotUse
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.catalog import Limits
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentJob, AgentOutcome, Emit, Inbox, RunFilter
from ompycord.domain.run import RunRecord, RunState, SuspendReason
from ompycord.errors import StorageError
from ompycord.render.cards.headlines import headline_of
from ompycord.render.sanitizer import Sanitizer
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, ScriptedAgent
from tests.integration.conductor.conftest import ADA, CATALOG, MO, AppHarness
from tests.support.patience import until, within
from tests.support.settled import settled

PATIENCE_S = 10.0


class Asking(ScriptedAgent):
    """Asks in each of its runs but those whose task says no word of it, and waits for the answer."""

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        if "ask" in job.task.prompt:
            self.jobs.append(job)
            await emit(ev.QuestionAsked(question="which", text="Which?", options=("left", "right")))
            self.received.put_nowait(await inbox.next())
            await emit(ev.Message(text="Thank you."))
        return await super().run(job, emit, inbox)


def crowded(store: SqliteStore, tmp_path: Path, **limits: int) -> AppHarness:
    given = Limits(**{"open_per_person": 9, "parallel_runs": 1, **limits})
    agent = Asking(writes={"total.py": "x = 1\n"})
    return AppHarness(store, tmp_path, FakeClock(), CATALOG.model_copy(update={"limits": given}), agent=agent)


async def answer(harness: AppHarness, run: str, person: Person = ADA) -> None:
    await harness.areas.approvals.answer(await harness.areas.load(RunId(run)), "which", "left", person)


def slots_of(harness: AppHarness) -> Slots:
    return harness.driver._slots  # pyright: ignore[reportPrivateUsage]  # what no part hands out


async def test_a_run_that_waits_for_a_person_makes_room_and_comes_first_once_answered(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness = crowded(store, tmp_path)
    harness.agent.hold()
    async with harness.running():
        asks = await harness.submit(prompt="ask first")
        await harness.until(asks.id, lambda snapshot: bool(snapshot.open_questions))
        second, third = await harness.submit(MO, prompt="work"), await harness.submit(MO, prompt="work too")
        await harness.in_state(second.id, RunState.BUILDING)
        assert (await harness.areas.record(third.id)).state is RunState.QUEUED
        assert slots_of(harness).use.waiting == 1

        await answer(harness, asks.id)
        await harness.until(asks.id, lambda snapshot: not snapshot.open_questions)
        async with within(PATIENCE_S):
            await until(lambda: slots_of(harness).is_returning(RunId(asks.id)))
        await settled(store)
        assert harness.agent.received.empty()  # the answer is kept until there is a slot

        harness.agent.release()
        assert await harness.heard() == ev.QuestionAnswered(question="which", answer="left", by="Ada")
        await harness.ended(asks.id)
        await harness.ended(third.id)
    taken = next(e for e in await store.events_of(RunId(asks.id)) if isinstance(e.body, ev.InboxTaken))
    begun = next(e for e in await store.events_of(RunId(third.id)) if isinstance(e.body, ev.RunDequeued))
    assert taken.position < begun.position


async def test_an_answer_goes_at_once_to_a_run_while_a_slot_is_free(store: SqliteStore, tmp_path: Path) -> None:
    harness = crowded(store, tmp_path)
    async with harness.running():
        asks = await harness.submit(prompt="ask first")
        await harness.until(asks.id, lambda snapshot: bool(snapshot.open_questions))
        await answer(harness, asks.id)
        assert await harness.heard() == ev.QuestionAnswered(question="which", answer="left", by="Ada")
        await harness.ended(asks.id)
    assert slots_of(harness).use.used == 0


async def test_an_agent_that_goes_on_by_itself_takes_its_slot_again(store: SqliteStore, tmp_path: Path) -> None:
    harness = crowded(store, tmp_path)
    async with harness.running():
        asks = await harness.submit(prompt="ask first")
        run = RunId(asks.id)
        await harness.until(asks.id, lambda snapshot: bool(snapshot.open_questions))
        async with within(PATIENCE_S):
            await until(lambda: slots_of(harness).is_waiting(run))
        await harness.areas.recorder.observe(run, ev.Message(text="I do something else meanwhile."))
        async with within(PATIENCE_S):
            await until(lambda: not slots_of(harness).is_waiting(run))
        await answer(harness, asks.id)
        await harness.ended(asks.id)


async def test_beyond_the_most_the_one_that_waits_longest_is_suspended_and_goes_on_once_answered(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness = crowded(store, tmp_path, waiting_runs=1)
    async with harness.running():
        first = await harness.submit(prompt="ask first")
        await harness.until(first.id, lambda snapshot: bool(snapshot.open_questions))
        second = await harness.submit(prompt="ask second")
        await harness.until(second.id, lambda snapshot: bool(snapshot.open_questions))
        stopped = await harness.in_state(first.id, RunState.SUSPENDED)
        assert stopped.reason is SuspendReason.WAITING
        assert stopped.open_questions  # people can still answer
        assert (await harness.areas.record(second.id)).state is RunState.BUILDING
        await answer(harness, first.id)
        await harness.ended(first.id)
        events = await store.events_of(RunId(first.id))
        assert [event.body.by for event in events if isinstance(event.body, ev.RunResumed)] == ["Ompycord"]
        assert [event.body.answer for event in events if isinstance(event.body, ev.QuestionAnswered)] == ["left"]
        await answer(harness, second.id)
        await harness.ended(second.id)


# -- the table alone ---------------------------------------------------------------------------------------------------

A, B, C = (RunId(f"0000000000000000000000000{name}") for name in "ABC")


@pytest.fixture
def slots() -> Slots:
    return Slots(Limits(parallel_runs=1), FakeClock())


async def test_answered_runs_get_free_slots_in_turn(slots: Slots) -> None:
    for run in (A, B):
        slots.started(run)
        slots.give_back(run)
    slots.started(C)
    slots.want(B)
    slots.want(A)
    slots.grant()
    assert (slots.is_returning(A), slots.is_returning(B), slots.reserved) == (True, True, 2)
    slots.ended(C)
    slots.grant()
    assert (slots.is_waiting(A), slots.is_waiting(B)) == (True, False)
    async with within(PATIENCE_S):
        await slots.regain(B)
    assert slots.use.used == 1


async def test_a_run_that_never_gave_its_slot_back_waits_for_none(slots: Slots) -> None:
    slots.started(A)
    async with within(PATIENCE_S):
        await slots.regain(A)
    slots.give_back(B)  # no step of it is under way
    assert slots.use.waiting == 0


def test_the_most_that_wait_is_four_times_those_at_work_unless_it_is_said() -> None:
    assert Limits(parallel_runs=3).most_waiting == 12
    assert Limits(parallel_runs=3, waiting_runs=0).most_waiting == 0


# -- what people see of it ---------------------------------------------------------------------------------------------


def renderer_of(harness: AppHarness) -> MessageRenderer:
    return MessageRenderer(
        options=BotOptions(guilds=("100000000000000009",), home_channel="200000000000000009"),
        catalog=harness.catalog,
        store=harness.store,
        snapshots=harness.snapshots,
        clock=harness.clock,
        signer=Signer(b"a key of tests, 32 bytes long ..."),
        redact=str,
        confinement=None,
        url=lambda guild, channel, message: "",
        channel_name=lambda channel: None,
        is_connected=lambda: True,
        slots=slots_of(harness),
    )


async def test_a_queued_card_names_who_holds_the_slots_and_an_answered_one_says_that_it_waits(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness = crowded(store, tmp_path)
    renderer = renderer_of(harness)

    async def sentence(run: str) -> str:
        run_view = await renderer.view(RunId(run))
        assert run_view is not None
        return headline_of(run_view.snapshot, run_view.render_context, Sanitizer(str)).sentence

    harness.agent.hold()
    async with harness.running():
        asks = await harness.submit(prompt="ask first")
        await harness.until(asks.id, lambda snapshot: bool(snapshot.open_questions))
        works, waits = await harness.submit(MO, prompt="Mend the cart"), await harness.submit(MO, prompt="Then this")
        await harness.in_state(works.id, RunState.BUILDING)
        await harness.until(waits.id, lambda snapshot: True)
        assert await sentence(waits.id) == ("Starts when a slot is free. The slot is taken: *Mend the cart* (working).")
        await answer(harness, asks.id)
        async with within(PATIENCE_S):
            await until(lambda: slots_of(harness).is_returning(RunId(asks.id)))
        await harness.until(asks.id, lambda snapshot: not snapshot.open_questions)
        assert (await sentence(asks.id)).startswith("Answered; waiting for a slot. scripted takes the next free one")
        assert slots_of(harness).use == SlotUse(total=1, used=1, waiting=1, returning=1)
        harness.agent.release()
        await harness.ended(waits.id)


# -- the task alone ----------------------------------------------------------------------------------------------------


class Looks:
    """No run is there; the first look is refused."""

    def __init__(self) -> None:
        self.at: list[float] = []

    async def runs(self, which: RunFilter) -> list[RunRecord]:
        self.at.append(asyncio.get_running_loop().time())
        if len(self.at) == 1:
            raise StorageError("The database is busy.")
        return []


def test_a_look_that_was_refused_is_made_again_soon_and_one_that_found_nobody_seldom() -> None:
    async def play() -> list[float]:
        looks, limits, clock = Looks(), Limits(), FakeClock()
        none = cast("Any", None)
        keeper = SlotKeeper(
            slots=Slots(limits, clock), store=cast("RunStore", looks), snapshots=none, bus=Bus(), transitions=none,
            clock=clock, limits=limits, resumes=lambda record: False, changed=lambda: None,
        )  # fmt: skip
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(keeper.run())
            await asyncio.sleep(70)  # virtual time
            keeping.cancel()
        return [at - looks.at[0] for at in looks.at]

    assert run_virtually(play()) == pytest.approx([0, 5, 35, 65])
