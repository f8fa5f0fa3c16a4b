"""What people say to a running agent: from the log into its inbox, once and in order."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from ompycord.conductor import Bus, Inboxes
from ompycord.domain.authority import SourceKind
from ompycord.domain.events import (
    EventBody,
    InboxTaken,
    Prompted,
    QuestionAnswered,
    QuestionAsked,
    RunEvent,
    RunRolledBack,
    RunStateChanged,
)
from ompycord.domain.ids import AGENT_SOURCE, OMPYCORD, RunId
from ompycord.domain.records import Commit, NewEvent
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.run import RunState
from ompycord.errors import StorageError
from ompycord.store import SqliteStore
from tests.integration.conductor.conftest import ADA, AppHarness
from tests.support.patience import until, within

PATIENCE_S = 10.0


def _said(harness: AppHarness, run: str, text: str) -> Commit:
    body = Prompted(text=text, by="Ada")
    event = NewEvent(
        run=RunId(run),
        source=OMPYCORD,
        kind=SourceKind.PERSON,
        at=harness.clock.now_ms(),
        body=body,
        id=harness.ids.ulid(),
    )
    return Commit(writes=(event,))


async def test_an_answer_reaches_the_agent_that_waits_for_it(harness: AppHarness) -> None:
    harness.agent.script = [QuestionAsked(question="which", text="Which?", options=("left", "right"))]
    harness.agent.hold()
    async with harness.running():
        run = await harness.submit()
        await harness.until(run.id, lambda snapshot: any(question.ref == "which" for question in snapshot.questions))
        await harness.areas.approvals.answer(await harness.areas.load(RunId(run.id)), "which", "left", ADA)
        assert await harness.heard() == QuestionAnswered(question="which", answer="left", by="Ada")
        harness.agent.release()
        await harness.ended(run.id)


async def test_what_was_said_before_the_start_is_in_the_prompt_and_not_heard_twice(harness: AppHarness) -> None:
    harness.agent.hold()
    run = await harness.submit()
    await harness.store.commit(_said(harness, run.id, "Mind the tests."))
    async with harness.running():
        await harness.began()
        assert harness.agent.jobs[0].prompt.endswith("Said since:\n\nMind the tests.")
        await harness.store.commit(_said(harness, run.id, "And the docs."))
        await harness.store.commit(_said(harness, run.id, "And the log."))
        harness.projector.wake()
        assert [await harness.heard() for _ in range(2)] == [
            Prompted(text="And the docs.", by="Ada"),
            Prompted(text="And the log.", by="Ada"),
        ]
        harness.agent.release()
        await harness.ended(run.id)
    assert harness.agent.received.empty()


async def test_an_agent_does_not_hear_itself_nor_another_run(harness: AppHarness) -> None:
    mine, other = await harness.submit(), await harness.submit()
    await harness.store.observe(RunId(mine.id), [Prompted(text="I say this to myself")], at=harness.clock.now_ms())
    inboxes = Inboxes(history=harness.store, bus=Bus(), record=harness.areas.recorder.record)
    async with inboxes.open(RunId(mine.id), iteration=1) as inbox:
        await harness.store.commit(_said(harness, other.id, "for the other"))
        await harness.store.commit(_said(harness, mine.id, "for me"))
        assert inbox.earlier_messages == ()
        async with within(PATIENCE_S):
            assert await inbox.next() == Prompted(text="for me", by="Ada")
    assert [event.source for event in await harness.store.events_of(RunId(mine.id))].count(AGENT_SOURCE) == 1


class Failing:
    """The log, which cannot be read so many times. Implements `RunHistory` as far as an inbox asks it."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.failures = 0

    async def transcript(self, run: RunId, *, after: int) -> Sequence[RunEvent]:
        if self.failures:
            self.failures -= 1
            raise StorageError("it is busy")
        return await self._store.transcript(run, after=after)


async def test_a_log_that_cannot_be_read_for_a_moment_ends_no_agent_and_loses_nothing(harness: AppHarness) -> None:
    run = RunId((await harness.submit()).id)
    history: Any = Failing(harness.store)
    inboxes = Inboxes(history=history, bus=Bus(), record=harness.areas.recorder.record)
    async with inboxes.open(run, iteration=1) as inbox:
        history.failures = 1
        await harness.store.commit(_said(harness, run, "Mind the docs."))
        async with within(PATIENCE_S):
            assert await inbox.next() == Prompted(text="Mind the docs.", by="Ada")
        assert history.failures == 0


async def test_what_is_taken_back_at_the_moment_of_handing_out_is_not_handed_out(harness: AppHarness) -> None:
    run = RunId((await harness.submit()).id)
    dropped: list[str] = []

    async def record(run: RunId, *bodies: EventBody) -> None:
        """Somebody takes it back after it was read and before it is marked as taken."""
        if not dropped:
            (waiting,) = await harness.areas.messages.waiting(run)
            dropped.append(
                (await harness.areas.messages.drop(await harness.areas.record(run), waiting.id, ADA)).body.text
            )
        await harness.areas.recorder.record(run, *bodies)

    async with Inboxes(history=harness.store, bus=harness.bus, record=record).open(run, iteration=1) as inbox:
        await harness.store.commit(_said(harness, run, "Wrong."))
        async with within(PATIENCE_S), asyncio.TaskGroup() as group:
            hearing = group.create_task(inbox.next())
            await until(lambda: bool(dropped))
            await harness.store.commit(_said(harness, run, "Right."))
            harness.bus.publish([run])
        assert hearing.result() == Prompted(text="Right.", by="Ada")
    assert dropped == ["Wrong."]


