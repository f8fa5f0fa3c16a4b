"""A typed message answers an open question: it waits for five seconds, then it is given once; in a real playground."""

from itertools import count
from pathlib import Path

import pytest

from ompycord.bot.interactions.threads.thread_messages import RECEIVED
from ompycord.conductor.typed_answers import UNDO_MS
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities
from ompycord.domain.run import RunRecord
from ompycord.playground.client import File, Message
from ompycord.store import SqliteStore
from ompycord.store.features.surfaces import SqliteSurfaces
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.database_faults import faulty_writes
from tests.support.patience import within
from tests.support.playground import Playground
from tests.support.playground_person import Interaction, Person

STEERS = AgentCapabilities(can_steer=True)
EDIT = "/channels/{channel_id}/messages/{message_id}"
UNDONE_S = UNDO_MS / 1000 + 0.1
FREE = ev.QuestionAsked(question="q1", text="Which database should I use?")
CHOICE = ev.QuestionAsked(question="q1", text="Edit README.md?", options=("Yes", "No"), free_text=False)
OTHER = ev.QuestionAsked(question="q2", text="Which port should I use?")
TAKEN = "Taken as your answer: "


@pytest.fixture
def harness(playground: Playground, store: SqliteStore, tmp_path: Path) -> AppHarness:
    """A bot that may read messages, and an agent that takes them while it works."""
    made = AppHarness(playground, store, tmp_path, reads_threads=True)
    made.capabilities["command"] = STEERS
    return made


async def asked(harness: AppHarness, who: Person, *bodies: ev.EventBody) -> tuple[RunId, str]:
    """A run whose agent asks, with the thread in which it does."""
    harness.agent.script = bodies or (FREE,)
    harness.agent.hold()
    run = RunId((await harness.start(who)).id)
    await question_of(who, bodies[-1].text if bodies and isinstance(bodies[-1], ev.QuestionAsked) else FREE.text)
    return run, await harness.thread_of(run)


async def question_of(who: Person, text: str) -> Message:
    return await who.wait_message(lambda m: kind_of(m) == "question" and text in m.text and bool(m.labels))


async def told(who: Person, words: str) -> Message:
    """A message of ours in the thread."""
    return await who.wait_message(lambda m: words in m.text and not m.is_ephemeral)


async def answer_to(who: Person, ran: Interaction) -> str:
    found = await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
    return found.text


async def received(who: Person, message: Message) -> None:
    """The bot has marked it as sent to the agent."""
    await who.wait_event("REACTION_ADD", lambda data: data["message_id"] == message.id and RECEIVED in str(data))


async def delay_edits(harness: AppHarness) -> None:
    """The next edits take a while: what people press in that time is late."""
    await harness.playground.fault("PATCH", EDIT, "delay_before", count=2, seconds=2.0)


async def answers(harness: AppHarness, run: RunId) -> list[ev.QuestionAnswered]:
    return [e.body for e in await harness.store.events_of(run) if isinstance(e.body, ev.QuestionAnswered)]


async def test_a_message_is_the_answer_after_five_seconds(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "-# Write here to answer." in m.text)
        said = await mo.say("  SQLite, please ", thread)
        reply = await told(mo, f"{TAKEN}*SQLite, please*")
        assert reply.labels == ["Undo"]
        assert reply.channel_id == thread
        assert reply.raw["message_reference"]["message_id"] == said.id
        assert await answers(harness, run) == []
        harness.clock.advance(UNDONE_S)
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="SQLite, please", by="Mo")
        closed = await mo.wait_message(lambda m: m.id == reply.id and not m.labels)
        assert "Answer sent: *SQLite, please*." in closed.text
        await mo.wait_message(lambda m: kind_of(m) == "question" and "Answered by Mo" in m.text)
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "-# Write here to talk to the agent." in m.text)
        assert harness.agent.received.empty()
        assert await answers(harness, run) == [ev.QuestionAnswered(question="q1", answer="SQLite, please", by="Mo")]
    assert await harness.pinged() == [[mo.id]]  # the question


