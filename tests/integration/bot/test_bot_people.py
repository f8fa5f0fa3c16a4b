"""What people press and ask: refusals, cancel, stop, status, show, questions; in a real playground."""

import re

import pytest

from ompycord.app.system import SystemIds
from ompycord.bot.commands import runs
from ompycord.conductor import Submission
from ompycord.domain import events as ev
from ompycord.domain.access import Person as Asker
from ompycord.domain.access import Role
from ompycord.domain.ids import DraftId, RunId, short_id
from ompycord.domain.ports import RunFilter
from ompycord.domain.run import RunState
from ompycord.domain.task import TaskRequest
from ompycord.playground.client import Message
from tests.integration.bot.conftest import PATIENCE_S, AppHarness, is_answer, kind_of
from tests.support.patience import within
from tests.support.playground_person import Interaction, Person

ASKED = ev.QuestionAsked(question="which-tax", text="Before or after tax?", options=("before", "after"))


async def test_an_outsider_is_refused_in_words_and_nothing_happens(harness: AppHarness) -> None:
    olu = harness.playground.olu
    async with harness.running():
        ran = await olu.command("omp new", "tasks", prompt="Give me the keys")
        assert ran.reply is not None
        assert ran.reply.text == "You don't have access yet. Ask an admin to add you under `access` in `ompycord.yml`."
        record = await harness.start(harness.playground.mo)
        card = await olu.wait_message(lambda m: kind_of(m) == "card 1")
        clicked = await olu.click(card, card.labels[0])
        assert clicked.reply is not None
        assert "You don't have access yet" in clicked.reply.text
    assert (await harness.only_run()).id == record.id


async def test_a_role_of_the_server_lets_somebody_watch_but_not_start(harness: AppHarness) -> None:
    olu, playground = harness.playground.olu, harness.playground
    async with harness.running():
        await playground.change_world(member_roles={olu.id: [playground.info.roles["member"]]})
        watched = await olu.command("omp status", "tasks")
        await olu.wait_message(lambda m: is_answer(m, watched.id) and "No runs." in m.text)
        ran = await olu.command("omp new", "tasks", prompt="Let me in")
        assert ran.reply is not None
        assert ran.reply.text.startswith("You can watch here, not start runs.")
        record = await harness.start(harness.playground.mo)
        cancelled = await olu.command("omp cancel", "tasks", run=record.id)
        told = await olu.wait_message(lambda m: is_answer(m, cancelled.id) and not m.is_thinking)
        assert told.text.startswith("This needs the role *approver*.")


async def test_cancel_asks_first_and_ends_the_run_with_its_reason(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        async with within(PATIENCE_S):
            await harness.agent.began.wait()  # a run may be cancelled before its agent has begun, too
        asked = await mo.command("omp cancel", "tasks", reason="wrong repository")
        question = await mo.wait_message(lambda m: is_answer(m, asked.id) and "will be lost" in m.text)
        kept = question
        await mo.click(kept, "Keep running")
        await mo.wait_message(lambda m: m.id == kept.id and "The run continues." in m.text)
        assert len(await harness.store.runs(RunFilter(is_open=True))) == 1
        again = await mo.command("omp cancel", "tasks", reason="wrong repository")
        question = await mo.wait_message(lambda m: is_answer(m, again.id) and "will be lost" in m.text)
        gone = "Its record stays; unpublished work will be lost."
        assert question.content.endswith(f"? {gone}")
        await mo.click(question, "Yes, cancel it")
        await mo.wait_message(lambda m: m.id == question.id and m.text.endswith("Cancelled."))
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "wrong repository" in m.text)
        await harness.nothing_owed()
        assert not any(kind_of(m) == "result" for m in await mo.history(await harness.thread_of(RunId(record.id))))
        assert await harness.pinged() == []
    snapshot = await harness.until(record.id, lambda seen: seen.is_final)
    assert snapshot.state is RunState.CANCELLED
    assert harness.agent.cancelled == 1


@pytest.mark.parametrize("command", ["stop", "resume", "show", "queue list", "cancel"])
async def test_who_has_no_runs_is_told_so_and_not_of_a_name_that_nobody_gave(harness: AppHarness, command: str) -> None:
    mo = harness.playground.mo
    async with harness.running():
        ran = await mo.command(f"omp {command}", "tasks")
        told = await mo.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
        assert told.content == "You have no runs here yet. Start one with `/omp new`."


