"""What people say to a running agent: from the log into its inbox, once and in order."""

import asyncio

from ompycord.conductor import Bus, Inboxes
from ompycord.domain.authority import SourceKind
from ompycord.domain.events import EventBody, Prompted, QuestionAnswered, QuestionAsked
from ompycord.domain.ids import AGENT_LANE, OMPYCORD, RunId
from ompycord.domain.records import Commit, NewEvent
from tests.integration.conductor.conftest import ADA, House

PATIENCE_S = 10.0


def _said(house: House, run: str, text: str) -> Commit:
    body = Prompted(text=text, by="Ada")
    event = NewEvent(
        run=RunId(run), source=OMPYCORD, kind=SourceKind.PERSON, at=house.clock.now_ms(), body=body, id=house.ids.ulid()
    )
    return Commit(events=(event,))


async def test_an_answer_reaches_the_agent_that_waits_for_it(house: House) -> None:
    house.agent.script = [QuestionAsked(question="which", text="Which?", options=("left", "right"))]
    house.agent.hold()
    async with house.alive():
        run = await house.submit()
        await house.until(run.id, lambda snapshot: any(question.ref == "which" for question in snapshot.questions))
        await house.conductor.answer(RunId(run.id), "which", "left", ADA)
        assert await house.heard() == QuestionAnswered(question="which", answer="left", by="Ada")
        house.agent.release()
        await house.ended(run.id)


async def test_what_was_said_before_the_start_is_in_the_prompt_and_not_heard_twice(house: House) -> None:
    house.agent.hold()
    run = await house.submit()
    await house.store.commit(_said(house, run.id, "Mind the tests."))
    async with house.alive():
        await house.began()
        assert house.agent.jobs[0].prompt.endswith("Said since:\n\nMind the tests.")
        await house.store.commit(_said(house, run.id, "And the docs."))
        await house.store.commit(_said(house, run.id, "And the log."))
        house.projector.wake()
        assert [await house.heard() for _ in range(2)] == [
            Prompted(text="And the docs.", by="Ada"),
            Prompted(text="And the log.", by="Ada"),
        ]
        house.agent.release()
        await house.ended(run.id)
    assert house.agent.heard.empty()


async def test_an_agent_does_not_hear_itself_nor_another_run(house: House) -> None:
    mine, other = await house.submit(), await house.submit()
    await house.store.observe(RunId(mine.id), [Prompted(text="I say this to myself")], at=house.clock.now_ms())
    inboxes = Inboxes(store=house.store, bus=Bus(), record=house.conductor.record)
    async with inboxes.open(RunId(mine.id), iteration=1) as inbox:
        await house.store.commit(_said(house, other.id, "for the other"))
        await house.store.commit(_said(house, mine.id, "for me"))
        assert inbox.told == ()
        async with asyncio.timeout(PATIENCE_S):
            assert await inbox.next() == Prompted(text="for me", by="Ada")
    assert [event.source for event in await house.store.events_of(RunId(mine.id))].count(AGENT_LANE) == 1


async def test_what_is_taken_back_at_the_moment_of_handing_out_is_not_handed_out(house: House) -> None:
    run = RunId((await house.submit()).id)
    dropped: list[str] = []

    async def record(run: RunId, *bodies: EventBody) -> None:
        """Somebody takes it back after it was read and before it is marked as taken."""
        if not dropped:
            (waiting,) = await house.conductor.waiting(run)
            dropped.append((await house.conductor.drop(run, waiting.id, ADA)).body.text)
        await house.conductor.record(run, *bodies)

    async with Inboxes(store=house.store, bus=house.bus, record=record).open(run, iteration=1) as inbox:
        await house.store.commit(_said(house, run, "Wrong."))
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            hearing = group.create_task(inbox.next())
            while not dropped:  # noqa: ASYNC110  # the store's thread sets no event of ours
                await asyncio.sleep(0.01)
            await house.store.commit(_said(house, run, "Right."))
            house.bus.publish([run])
        assert hearing.result() == Prompted(text="Right.", by="Ada")
    assert dropped == ["Wrong."]
