"""Leave to act in a real playground: one message that rings, one decision.

Words for every click that comes too late.
"""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from ompycord.conductor.reminders import OPS_MS, REMIND_MS
from ompycord.domain import events as ev
from ompycord.domain.access import Access, Role, RoleNames
from ompycord.domain.access import Person as Asker
from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind
from ompycord.domain.refs import Ref, RefKind
from ompycord.playground.client import Message
from ompycord.store import SqliteStore
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground import Playground
from tests.support.playground_person import Interaction, Person

EDIT = "/channels/{channel_id}/messages/{message_id}"
BUTTONS = ["Allow once", "Allow for this run", "Deny…"]
LONG = ev.ApprovalRequested(
    approval="a1", title="Run a command", command="echo 1; " * 500 + "make check # ...", risk="network"
)
WANTED = ev.ApprovalRequested(approval="a1", title="Run a command", command="make check", risk="network")


async def asked(
    harness: AppHarness, who: Person, body: ev.ApprovalRequested = WANTED, **options: str
) -> tuple[str, Message]:
    """A run whose agent waits for leave, and the message that asks for it."""
    harness.agent.script = (body,)
    harness.agent.hold()
    record = await harness.start(who, **options)
    return record.id, await open_message(who)


async def hold_edits(harness: AppHarness) -> None:
    """The next edit in each channel takes a while: what people press meanwhile is late."""
    await harness.playground.fault("PATCH", EDIT, "delay_before", count=2, seconds=2.0)


async def open_message(who: Person) -> Message:
    return await who.wait_message(lambda m: kind_of(m) == "question" and m.labels == BUTTONS and m.raw["pinned"])


def as_person(who: Person, role: Role) -> Asker:
    """Somebody of the page as the conductor knows them."""
    return Asker(id=who.id, name=who.name, role=role)


async def answer_to(who: Person, ran: Interaction) -> str:
    told = await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)
    assert told.is_ephemeral
    return told.text


async def test_leave_is_given_by_a_button_once_and_the_message_says_by_whom(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run, message = await asked(harness, mo, LONG)
        assert "echo 1" in message.text
        assert "**run**: " in message.text
        assert " Its agent says: network." in message.text
        assert "Decides: its requester or an approver." in message.text
        card = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Go to the question" in m.labels)
        link = card.component("Go to the question")
        assert link["url"].endswith(f"/{message.id}")
        opened = await ada.click(message, "Deny…")
        await hold_edits(harness)
        first = await mo.click(message, "Allow once")
        assert await answer_to(mo, first) == "Allowed once. The agent is continuing."
        assert await harness.heard() == ev.ApprovalGranted(approval="a1", by="Mo")
        late = await ada.click(message, "Allow for this run")
        assert (await answer_to(ada, late)).startswith("Already answered by Mo, <t:")
        assert (await answer_to(ada, late)).endswith("*Allow once*.")
        form = await ada.click(message, "Deny…")
        assert (await answer_to(ada, form)).startswith("Already answered by Mo")
        denied = await ada.submit_labels(opened, {"Reason (shown to the agent)": "Not today."})
        assert (await answer_to(ada, denied)).startswith("Already answered by Mo")
        closed = await mo.wait_message(lambda m: m.id == message.id and not m.labels)
        assert "Allowed once by Mo, <t:" in closed.text
        (file,) = closed.raw["attachments"]
        assert file["size"] == len(LONG.command or "")
        await mo.wait_message(lambda m: m.id == message.id and not m.raw["pinned"])
        harness.agent.release()
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id], [mo.id]]  # the question, then the result
    assert not [m for m in await mo.history(await harness.thread_of(run)) if m.raw["type"] == 6]