async def test_a_message_for_next_stays_in_the_queue_and_can_be_changed_until_the_turn_is_over(
    harness: AppHarness,
) -> None:
    harness.agent.hold()
    run = RunId((await harness.submit()).id)
    bus = Bus()
    inboxes = Inboxes(history=harness.store, bus=bus, record=harness.areas.recorder.record)
    async with inboxes.open(run, iteration=1) as inbox:
        inbox.set_resting(is_resting=False)
        for text in ("Mind the tests.", "Not needed."):
            await harness.store.commit(_said(harness, run, text))
        bus.publish([run])
        assert not await inbox.has_more()
        record = await harness.areas.record(run)
        first, second = await harness.areas.messages.waiting(run)
        await harness.areas.messages.edit(record, first.id, "Mind the docs.", ADA)
        await harness.areas.messages.drop(record, second.id, ADA)
        inbox.set_resting(is_resting=True)
        async with within(PATIENCE_S):
            assert await inbox.has_more()
            assert await inbox.next() == Prompted(text="Mind the docs.", by="Ada")
        assert not await inbox.has_more()


async def test_a_message_for_now_waits_for_no_end_of_a_turn(harness: AppHarness) -> None:
    run = RunId((await harness.submit()).id)
    inboxes = Inboxes(history=harness.store, bus=Bus(), record=harness.areas.recorder.record)
    async with inboxes.open(run, iteration=1) as inbox:
        inbox.set_resting(is_resting=False)
        now = Prompted(text="Stop that.", by="Ada", when="now")
        event = NewEvent(run=run, source=OMPYCORD, kind=SourceKind.PERSON, at=1, body=now, id=harness.ids.ulid())
        await harness.store.commit(Commit(writes=(event,)))
        async with within(PATIENCE_S):
            assert await inbox.next() == now


async def test_who_starts_fresh_gets_answers_in_the_order_in_which_the_same_was_asked(harness: AppHarness) -> None:
    """The start before it was answered once, asked the same again, and was cut off."""
    run = RunId((await harness.submit()).id)
    asked = QuestionAsked(question="first", text="Go on?")
    first = QuestionAnswered(question="first", answer="yes", by="Ada")
    second = QuestionAnswered(question="second", answer="no", by="Ada")
    record, bus = harness.areas.recorder.record, Bus()
    await harness.store.observe(run, [asked], at=harness.clock.now_ms())
    await record(run, first, InboxTaken(said=(str(Ref(RefKind.QUESTION, "first")),)))
    await harness.store.observe(run, [asked.model_copy(update={"question": "second"})], at=harness.clock.now_ms())
    inboxes = Inboxes(history=harness.store, bus=bus, record=record)
    async with within(PATIENCE_S), inboxes.open(run, iteration=2, starts_fresh=True) as inbox:
        for name, answer in (("a", first), ("b", second)):
            assert await inbox.accept(asked.model_copy(update={"question": name})) is None
            if answer is second:
                assert not await inbox.has_more(), "people are still asked that"
                await record(run, second)
            assert await inbox.next() == answer.model_copy(update={"question": name})


async def test_an_agent_may_use_one_name_for_each_of_its_questions(harness: AppHarness) -> None:
    run = RunId((await harness.submit()).id)
    record = harness.areas.recorder.record
    inboxes = Inboxes(history=harness.store, bus=Bus(), record=record)
    async with within(PATIENCE_S), inboxes.open(run, iteration=1) as inbox:
        for text in ("First?", "Second?", "Third?", "Fourth?"):
            asked = await inbox.accept(QuestionAsked(question="q", text=text))
            assert isinstance(asked, QuestionAsked)
            await harness.store.observe(run, [asked], at=harness.clock.now_ms())
            await record(run, QuestionAnswered(question=asked.question, answer=f"to {text}", by="Ada"))
            assert await inbox.next() == QuestionAnswered(question="q", answer=f"to {text}", by="Ada")


@pytest.mark.parametrize("is_used", [True, False], ids=["used", "not used"])
async def test_who_went_back_a_round_is_asked_again_what_was_answered_in_a_later_one(
    harness: AppHarness, is_used: bool
) -> None:
    run = RunId((await harness.submit()).id)
    record = harness.areas.recorder.record
    state, previous = RunState.BUILDING, RunState.QUEUED
    for round_, name in ((1, "early"), (2, "late")):
        await record(run, RunStateChanged(state=state, previous=previous, cause="run.dequeued", round=round_))
        asked = QuestionAsked(question=name, text=f"Go on, {name}?")
        await harness.store.observe(run, [asked], at=harness.clock.now_ms())
        taken = [InboxTaken(said=(str(Ref(RefKind.QUESTION, name)),))] if is_used else []
        await record(run, QuestionAnswered(question=name, answer="yes", by="Ada"), *taken)
    await record(run, RunRolledBack(by="Ada", round=1, commit="a" * 40))
    await record(run, RunStateChanged(state=state, previous=previous, cause="run.rolled_back", round=2))
    inboxes = Inboxes(history=harness.store, bus=Bus(), record=record)
    async with within(PATIENCE_S), inboxes.open(run, iteration=3, starts_fresh=True) as inbox:
        assert await inbox.accept(QuestionAsked(question="early", text="Go on, early?")) is None
        assert await inbox.next() == QuestionAnswered(question="early", answer="yes", by="Ada")
        late = QuestionAsked(question="late", text="Go on, late?")
        assert await inbox.accept(late) == late.model_copy(update={"question": "late~3"})
        assert not await inbox.has_more()
