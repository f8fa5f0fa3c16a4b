"""An agent that goes in circles, as people see it in a real playground: the card, the ping, its three buttons."""

from ompycord.conductor import Transitions
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunRecord, RunState
from ompycord.playground.client import Message
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground_person import Interaction, Person

ASK = ev.GuardianNoticed(
    level="ask", kind="repeat", evidence="`bash: make` was used 4 times in a row and failed the same way.", length=4
)


async def circling(harness: AppHarness, who: Person) -> tuple[RunRecord, Message]:
    """A run that was stopped because it goes in circles, and its card."""
    harness.agent.hold()
    record = await harness.start(who)
    await harness.until(record.id, lambda snapshot: snapshot.state is RunState.BUILDING)
    run = RunId(record.id)
    await harness.agent.began.wait()
    transitions = Transitions(store=harness.store, clock=harness.clock, ids=harness.ids)
    await transitions.decide(run, ASK, kind=SourceKind.OMPYCORD)  # what the guardian does
    harness.infrastructure.wake()
    card = await who.wait_message(lambda m: kind_of(m) == "card 1" and "Continue" in m.labels)
    return record, card


async def replied(who: Person, clicked: Interaction, words: str) -> None:
    await who.wait_message(lambda m: is_answer(m, clicked.id) and words in m.text)


async def test_the_card_says_why_and_the_requester_is_pinged_once(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        _, card = await circling(harness, mo)
        assert "Going in circles" in card.text
        assert "was used 4 times in a row" in card.text
        assert card.labels == ["Continue", "Change plan…", "Stop", "Take over", "Details"]
        await mo.wait_message(lambda m: kind_of(m).startswith("notice") and "goes in circles" in m.text)
        await harness.nothing_owed()
        assert await harness.pinged() == [[mo.id]]


async def test_continue_goes_on(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        record, card = await circling(harness, mo)
        harness.agent.release()
        await replied(mo, await mo.click(card, "Continue"), "Continued.")
        await harness.until(record.id, lambda snapshot: snapshot.state is RunState.COMPLETE)


async def test_another_plan_reaches_the_agent_that_starts_again_with_it(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        record, card = await circling(harness, mo)
        opened = await mo.click(card, "Change plan…")
        assert opened.modal is not None
        assert opened.modal.title == "Change plan"
        harness.agent.release()
        await replied(mo, await mo.submit_labels(opened, {"New plan": "Use cmake."}), "The agent starts again with it.")
        await harness.until(record.id, lambda snapshot: snapshot.state is RunState.COMPLETE)
        assert "Use cmake." in harness.agent.jobs[-1].prompt
        again = await mo.submit_labels(opened, {"New plan": "Too late."})
        await replied(mo, again, "Your text is below, so that nothing is lost.")


async def test_stop_ends_it_as_failed_and_says_who_did(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        record, card = await circling(harness, mo)
        await replied(mo, await mo.click(card, "Stop"), "Stopped. What it made is put on a branch.")
        await harness.until(record.id, lambda snapshot: snapshot.state is RunState.FAILED)
        await mo.wait_message(lambda m: kind_of(m) == "result" and "ended it because it went in circles" in m.text)
