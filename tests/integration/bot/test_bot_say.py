"""`/omp say`, the card's button, the queue and thread messages, in a real playground."""

from pathlib import Path

import pytest

from ompycord.bot.interactions.threads.thread_messages import RECEIVED
from ompycord.domain.events import Prompted
from ompycord.domain.ports import AgentCapabilities
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground import Playground
from tests.support.playground_person import Interaction, NotAnsweredError, Person

STEERS = AgentCapabilities(can_steer=True)
CALLBACK = "/interactions/{interaction_id}/{interaction_token}/callback"


async def answer_to(who: Person, ran: Interaction) -> str:
    told = await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
    assert told.is_ephemeral
    return told.text


async def working(harness: AppHarness, who: Person) -> str:
    """A run whose agent is at work."""
    harness.agent.hold()
    record = await harness.start(who)
    await who.wait_message(lambda m: kind_of(m) == "card 1" and "Working" in m.text)
    await harness.agent.began.wait()
    return record.id


async def test_say_reaches_a_running_agent_by_command_and_by_the_cards_form(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.capabilities["command"] = STEERS
    async with harness.running():
        run = await working(harness, mo)
        told = await mo.command("omp say", "tasks", message="Mind the tests.")
        assert "Queued. scripted will read it after its current step." in await answer_to(mo, told)
        assert await harness.heard() == Prompted(text="Mind the tests.", by="Mo")
        card = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Say…" in m.labels)
        opened = await mo.click(card, "Say…")
        assert opened.modal is not None
        assert opened.modal.title == "Say"
        sent = await mo.submit_labels(opened, {"Message": "Stop that.", "When": ["now"]})
        assert "reads it now" in await answer_to(mo, sent)
        assert await harness.heard() == Prompted(text="Stop that.", by="Mo", when="now")
        form = await mo.command("omp say", "tasks", run=run, when="restart")
        assert form.modal is not None
        harness.agent.release()
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id]]


async def test_an_agent_that_does_not_listen_begins_again_and_the_person_is_told(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        await working(harness, mo)
        harness.agent.began.clear()
        told = await mo.command("omp say", "tasks", message="And the docs.")
        words = await answer_to(mo, told)
        assert "scripted cannot read messages while it is working. scripted is stopped and restarts with it" in words
        await harness.agent.began.wait()
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Mo sent a message" in m.text)
        harness.agent.release()
        await mo.wait_message(lambda m: kind_of(m) == "result")
    assert harness.agent.jobs[-1].prompt.endswith("Said since:\n\nAnd the docs.")


async def test_what_waits_is_listed_completed_and_taken_back(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run = await working(harness, mo)
        await mo.command("omp stop", "tasks", run=run)
        stopped = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Resume" in m.labels)
        assert "Say…" in stopped.labels
        for text in ("Wrong <@1>.", "Right."):
            told = await mo.command("omp say", "tasks", message=text)
            assert "will read it after Resume" in await answer_to(mo, told)
        listed = await answer_to(mo, await mo.command("omp queue list", "tasks"))
        assert "1. <t:" in listed
        assert "2. <t:" in listed
        assert "<@1>" not in listed
        offered = await mo.complete("omp queue drop", "message", "wrong", "tasks")
        assert [choice["name"] for choice in offered] == ["Wrong <@1>."]
        right = (await mo.complete("omp queue edit", "message", "right", "tasks"))[0]["value"]
        form = await mo.command("omp queue edit", "tasks", message=right)
        assert form.modal is not None
        assert form.modal.value("Message") == "Right."
        sent = await mo.submit_labels(form, {"Message": "Right, and mind the docs."})
        assert "Changed; the agent will read: *Right, and mind the docs.*" in await answer_to(mo, sent)
        dropped = await mo.command("omp queue drop", "tasks", message=offered[0]["value"])
        assert "Removed" in await answer_to(mo, dropped)
        harness.agent.release()
        await mo.command("omp resume", "tasks", run=run)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        late = await mo.command("omp queue drop", "tasks", message=offered[0]["value"])
        assert "Removed" in await answer_to(mo, late)
        told = await mo.submit_labels(form, {"Message": "Too late."})
        back = await mo.wait_message(lambda m: is_answer(m, told.id) and not m.is_thinking)
        assert "has read that already, unchanged" in back.text
        assert [file["filename"] for file in back.raw["attachments"]] == ["your-text.txt"]
        gone = await mo.command("omp queue edit", "tasks", message=right)
        assert "No such message" in await answer_to(mo, gone)
        empty = await mo.command("omp queue list", "tasks")
        assert "No queued messages" in await answer_to(mo, empty)
    assert harness.agent.jobs[-1].prompt.endswith("Said since:\n\nRight, and mind the docs.")


async def test_a_run_that_has_ended_refuses_and_gives_the_text_back(harness: AppHarness) -> None:
    mo, olu = harness.playground.mo, harness.playground.olu
    async with harness.running():
        record = await harness.start(mo)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        card = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Done · checks passed" in m.text)
        assert "Say…" not in card.labels
        ran = await mo.command("omp say", "tasks", message="One more thing", run=record.id)
        told = await mo.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
        assert "has finished. *Follow up…*" in told.text
        assert [file["filename"] for file in told.raw["attachments"]] == ["your-text.txt"]
        opened = await mo.command("omp say", "tasks", run=record.id)
        assert opened.modal is None
        foreign = await olu.command("omp say", "tasks", message="Hello", run=record.id)
        assert "You don't have access yet" in await answer_to(olu, foreign)


async def test_a_reply_that_discord_does_not_take_loses_nothing(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    harness.capabilities["command"] = STEERS
    async with harness.running():
        await working(harness, mo)
        await playground.fault("POST", CALLBACK, "delay_before", count=1, seconds=3.2)
        with pytest.raises(NotAnsweredError):
            await mo.command("omp say", "tasks", message="Mind the tests.")
        late = await mo.wait_message(lambda m: "Discord did not accept my reply to Mo in time. Queued." in m.text)
        assert not late.is_ephemeral
        assert await harness.heard() == Prompted(text="Mind the tests.", by="Mo")
    assert await harness.pinged() == []


async def test_messages_in_the_thread_reach_the_run_where_they_may_be_read(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    mo, olu = playground.mo, playground.olu
    harness = AppHarness(playground, store, tmp_path, reads_threads=True)
    harness.capabilities["command"] = STEERS
    async with harness.running():
        run = await working(harness, mo)
        thread = await harness.thread_of(run)
        await olu.say("Let me in", thread)
        await mo.say("Not for the agent", "tasks")
        said = await mo.say("Mind the tests.", thread)
        assert await harness.heard() == Prompted(text="Mind the tests.", by="Mo")
        await mo.wait_event("REACTION_ADD", lambda data: data["message_id"] == said.id and RECEIVED in str(data))
        harness.capabilities["command"] = AgentCapabilities()
        await mo.say("And the docs.", thread)
        hint = await mo.wait_message(lambda m: "cannot read messages while it is working" in m.text)
        assert hint.channel_id == thread
        assert harness.agent.received.empty()
        assert harness.agent.cancelled == 0
    assert await harness.pinged() == []


async def test_messages_in_the_thread_are_left_alone_where_they_may_not_be_read(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.capabilities["command"] = STEERS
    async with harness.running():
        run = await working(harness, mo)
        await mo.say("Mind the tests.", await harness.thread_of(run))
        told = await mo.command("omp say", "tasks", message="This one.")
        assert "Queued" in await answer_to(mo, told)
        assert await harness.heard() == Prompted(text="This one.", by="Mo")
