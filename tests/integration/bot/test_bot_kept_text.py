"""What people typed comes back and what they started is said, also while the database or Discord refuses in between."""

from typing import Any

import aiohttp

from ompycord.app.system import SystemIds
from ompycord.bot.custom_ids import Signer
from ompycord.bot.interactions.replies import words_for
from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import Draft
from ompycord.errors import StorageError
from ompycord.playground.client import Message
from tests.integration.bot.conftest import MAC_KEY, AppHarness, is_answer, kind_of
from tests.support.database_faults import faulty_writes, unreadable
from tests.support.playground_person import Interaction, Person

EDIT = "/channels/{channel_id}/messages/{message_id}"
TYPED = "A text that took ten minutes."


async def told(who: Person, ran: Interaction) -> Message:
    return await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)


async def attached(message: Message) -> str:
    """The file that came with an answer."""
    (file,) = message.raw["attachments"]
    assert file["filename"] == "your-text.txt"
    async with aiohttp.ClientSession() as session, session.get(file["url"]) as answer:
        return await answer.text()


async def test_a_form_comes_back_as_a_file_where_the_database_cannot_be_read(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        opened = await mo.command("omp new", "tasks")
        async with unreadable(harness.store, "drafts"):
            sent = await mo.submit_labels(opened, {"What should be done?": TYPED})
            answer = await told(mo, sent)
        assert answer.text.startswith("I could not save that, so nothing was changed.")
        assert await attached(answer) == TYPED
        assert await harness.store.runs(RunFilter()) == []
        async with faulty_writes(harness.store, "INSERT ON drafts") as drafts:
            drafts.refuse()
            ran = await mo.command("omp new", "general", prompt=TYPED, branch="develop")
            assert await attached(await told(mo, ran)) == TYPED


async def test_an_answer_and_a_reason_come_back_as_files_where_the_database_refuses(harness: AppHarness) -> None:
    ada = harness.playground.ada
    harness.agent.hold()
    async with harness.running():
        record = await harness.start(ada)
        await harness.agent.began.wait()
        await harness.areas.recorder.observe(RunId(record.id), ev.QuestionAsked(question="q1", text="Before or after?"))
        await harness.areas.recorder.observe(RunId(record.id), ev.ApprovalRequested(approval="a1", title="Run it"))
        for button, field in (("Answer…", "Your answer"), ("Deny…", "Reason (shown to the agent)")):
            asked = await ada.wait_message(lambda m, b=button: kind_of(m) == "question" and b in m.labels)
            opened = await ada.click(asked, button)
            async with unreadable(harness.store, "runs"):
                answer = await told(ada, await ada.submit_labels(opened, {field: TYPED}))
            assert await attached(answer) == TYPED


async def test_a_run_that_started_is_never_told_as_a_fault(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        async with unreadable(harness.store, "surfaces"):
            ran = await mo.command("omp new", "tasks", prompt="Fix it")
            answer = await mo.wait_message(lambda m: is_answer(m, ran.id) and "Queued" in m.text)
        record = await harness.only_run()
        assert answer.text.endswith(f"Its card appears in <#{record.channel}> in a moment.")


async def test_a_resume_message_that_cannot_be_edited_leaves_the_reply_with_the_link(harness: AppHarness) -> None:
    mo, playground = harness.playground.mo, harness.playground
    tasks = str(playground.channel("tasks"))
    body = {"prompt": "Fix it", "repository": "shop", "agent": "scripted", "shown_in": tasks}
    draft = Draft(
        id=SystemIds().ulid(),
        person=mo.id,
        guild=str(playground.guild_id),
        channel=tasks,
        body=body,
        created_at=harness.clock.now_ms(),
    )
    await harness.store.save_draft(draft)
    button = {"type": 2, "style": 1, "label": "Resume", "custom_id": Signer(MAC_KEY).sign("draft", draft.id)}
    quiet: dict[str, Any] = {"content": "Your text is safe.", "allowed_mentions": {"parse": []}, "flags": 4096}
    quiet["components"] = [{"type": 1, "components": [button]}]
    async with harness.running():
        await playground.rest("POST", f"/channels/{tasks}/messages", quiet)
        offered = await mo.wait_message(lambda m: m.labels == ["Resume"])
        await playground.fault("PATCH", EDIT, "status", status=403, count=100, body={"message": "no", "code": 50013})
        clicked = await mo.click(offered, "Resume")
        await mo.wait_message(lambda m: is_answer(m, clicked.id) and "Queued: http" in m.text)
        await harness.struck()
        await harness.until((await harness.only_run()).id, lambda seen: seen.is_final)
        (reply,) = [m for m in await mo.history("tasks") if is_answer(m, clicked.id)]
        assert "Queued: http" in reply.text


def test_one_failure_of_a_task_group_is_told_as_itself() -> None:
    failure = StorageError("the disk is full")
    assert words_for(ExceptionGroup("of a task group", [failure]), "r") == words_for(failure, "r")
