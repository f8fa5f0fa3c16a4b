"""A typed answer waits five seconds and is given once, whatever dies, restarts or comes between."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ompycord.conductor.typed_answers import UNDO_MS
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.ids import RunId
from ompycord.domain.records import Decision
from ompycord.domain.run import RunState
from ompycord.errors import StorageError
from ompycord.store import SqliteStore
from tests.integration.conductor.conftest import ADA, AP, MO, VI, AppHarness
from tests.support.dying_store import dying_store
from tests.support.patience import within
from tests.support.refusals import refuses
from tests.support.settled import settled

FREE = ev.QuestionAsked(question="q1", text="Which database should I use?")
CHOICE = FREE.model_copy(update={"options": ("Yes", "No"), "free_text": False})
GIVEN = ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")
UNDO_S = UNDO_MS / 1000


async def asking(harness: AppHarness, body: ev.QuestionAsked = FREE) -> RunId:
    """A run of Mo's whose agent asks."""
    harness.agent.script = (body,)
    harness.agent.hold()
    run = RunId((await harness.submit(MO)).id)
    await harness.until(run, lambda seen: bool(seen.open_questions))
    return run


async def take(
    harness: AppHarness, run: RunId, answer: str = "SQLite", person: Person = MO, **more: str
) -> int | Decision:
    """Type an answer as a message."""
    loaded = await harness.areas.load(run)
    return await harness.areas.typed_answers.take(
        loaded, "q1", answer, person, typed=more.get("typed", "700000000000000001"), is_message=True
    )


async def log_of(harness: AppHarness, run: RunId, *kinds: type[ev.KnownBody]) -> list[ev.EventBody]:
    return [event.body for event in await harness.store.events_of(run) if isinstance(event.body, kinds)]


@asynccontextmanager
async def giving(harness: AppHarness) -> AsyncGenerator[None]:
    """While the block runs, this process gives what is due."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(harness.areas.typed_answers.run())
        yield
        task.cancel()


async def given(harness: AppHarness, run: RunId) -> list[ev.EventBody]:
    """What was given once nothing goes on by itself any more."""
    await settled(harness.store)
    await harness.projector.settled()
    return await log_of(harness, run, ev.QuestionAnswered)


async def test_it_is_given_when_its_time_has_come_and_not_a_moment_before(harness: AppHarness) -> None:
    async with harness.running(), giving(harness):
        run = await asking(harness)
        assert await take(harness, run) == harness.clock.now_ms() + UNDO_MS
        await harness.until(run, lambda seen: bool(seen.waiting_answers))
        harness.clock.advance(UNDO_S - 0.001)
        assert await given(harness, run) == []
        harness.clock.advance(0.001)
        assert await harness.heard() == GIVEN
        assert await given(harness, run) == [GIVEN]
        decided = await harness.store.decision(run, "question", "q1")
        assert decided is not None
        assert (decided.action, decided.by, decided.by_name) == ("SQLite", MO.id, "Mo")


@pytest.mark.parametrize("after", [False, True])
async def test_a_process_that_dies_while_it_gives_the_answer_leaves_it_given_once(
    harness: AppHarness, tmp_path: Path, *, after: bool
) -> None:
    async with harness.running():
        run = await asking(harness)
        await take(harness, run)
        await harness.until(run, lambda seen: bool(seen.waiting_answers))
        harness.clock.advance(UNDO_S)
        database = tmp_path / "ompycord.db"
        async with dying_store(database, clock=harness.clock, ids=harness.ids, at=1, after=after) as (store, death):
            dying = harness.restart_over(store)
            async with giving(dying), within(10):
                await death.came.wait()
        assert await given(harness, run) == ([GIVEN] if after else [])
        async with giving(harness.restart()):
            assert await harness.heard() == GIVEN
            assert await given(harness, run) == [GIVEN]


async def test_two_processes_that_give_the_same_answer_give_it_once(harness: AppHarness) -> None:
    async with harness.running():
        run = await asking(harness)
        await take(harness, run)
        await harness.until(run, lambda seen: bool(seen.waiting_answers))
        harness.clock.advance(UNDO_S)
        async with giving(harness), giving(harness.restart()):
            assert await harness.heard() == GIVEN
            assert await given(harness, run) == [GIVEN]


async def test_what_the_projector_has_not_read_counts_all_the_same(harness: AppHarness) -> None:
    """An edit and a withdrawal are facts once they are in the log."""
    async with harness.running():
        run = await asking(harness)
        await take(harness, run, "Postgres")
        await harness.until(run, lambda seen: bool(seen.waiting_answers))
    # No projector from here on: the snapshot still has the answer as it was typed.
    answers = harness.areas.typed_answers
    assert await answers.edit(run, "700000000000000001", "SQLite")
    harness.clock.advance(UNDO_S)
    async with giving(harness):
        await settled(harness.store)
    assert await log_of(harness, run, ev.QuestionAnswered) == [GIVEN]
    assert await answers.drop(run, "700000000000000001", MO, "undone") is None
    assert not await answers.edit(run, "700000000000000001", "MySQL")


async def test_a_withdrawal_that_the_projector_has_not_read_keeps_the_answer_from_being_given(
    harness: AppHarness,
) -> None:
    async with harness.running():
        run = await asking(harness)
        await take(harness, run)
        await harness.until(run, lambda seen: bool(seen.waiting_answers))
    assert await harness.areas.typed_answers.drop(run, "700000000000000001", MO, "undone") == "SQLite"
    harness.clock.advance(UNDO_S)
    async with giving(harness.restart()):
        await settled(harness.store)
    assert await log_of(harness, run, ev.QuestionAnswered) == []
    assert await log_of(harness, run, ev.AnswerDropped) == [
        ev.AnswerDropped(typed="700000000000000001", reason="undone")
    ]


async def test_a_withdrawal_between_reading_and_giving_keeps_the_answer_from_being_given(
    harness: AppHarness, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process withdraws it: one of the two decisions counts."""
    async with harness.running():
        run = await asking(harness)
        await take(harness, run)
        await harness.until(run, lambda seen: bool(seen.waiting_answers))
        other, real = harness.restart(), store.transcript

        async def read_too_early(run: RunId, *, after: int) -> list[ev.RunEvent]:
            monkeypatch.setattr(store, "transcript", real)
            events = await real(run, after=after)
            assert await other.areas.typed_answers.drop(run, "700000000000000001", MO, "undone") == "SQLite"
            return events

        monkeypatch.setattr(store, "transcript", read_too_early)
        harness.clock.advance(UNDO_S)
        async with giving(harness):
            await harness.until(run, lambda seen: seen.typed_answers[0].dropped == "undone")
            assert await given(harness, run) == []