async def test_two_people_who_click_at_once_have_one_effect(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        run, message = await asked(harness, mo)
        await ada.wait_message(lambda m: m.id == message.id)
        async with asyncio.TaskGroup() as group:
            clicks = [
                group.create_task(who.start_click(message, button))
                for who, button in ((ada, "Allow for this run"), (mo, "Allow once"))
            ]
        words = [await answer_to(who, click.result()) for who, click in zip((ada, mo), clicks, strict=True)]
        (first,) = [index for index, text in enumerate(words) if text.startswith("Allowed")]
        assert words[1 - first].startswith(f"Already answered by {('Ada', 'Mo')[first]}")
        snapshot = await harness.until(run, lambda seen: not seen.open_approvals)
        assert snapshot.approvals[0].by == ("Ada", "Mo")[first]
        assert isinstance(await harness.heard(), ev.ApprovalGranted)
    assert harness.agent.received.empty()


async def test_a_button_allows_only_what_its_message_showed(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, message = await asked(harness, mo, LONG)
        other = LONG.model_copy(update={"command": (LONG.command or "") + " rm -rf /"})
        await hold_edits(harness)
        await harness.areas.recorder.observe(RunId(run), other)
        await harness.until(run, lambda seen: seen.open_approvals[0].command == other.command)
        stale = await mo.click(message, "Allow once")
        assert "That request is closed. Nothing was decided" in await answer_to(mo, stale)
        size = len(other.command or "")
        fresh = await mo.wait_message(lambda m: m.id == message.id and m.raw["attachments"][0]["size"] == size)
        await mo.click(fresh, "Allow once")
        await harness.until(run, lambda seen: not seen.open_approvals)


async def test_what_nobody_waits_for_any_more_is_closed_and_late_clicks_are_told(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, message = await asked(harness, mo)
        await hold_edits(harness)
        await harness.areas.recorder.observe(RunId(run), ev.ApprovalWithdrawn(approval="a1"))
        await harness.until(run, lambda seen: not seen.open_approvals)
        late = await mo.click(message, "Allow once")
        assert "no longer waits for that" in await answer_to(mo, late)
        await mo.wait_message(lambda m: m.id == message.id and "No longer needed." in m.text)


async def test_strangers_are_refused_in_words(harness: AppHarness) -> None:
    ada, mo, olu = harness.playground.ada, harness.playground.mo, harness.playground.olu
    async with harness.running():
        run, message = await asked(harness, ada)
        for button in ("Allow once", "Allow for this run", "Deny…"):
            assert "*approver*" in await answer_to(mo, await mo.click(message, button))
        assert "You don't have access yet" in await answer_to(olu, await olu.click(message, "Allow once"))
        assert (await harness.until(run, lambda _: True)).open_approvals


async def test_who_may_answer_is_reminded_once(harness: AppHarness) -> None:
    mo = harness.playground.mo
    watch = harness.areas.reminders()
    async with harness.running():
        _, message = await asked(harness, mo)
        await harness.advance(REMIND_MS / 1000)
        await watch.check_once()
        reminder = await mo.wait_message(
            lambda m: kind_of(m) == "notice" and "is still waiting for your answer" in m.text
        )
        assert reminder.component("Go to the question")["url"].endswith(f"/{message.id}")
        assert not reminder.raw["pinned"]
        await watch.check_once()
        await mo.click(message, "Allow once")
        closed = await mo.wait_message(lambda m: m.id == reminder.id and "waited for an answer" in m.text)
        assert "Allowed once by Mo, <t:" in closed.text
        assert "Waiting since" not in closed.text
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id], [mo.id]]  # the question, then the reminder


async def test_a_decision_on_a_stopped_run_says_that_it_is_kept_until_somebody_resumes_it(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, message = await asked(harness, mo)
        await harness.areas.runs.stop(await harness.areas.record(run), as_person(mo, Role.RUNNER))
        stopped = await mo.wait_message(lambda m: m.id == message.id and "The run is paused" in m.text)
        assert "Waiting since" not in stopped.text
        clicked = await mo.click(stopped, "Allow once")
        assert await answer_to(mo, clicked) == (
            "Allowed once. The run is stopped, so it is kept: its agent gets it once you press *Resume* on the card."
        )


async def test_permission_to_edit_names_its_files_and_what_is_too_long_has_no_button_for_it(
    harness: AppHarness,
) -> None:
    mo = harness.playground.mo
    edit = ev.ApprovalRequested(
        approval="a1", title="Edit a.py", command="-x\n+y", call="a" * 64, edits=("src/a.py",), tool="Edit"
    )
    async with harness.running():
        run, message = await asked(harness, mo, edit)
        assert "covers every edit of `src/a.py` by Edit" in message.text
        clicked = await mo.click(message, "Allow for this run")
        assert await answer_to(mo, clicked) == (
            "Allowed for this run: the agent will not have to ask again before it edits `src/a.py` with the same tool."
        )
        long = ev.ApprovalRequested(approval="a2", title="Run it", command="x" * 32_768, whole=False)
        await harness.areas.recorder.observe(RunId(run), long)
        cut = await mo.wait_message(lambda m: kind_of(m) == "question" and m.labels == ["Deny…"])
        assert "too long to be shown whole, so it can only be denied" in cut.text


async def test_after_an_hour_the_ops_channel_is_told_once_without_a_mention(
    playground: Playground, store: SqliteStore, tmp_path: Path
) -> None:
    ada, mo, ops = playground.ada, playground.mo, str(playground.channel("ops"))
    harness = AppHarness(playground, store, tmp_path, ops=True)
    watch = harness.areas.reminders(ops_channel=ops)
    async with harness.running():
        _, message = await asked(harness, mo)
        await harness.advance(OPS_MS / 1000)
        await watch.check_once()
        note = await ada.wait_message(lambda m: kind_of(m) == "notice" and m.channel_id == ops)
        assert "In Mo's run scripted has been waiting for an answer for an hour." in note.text
        assert note.component("Go to the question")["url"].endswith(f"/{message.id}")
        assert note.raw["flags"] & 4096
        await watch.check_once()
        await harness.nothing_owed()
        await mo.click(message, "Allow once")
        await ada.wait_message(lambda m: m.id == note.id and "Allowed once by Mo" in m.text)
    assert await harness.kinds_in(ops) == ["notice"]
    assert await harness.pinged() == [[mo.id], [mo.id]]  # the question, then the reminder; the note nobody


async def test_without_an_ops_channel_nobody_is_told_after_an_hour(harness: AppHarness) -> None:
    watch = harness.areas.reminders()
    async with harness.running():
        await asked(harness, harness.playground.mo)
        await harness.advance(OPS_MS / 1000)
        await watch.check_once()
        assert [row.ref for row in await harness.store.outbox() if Ref.parse(row.ref).kind is RefKind.OPS] == []


async def test_under_the_two_person_rule_somebody_else_is_asked(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        _, message = await asked(harness, mo, repository="vault")
        refused = await mo.click(message, "Allow once")
        assert "another person must allow it" in await answer_to(mo, refused)
        allowed = await ada.click(message, "Allow once")
        assert await answer_to(ada, allowed) == "Allowed once. The agent is continuing."
    assert await harness.pinged() == [[ada.id]]


async def test_under_the_two_person_rule_an_approver_who_started_the_run_is_not_pinged_for_it(
    harness: AppHarness,
) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    access = Access(users=RoleNames(approver=(mo.id, ada.id)))
    dependencies = harness.bot._dependencies  # pyright: ignore[reportPrivateUsage]  # options are made once, by `app`
    options = dependencies.options.model_copy(update={"access": access})
    harness.bot._dependencies = replace(dependencies, options=options)  # pyright: ignore[reportPrivateUsage]
    async with harness.running():
        await asked(harness, mo, repository="vault")
    assert await harness.pinged() == [[ada.id]]


@pytest.mark.parametrize("moment", ["before the click", pytest.param("before hearing", marks=pytest.mark.soak)])
async def test_a_restart_in_the_middle_asks_once_and_rings_once(harness: AppHarness, moment: str) -> None:
    mo = harness.playground.mo
    async with harness.running():
        run, message = await asked(harness, mo)
        await harness.nothing_owed()
    if moment == "before hearing":
        await harness.areas.approvals.approve(await harness.areas.load(RunId(run)), "a1", as_person(mo, Role.RUNNER))
    later = harness.restart()
    later.agent.script = (WANTED.model_copy(update={"approval": "id-after-the-restart"}),)
    later.agent.hold()
    async with later.running():
        if moment == "before the click":
            await mo.click(message, "Allow once")
        assert await later.heard() == ev.ApprovalGranted(approval="id-after-the-restart", by="Mo")
        await mo.wait_message(lambda m: m.id == message.id and "Allowed once by Mo" in m.text and not m.raw["pinned"])
        later.agent.release()
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await later.nothing_owed()
    assert (await later.kinds_in(await later.thread_of(run))).count("question") == 1
    assert await later.pinged() == [[mo.id], [mo.id]]
    assert [s.kind for s in await later.store.surfaces(RunId(run))].count(OutboxKind.QUESTION) == 1