async def test_undo_withdraws_it_and_the_question_is_open_again(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
        await mo.say("Postgres", thread)
        reply = await told(mo, f"{TAKEN}*Postgres*")
        await ada.wait_message(lambda m: m.id == reply.id)
        assert await answer_to(ada, await ada.click(reply, "Undo")) == "Only Mo can undo that."
        undone = await mo.click(reply, "Undo")
        assert await answer_to(mo, undone) == "Undone: *Postgres* was not sent. The question is open again."
        await mo.wait_message(lambda m: m.id == reply.id and not m.labels and "The question is open again" in m.text)
        harness.clock.advance(UNDONE_S)
        await mo.say("SQLite", thread)
        await told(mo, f"{TAKEN}*SQLite*")
        harness.clock.advance(UNDONE_S)
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")
        assert len(await answers(harness, run)) == 1


async def test_late_undo_says_that_the_answer_is_given(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        _, thread = await asked(harness, mo)
        await mo.say("Postgres", thread)
        reply = await told(mo, f"{TAKEN}*Postgres*")
        await delay_edits(harness)
        await mo.click(reply, "Undo")
        again = await mo.click(reply, "Undo")
        assert await answer_to(mo, again) == "That was not sent, so there is nothing to undo."
        await mo.say("SQLite", thread)
        reply = await told(mo, f"{TAKEN}*SQLite*")
        await delay_edits(harness)
        harness.clock.advance(UNDONE_S)
        await harness.heard()
        late = await answer_to(mo, await mo.click(reply, "Undo"))
        assert late.startswith("Too late to undo. Already answered by Mo, <t:")


async def test_a_restart_while_it_waits_loses_nothing_and_gives_it_once(
    harness: AppHarness, playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    mo = playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
        await mo.say("SQLite", thread)
        await told(mo, TAKEN)
    assert await answers(harness, run) == []
    for is_late in (True, False):
        later = AppHarness(playground, store, tmp_path, reads_threads=True)
        later.agent.script = (FREE,)
        later.agent.hold()
        later.clock.advance(UNDONE_S)
        async with later.running():
            if is_late:
                assert await later.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")
            await told(mo, "Answer sent: *SQLite*.")
            await later.looked_at_again(run)
        assert len(await answers(harness, run)) == 1


async def test_two_people_who_answer_at_once_have_one_answer_and_the_second_is_told(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
        await mo.say("SQLite", thread)
        await ada.say("Postgres", thread)
        await told(ada, "Mo has just answered that. Yours was not sent.")
        harness.clock.advance(UNDONE_S)
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")
        assert len(await answers(harness, run)) == 1
    assert harness.agent.received.empty()


async def test_a_second_line_of_the_same_person_goes_to_the_agent_as_a_message(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        _, thread = await asked(harness, mo)
        await mo.say("SQLite", thread)
        more = await mo.say("And keep it small.", thread)
        await told(mo, f"{TAKEN}*SQLite*")
        assert await harness.heard() == ev.Prompted(text="And keep it small.", by="Mo")
        await received(mo, more)
        harness.clock.advance(UNDONE_S)
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")


async def test_what_is_written_in_a_thread_is_taken_in_its_order_though_the_first_takes_longer(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    look, looks = SqliteSurfaces.run_of_surface, count()

    async def slow_at_first(surfaces: SqliteSurfaces, surface: str) -> RunRecord | None:
        if not next(looks):
            for _ in range(500):
                await look(surfaces, surface)
        return await look(surfaces, surface)

    async with harness.running():
        run, thread = await asked(harness, mo)
        monkeypatch.setattr(SqliteSurfaces, "run_of_surface", slow_at_first)
        await mo.say("SQLite", thread)
        await ada.say("Postgres", thread)
        await told(ada, "Mo has just answered that. Yours was not sent.")
        harness.clock.advance(UNDONE_S)
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")
        assert len(await answers(harness, run)) == 1


async def test_a_button_while_it_waits_wins_and_the_typed_answer_is_not_sent(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo, CHOICE)
        question = await question_of(ada, CHOICE.text)
        await mo.say("yes", thread)
        reply = await told(mo, f"{TAKEN}*Yes*")
        pressed = await ada.click(question, "No")
        assert await answer_to(ada, pressed) == "Answer sent: *No*."
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="No", by="Ada")
        closed = await mo.wait_message(lambda m: m.id == reply.id and not m.labels)
        assert "Not sent: *Yes*. Answered by Ada, <t:" in closed.text
        harness.clock.advance(UNDONE_S)
        await harness.looked_at_again(run)
        assert [one.answer for one in await answers(harness, run)] == ["No"]


async def test_a_question_that_closes_while_it_waits_gets_no_answer_even_if_it_opens_again(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
        await mo.say("SQLite", thread)
        reply = await told(mo, TAKEN)
        await harness.areas.recorder.observe(run, ev.QuestionWithdrawn(question="q1"))
        await mo.wait_message(lambda m: m.id == reply.id and "Not sent: *SQLite*. The question is closed." in m.text)
        harness.clock.advance(UNDONE_S)
        async with within(20):
            with harness.bus.subscribe() as changes:
                while not [e for e in await harness.store.events_of(run) if isinstance(e.body, ev.AnswerDropped)]:
                    await changes.take(0.05)
        await harness.areas.recorder.observe(run, FREE)
        await harness.until(run, lambda seen: bool(seen.open_questions))
        await harness.looked_at_again(run)
        assert await answers(harness, run) == []


async def test_cancelling_the_run_while_it_waits_sends_nothing(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
        await mo.say("SQLite", thread)
        reply = await told(mo, TAKEN)
        confirm = await ada.command("omp cancel", "tasks", run=run)
        shown = await ada.wait_message(lambda m: is_answer(m, confirm.id) and bool(m.labels))
        await ada.click(shown, "Yes, cancel it")
        await mo.wait_message(lambda m: m.id == reply.id and "Not sent: *SQLite*." in m.text and not m.labels)
        harness.clock.advance(UNDONE_S)
        await harness.nothing_owed()
        assert await answers(harness, run) == []


async def test_a_stopped_run_keeps_the_typed_answer_until_it_is_resumed(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
        await mo.command("omp stop", "tasks", run=run)
        await mo.wait_message(lambda m: kind_of(m) == "question" and "The run is paused" in m.text)
        await mo.say("SQLite", thread)
        await told(mo, TAKEN)
        harness.clock.advance(UNDONE_S)
        await told(mo, "The run is stopped: its agent gets it after *Resume* on the card.")
        await mo.command("omp resume", "tasks", run=run)
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")


async def test_only_an_option_answers_a_question_that_takes_nothing_else(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo, CHOICE)
        await mo.say("No, please skip it", thread)
        offer = await told(mo, "*No, please skip it* is not one of the choices: *Yes* and *No*. Nothing was sent.")
        assert offer.labels == ["Yes", "No"]
        harness.clock.advance(UNDONE_S)
        assert await answers(harness, run) == []
        await mo.click(offer, "No")
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="No", by="Mo")


async def test_with_several_questions_open_the_bot_asks_which_one_is_meant(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo, FREE, OTHER)
        await question_of(mo, FREE.text)
        await mo.say("8080", thread)
        asks = await told(mo, "Several questions are open. Which one does *8080* answer?")
        assert asks.labels == [FREE.text, OTHER.text, "None: send it as a message"]
        await ada.wait_message(lambda m: m.id == asks.id)
        assert await answer_to(ada, await ada.click(asks, OTHER.text)) == "Only the person who wrote that can choose."
        await mo.click(asks, OTHER.text)
        assert await harness.heard() == ev.QuestionAnswered(question="q2", answer="8080", by="Mo")
        await mo.wait_message(lambda m: m.id == asks.id and m.text == "Answer sent: *8080*." and not m.labels)
        assert len(await answers(harness, run)) == 1


async def asks_which(harness: AppHarness, who: Person, text: str) -> Message:
    """What we ask where two questions are open and somebody writes that."""
    _, thread = await asked(harness, who, FREE, OTHER)
    await question_of(who, FREE.text)
    await who.say(text, thread)
    return await told(who, "Several questions are open.")


async def test_what_could_not_be_done_is_told_to_its_person_and_the_buttons_stay(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        asks = await asks_which(harness, mo, "8080")
        async with faulty_writes(harness.store, "INSERT ON decisions") as decisions:
            decisions.refuse()
            await mo.click(asks, OTHER.text)
            refused = await mo.wait_message(lambda m: m.text.startswith("I could not save that"))
        assert (refused.id == asks.id, refused.is_ephemeral) == (False, True)
        assert (await mo.wait_message(lambda m: m.id == asks.id)).labels == asks.labels
        await mo.click(asks, OTHER.text)
        assert await harness.heard() == ev.QuestionAnswered(question="q2", answer="8080", by="Mo")
        await mo.wait_message(lambda m: m.id == asks.id and m.text == "Answer sent: *8080*." and not m.labels)


async def test_the_text_that_answers_none_of_several_questions_can_be_sent_as_a_message(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        asks = await asks_which(harness, mo, "Mind the tests.")
        await mo.click(asks, "None: send it as a message")
        assert await harness.heard() == ev.Prompted(text="Mind the tests.", by="Mo")
        await mo.wait_message(lambda m: m.id == asks.id and "Queued." in m.text and not m.labels)


async def test_a_reply_to_a_question_answers_that_one_however_many_are_open(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        _, thread = await asked(harness, mo, FREE, OTHER)
        first = await question_of(mo, FREE.text)
        await mo.say("SQLite", thread, reply_to=first)
        await told(mo, f"{TAKEN}*SQLite*")
        harness.clock.advance(UNDONE_S)
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")


async def test_a_reply_to_a_question_counts_before_it_is_noted_where_that_stands(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo, FREE, OTHER)
        first = await question_of(mo, FREE.text)
        await harness.nothing_owed()
        for surface in await harness.store.surfaces(run):
            if surface.message == first.id:
                await harness.store.shown(surface.model_copy(update={"message": None}))
        await mo.say("SQLite", thread, reply_to=first)
        await told(mo, f"{TAKEN}*SQLite*")


async def test_what_is_written_to_another_person_is_no_answer(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
        hers = await ada.say(f"<@{mo.id}> what do you think?", thread)
        assert await harness.heard() == ev.Prompted(text=f"<@{mo.id}> what do you think?", by="Ada")
        said = await mo.say("SQLite, I think", thread, reply_to=hers)
        assert await harness.heard() == ev.Prompted(text="SQLite, I think", by="Mo")
        await received(mo, said)
        harness.clock.advance(UNDONE_S)
        await harness.looked_at_again(run)
        assert await answers(harness, run) == []


async def test_an_approval_is_never_decided_by_a_message(harness: AppHarness) -> None:
    mo = harness.playground.mo
    wanted = ev.ApprovalRequested(approval="a1", title="Run a command", command="npm publish")
    async with harness.running():
        harness.agent.script = (wanted,)
        harness.agent.hold()
        run = RunId((await harness.start(mo)).id)
        request = await mo.wait_message(lambda m: kind_of(m) == "question" and "Allow once" in m.labels)
        thread = await harness.thread_of(run)
        for words, about in (("Allow once", None), ("yes", request)):
            said = await mo.say(words, thread, reply_to=about)
            assert await harness.heard() == ev.Prompted(text=words, by="Mo")
            await received(mo, said)
        harness.clock.advance(UNDONE_S)
        assert (await harness.until(run, lambda _: True)).open_approvals


async def test_a_reply_to_an_approval_answers_no_question_that_is_open_too(harness: AppHarness) -> None:
    mo = harness.playground.mo
    wanted = ev.ApprovalRequested(approval="a1", title="Run a command", command="npm publish")
    async with harness.running():
        run, thread = await asked(harness, mo, wanted, FREE)
        request = await mo.wait_message(lambda m: kind_of(m) == "question" and "Allow once" in m.labels)
        said = await mo.say("yes", thread, reply_to=request)
        assert await harness.heard() == ev.Prompted(text="yes", by="Mo")
        await received(mo, said)
        seen = await harness.until(run, lambda _: True)
        assert (len(seen.open_approvals), len(seen.open_questions), seen.typed_answers) == (1, 1, ())


async def test_editing_the_message_while_it_waits_changes_the_answer_and_deleting_it_withdraws_it(
    harness: AppHarness,
) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
        wrong = await mo.say("Postgres", thread)
        await told(mo, f"{TAKEN}*Postgres*")
        await mo.delete(wrong)
        await told(mo, "The message was deleted, so *Postgres* was not sent. The question is open again.")
        said = await mo.say("SQLit", thread)
        await told(mo, f"{TAKEN}*SQLit*")
        await mo.edit(said, "SQLite")
        await told(mo, f"{TAKEN}*SQLite*")
        harness.clock.advance(UNDONE_S)
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")
        await told(mo, "Answer sent: *SQLite*.")
        await mo.edit(said, "Postgres")
        await told(mo, "The agent has that answer already. `/omp say` sends it another message.")
        await mo.delete(said)
        await harness.looked_at_again(run)
        assert len(await answers(harness, run)) == 1


async def test_a_message_that_is_edited_into_no_answer_is_withdrawn(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo, CHOICE)
        said = await mo.say("yes", thread)
        await told(mo, f"{TAKEN}*Yes*")
        await mo.edit(said, "perhaps")
        await told(mo, "The message is no answer any more, so *Yes* was not sent. The question is open again.")
        offer = await told(mo, "*perhaps* is not one of the choices")
        assert offer.labels == ["Yes", "No"]
        await mo.edit(said, "no")
        await harness.looked_at_again(run)
        harness.clock.advance(UNDONE_S)
        assert await answers(harness, run) == []


async def test_who_may_not_answer_is_told_and_the_agent_gets_it_as_a_message(harness: AppHarness) -> None:
    ada, mo, olu = harness.playground.ada, harness.playground.mo, harness.playground.olu
    async with harness.running():
        run, thread = await asked(harness, ada)
        said = await mo.say("SQLite", thread)
        await told(
            mo, "Only its requester or an *approver* can answer its question, so the agent gets this as a message."
        )
        assert await harness.heard() == ev.Prompted(text="SQLite", by="Mo")
        await received(mo, said)
        await olu.say("Let me in", thread)
        await told(ada, "Only its requester or an *approver* can answer its question, so this was not sent.")
        harness.clock.advance(UNDONE_S)
        assert await answers(harness, run) == []
    assert harness.agent.received.empty()


async def test_files_without_text_answer_nothing_and_that_is_said(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, thread = await asked(harness, mo)
        await mo.say("", thread, files=[File("notes.txt", b"SQLite")])
        await told(mo, "An answer is text, and files do not go with it. Nothing was sent.")
        assert await answers(harness, run) == []


async def test_say_answers_the_open_question_and_can_be_undone(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, _ = await asked(harness, mo)
        ran = await mo.command("omp say", "tasks", message="Postgres")
        shown = await mo.wait_message(lambda m: is_answer(m, ran.id) and m.labels == ["Undo"])
        assert shown.is_ephemeral
        assert shown.text.startswith(f"{TAKEN}*Postgres*. It is sent <t:")
        undone = await mo.click(shown, "Undo")
        await mo.wait_message(lambda m: m.id == shown.id and m.text.startswith("Undone: *Postgres* was not sent."))
        assert undone.reply is None
        await mo.command("omp say", "tasks", message="SQLite")
        await harness.until(run, lambda seen: bool(seen.waiting_answers))
        harness.clock.advance(UNDONE_S)
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")
        told_ = await mo.command("omp say", "tasks", message="Mind the tests.")
        assert "Queued." in await answer_to(mo, told_)
        assert await harness.heard() == ev.Prompted(text="Mind the tests.", by="Mo")
        assert len(await answers(harness, run)) == 1


async def test_say_with_a_time_is_a_message_and_the_form_offers_both(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, _ = await asked(harness, mo)
        ran = await mo.command("omp say", "tasks", message="Mind the tests.", when="next")
        assert "Queued." in await answer_to(mo, ran)
        assert await harness.heard() == ev.Prompted(text="Mind the tests.", by="Mo")
        form = await mo.command("omp say", "tasks", run=run)
        sent = await mo.submit_labels(form, {"Message": "SQLite", "When": ["answer"]})
        assert (await answer_to(mo, sent)).startswith(f"{TAKEN}*SQLite*")
        harness.clock.advance(UNDONE_S)
        assert await harness.heard() == ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")


async def test_say_gives_a_text_back_that_is_no_option_and_asks_which_question_is_meant(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, _ = await asked(harness, mo, CHOICE)
        ran = await mo.command("omp say", "tasks", message="perhaps")
        back = await mo.wait_message(lambda m: is_answer(m, ran.id) and m.labels == ["Yes", "No"])
        assert [file["filename"] for file in back.raw["attachments"]] == ["your-text.txt"]
        await harness.areas.recorder.observe(run, OTHER)
        await question_of(mo, OTHER.text)
        which = await mo.command("omp say", "tasks", message="8080")
        asks = await mo.wait_message(lambda m: is_answer(m, which.id) and "Several questions are open" in m.text)
        await mo.click(asks, OTHER.text)
        await mo.wait_message(lambda m: m.id == asks.id and m.text == "Answer sent: *8080*.")
        assert await answers(harness, run) == [ev.QuestionAnswered(question="q2", answer="8080", by="Mo")]


async def test_where_messages_cannot_be_read_that_is_said_once_in_a_thread(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    mo = playground.mo
    harness = AppHarness(playground, store, tmp_path)
    async with harness.running():
        run, thread = await asked(harness, mo)
        await mo.say("SQLite", thread)
        notice = await told(mo, "I cannot read messages here")
        assert "`/omp say`" in notice.text
        await mo.say("Hello?", thread)
        await harness.looked_at_again(run)
        shown = await mo.history(thread, limit=100)
        assert len([m for m in shown if "I cannot read messages here" in m.text]) == 1
        assert not [m for m in shown if "Write here" in m.text]
        harness.clock.advance(UNDONE_S)
        assert await answers(harness, run) == []


async def test_a_message_that_mentions_the_bot_is_read_in_any_case_and_the_mention_is_no_part_of_it(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    mo = playground.mo
    harness = AppHarness(playground, store, tmp_path)
    async with harness.running():
        run, thread = await asked(harness, mo)
        me = harness.client.user
        assert me is not None
        await mo.say(f"<@{me.id}> SQLite", thread)
        await told(mo, f"{TAKEN}*SQLite*")
        harness.clock.advance(UNDONE_S)
        await harness.until(run, lambda seen: not seen.open_questions)
        assert await answers(harness, run) == [ev.QuestionAnswered(question="q1", answer="SQLite", by="Mo")]