async def test_the_same_message_is_one_answer_and_a_question_has_one_at_a_time(harness: AppHarness) -> None:
    async with harness.running():
        run = await asking(harness)
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(take(harness, run))
        with refuses("Mo has just answered that"):
            await take(harness, run, "Postgres", ADA, typed="700000000000000002")
        assert len(await log_of(harness, run, ev.AnswerTyped)) == 1


async def test_it_needs_what_a_button_needs(harness: AppHarness) -> None:
    async with harness.running(), giving(harness):
        run = await asking(harness, CHOICE)
        other = MO.model_copy(update={"id": "100000000000000004", "name": "Po"})
        for person in (other, VI):
            with refuses("You may not answer questions of"):
                await take(harness, run, "Yes", person)
        with refuses("not one of the choices"):
            await take(harness, run, "perhaps")
        await harness.areas.approvals.answer(await harness.areas.load(run), "q1", "No", AP)
        first = await take(harness, run, "Yes")
        assert isinstance(first, Decision)
        assert (first.by_name, first.action) == ("Ap", "No")
        assert await log_of(harness, run, ev.AnswerTyped) == []


async def test_a_question_that_is_no_longer_needed_drops_what_waits_for_it(harness: AppHarness) -> None:
    async with harness.running(), giving(harness):
        run = await asking(harness)
        await take(harness, run)
        await harness.until(run, lambda seen: bool(seen.waiting_answers))
        await harness.areas.recorder.observe(run, ev.QuestionWithdrawn(question="q1"))
        await harness.until(run, lambda seen: not seen.open_questions)
        harness.clock.advance(UNDO_S)
        await harness.until(run, lambda seen: seen.typed_answers[0].dropped == "closed")
        await harness.areas.recorder.observe(run, FREE)
        await harness.until(run, lambda seen: bool(seen.open_questions))
        assert await given(harness, run) == []


async def test_a_run_that_is_parked_while_an_answer_waits_keeps_it_for_its_agent(harness: AppHarness) -> None:
    async with harness.running(), giving(harness):
        run = await asking(harness)
        await take(harness, run)
        await harness.until(run, lambda seen: bool(seen.waiting_answers))
        await harness.areas.runs.suspend(
            await harness.areas.record(run), "Paused: no one answered its agent for a day."
        )
        await harness.in_state(run, RunState.SUSPENDED)
        harness.clock.advance(UNDO_S)
        await harness.until(run, lambda seen: not seen.open_questions)
        assert await given(harness, run) == [GIVEN]
        assert harness.agent.received.empty()
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        assert await harness.heard() == GIVEN


async def test_a_cancelled_run_is_given_nothing(harness: AppHarness) -> None:
    async with harness.running(), giving(harness):
        run = await asking(harness)
        await take(harness, run)
        await harness.until(run, lambda seen: bool(seen.waiting_answers))
        await harness.areas.runs.cancel(await harness.areas.record(run), MO)
        await harness.in_state(run, RunState.CANCELLED)
        harness.clock.advance(UNDO_S)
        assert await given(harness, run) == []


async def test_a_database_that_refuses_for_a_while_is_asked_again(
    harness: AppHarness, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with harness.running(), giving(harness):
        run = await asking(harness)
        await take(harness, run)
        await harness.until(run, lambda seen: bool(seen.waiting_answers))
        real, failures = store.transcript, asyncio.Event()

        async def refuse(run: RunId, *, after: int) -> list[ev.RunEvent]:
            failures.set()
            raise StorageError("the disk is full")

        monkeypatch.setattr(store, "transcript", refuse)
        harness.clock.advance(UNDO_S)
        async with within(10):
            await failures.wait()
        monkeypatch.setattr(store, "transcript", real)
        await settled(store)
        harness.clock.advance(1.0)
        assert await harness.heard() == GIVEN