async def test_a_run_that_has_ended_is_not_asked_about_again(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        record = await harness.start(mo)
        await harness.until(record.id, lambda seen: seen.is_final)
        ran = await mo.command("omp cancel", "tasks", run=record.id)
        told = await mo.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
        assert told.content == f"{short_id(RunId(record.id))} has ended already."
        assert told.labels == []


async def test_stop_and_resume_from_the_card(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        card = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Stop" in m.labels)
        await mo.click(card, "Stop")
        stopped = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Resume" in m.labels)
        assert "Stopped by Mo" in stopped.text
        harness.agent.release()
        await mo.click(stopped, "Resume")
        await harness.until(record.id, lambda seen: seen.is_final)
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()


async def test_status_shows_the_card_again_or_the_board(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        await mo.wait_message(lambda m: kind_of(m) == "card 1")
        await harness.until(record.id, lambda seen: seen.state is RunState.BUILDING)
        board = await mo.command("omp status", "general")
        shown = await mo.wait_message(lambda m: is_answer(m, board.id) and "working" in m.text)
        assert "1 working" in shown.text
        thread = await harness.thread_of(record.id)
        asked = await mo.command("omp status", thread)
        copy = await mo.wait_message(lambda m: is_answer(m, asked.id) and "Fix the total" in m.text)
        assert copy.is_ephemeral
        assert "Stop" in copy.labels
        unknown = await mo.command("omp status", "general", run="zzzzzz")
        refused = await mo.wait_message(lambda m: is_answer(m, unknown.id) and not m.is_thinking)
        assert refused.text == "No run called `zzzzzz` here. `/omp runs` lists them."


async def test_parts_of_a_run_health_runs_and_help(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        record = await harness.start(mo)
        await harness.until(record.id, lambda seen: seen.is_final)
        for what, words in (
            ("story", "Fix the total"),
            ("checks", "unit"),
            ("cost", "None are known yet"),
            ("people", "asked by Mo"),
            ("plan", "no plan"),
            ("next", "you can press"),
            ("log", "oldest first"),
        ):
            ran = await mo.command("omp show", "tasks", what=what)
            await mo.wait_message(lambda m, i=ran.id, w=words: is_answer(m, i) and w.lower() in m.text.lower())
        diff = await mo.command("omp show", "tasks", what="diff")
        shown = await mo.wait_message(lambda m: is_answer(m, diff.id) and not m.is_thinking)
        assert shown.content.startswith("```diff\n")
        harness.show_diff = b"+a long line of a diff\n" * 100
        long = await mo.command("omp show", "tasks", what="diff")
        shown = await mo.wait_message(lambda m: is_answer(m, long.id) and not m.is_thinking)
        assert shown.raw["attachments"][0]["filename"] == f"{short_id(RunId(record.id))}.diff"
        health = await mo.command("omp health", "tasks")
        told = await mo.wait_message(lambda m: is_answer(m, health.id) and "12 GiB free" in m.text)
        assert "✅ **Discord** gateway connected" in told.text, "and nothing slows it"
        found = await mo.command("omp runs", "tasks", state="done", text="total")
        await mo.wait_message(lambda m: is_answer(m, found.id) and "**Done · checks passed**" in m.text)
        helped = await mo.command("omp help", "tasks")
        assert helped.reply is not None
        assert re.search(r"</omp new:\d{17,20}> ", helped.reply.text), "a mention to click"


async def test_a_diff_beyond_an_upload_is_cut_and_runs_of_another_server_crowd_out_none(
    harness: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    mo = harness.playground.mo
    monkeypatch.setattr(runs, "_FOUND", 3)  # else a hundred runs must be made
    harness.show_diff = f"+{'😀' * 60}\n".encode() * 45_000
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        ran = await mo.command("omp show", "tasks", what="diff")
        shown = await mo.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
        assert ", cut: " in shown.content
        (file,) = shown.raw["attachments"]
        assert 9 * 1024 * 1024 < file["size"] < 10 * 1024 * 1024
        asker = Asker(id=mo.id, name=mo.name, role=Role.RUNNER)
        request = TaskRequest(prompt="Theirs", repositories=("vault",), agent="scripted")
        wanted = Submission(request=request, guild="1", channel="2")
        for _ in range(3):
            await harness.areas.runs.submit(DraftId(SystemIds().ulid()), wanted, asker)
        listed = await mo.command("omp runs", "tasks")
        found = await mo.wait_message(lambda m: is_answer(m, listed.id) and not m.is_thinking)
        assert short_id(RunId(record.id)) in found.content
        assert "Theirs" not in found.content


async def test_a_question_is_answered_by_button_once_and_the_second_is_told_who_was_first(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        await harness.agent.began.wait()
        await harness.areas.recorder.observe(RunId(record.id), ASKED)
        question = await mo.wait_message(lambda m: kind_of(m) == "question" and "Before or after tax?" in m.text)
        assert question.labels == ["before", "after", "Other answer…"]
        await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Waiting for" in m.text)
        first = await mo.click(question, "after")
        await mo.wait_message(lambda m: is_answer(m, first.id) and "Answer sent: *after*" in m.text)
        second = await ada.click(question, "before")
        told = await ada.wait_message(lambda m: is_answer(m, second.id) and not m.is_thinking)
        assert told.text.startswith("Already answered by Mo, <t:")
        closed = await mo.wait_message(lambda m: m.id == question.id and "Answered by Mo" in m.text)
        assert closed.labels == []
        await mo.wait_message(lambda m: m.id == question.id and not m.raw["pinned"])
    assert await harness.pinged() == [[mo.id]]
    thread = await harness.thread_of(record.id)
    assert not [m for m in await mo.history(thread) if m.raw["type"] == 6]
    snapshot = await harness.until(record.id, lambda seen: seen.questions[0].status == "answered")
    assert snapshot.questions[0].answer == "after"


async def test_a_question_is_answered_in_words_of_ones_own(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(mo)
        await harness.agent.began.wait()
        await harness.areas.recorder.observe(RunId(record.id), ASKED)
        question = await mo.wait_message(lambda m: kind_of(m) == "question" and "Other answer…" in m.labels)
        opened = await mo.click(question, "Other answer…")
        await mo.submit_labels(opened, {"Your answer": "before, but only for gifts"})
        await mo.wait_message(lambda m: m.id == question.id and "only for gifts" in m.text)
    snapshot = await harness.until(record.id, lambda seen: seen.questions[0].status == "answered")
    assert snapshot.questions[0].by == "Mo"


async def asked(harness: AppHarness, who: Person) -> Message:
    """The question of a run that this person started."""
    harness.agent.hold()
    record = await harness.start(who)
    await harness.agent.began.wait()
    await harness.areas.recorder.observe(RunId(record.id), ASKED)
    return await who.wait_message(lambda m: kind_of(m) == "question" and "Other answer…" in m.labels)


async def answer_to(who: Person, ran: Interaction) -> str:
    return (await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)).text


async def test_who_answers_in_words_and_comes_second_is_told_who_was_first(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        question = await asked(harness, mo)
        await ada.wait_message(lambda m: m.id == question.id)
        opened = await ada.click(question, "Other answer…")
        await harness.playground.fault(
            "PATCH", "/channels/{channel_id}/messages/{message_id}", "delay_before", count=2, seconds=2.0
        )  # so long its buttons stay
        first = await mo.click(question, "after")
        assert "Answer sent: *after*" in await answer_to(mo, first)
        late = await ada.click(question, "Other answer…")
        assert (await answer_to(ada, late)).startswith("Already answered by Mo, <t:")
        sent = await ada.submit_labels(opened, {"Your answer": "before, but only for gifts"})
        assert (await answer_to(ada, sent)).startswith("Already answered by Mo, <t:")


async def test_who_may_not_answer_gets_no_form_to_type_into(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        question = await asked(harness, ada)
        await mo.wait_message(lambda m: m.id == question.id)
        refused = await mo.click(question, "Other answer…")
        assert "This needs the role *approver*." in await answer_to(mo, refused)


async def test_buttons_that_are_not_ours_or_not_ours_any_more_are_answered_in_words(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.hold()
    async with harness.running():
        await harness.start(mo)
        card = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Stop" in m.labels)
    other = harness.restart(mac_key=b"another key of 32 bytes or so ....")
    other.agent.hold()
    await harness.playground.fault(
        "PATCH", "/channels/{channel_id}/messages/{message_id}", "delay_before", count=2, seconds=2.0
    )  # its own button stays away so long
    async with other.running():
        clicked = await mo.click(card, "Stop")
        assert clicked.reply is not None
        assert clicked.reply.text.startswith("I did not make that button")


async def test_a_press_that_an_edit_overtakes_still_finds_its_button(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run = await harness.at_work()
        seen = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Stop" in m.labels)
        await harness.areas.recorder.observe(run, ev.Message(text="Half way"))
        await mo.wait_message(lambda m: m.id == seen.id and "Half way" in m.text)
        pressed = await mo.click(seen, "Stop")
        await mo.wait_message(lambda m: is_answer(m, pressed.id) and not m.is_thinking)
        await harness.until(run, lambda snapshot: snapshot.state is RunState.SUSPENDED)
