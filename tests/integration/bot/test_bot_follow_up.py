"""*Follow up…* in a real playground: the button, its form, the card below in the same thread, the links both ways."""

from ompycord.domain import events as ev
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import RunRecord, RunState
from ompycord.playground.client import Message
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.playground_person import Interaction, Person

FIELD = "What should be done next?"


async def queued(who: Person, ran: Interaction) -> None:
    """The reply names the run."""
    await who.wait_message(lambda m: is_answer(m, ran.id) and "Queued" in m.text)


async def ended(harness: AppHarness, who: Person) -> tuple[RunRecord, Message]:
    """A run that has ended, and its result."""
    record = await harness.start(who)
    return record, await who.wait_message(lambda m: kind_of(m) == "result")


async def follow(harness: AppHarness, who: Person, message: Message, text: str) -> RunRecord:
    """The run that the form behind a message's button starts."""
    known = {record.id for record in await harness.all_runs()}
    opened = await who.click(message, "Follow up…")
    sent = await who.submit_labels(opened, {FIELD: text})
    await queued(who, sent)
    return await harness.next_run(known)


async def ended_well(harness: AppHarness, run: str) -> StatusSnapshot:
    return await harness.until(run, lambda snapshot: snapshot.is_final)


async def test_the_form_starts_a_run_whose_card_is_below_in_the_same_thread(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.capabilities = harness.capabilities["command"] = AgentCapabilities(can_resume=True)
    harness.agent.script = (ev.SessionOpened(session="s-1"),)
    async with harness.running():
        first, result = await ended(harness, mo)
        opened = await mo.click(result, "Follow up…")
        assert opened.modal is not None
        assert opened.modal.title == "Follow up"
        await harness.until(first.id, lambda snapshot: snapshot.branch is not None)
        harness.agent.writes = {"docs.md": "more\n"}
        second = await follow(harness, mo, result, "Now the docs.")
        await ended_well(harness, second.id)
        await harness.nothing_owed()
        thread = await harness.thread_of(first.id)
        assert await harness.thread_of(second.id) == thread
        kinds = await harness.kinds_in(thread)
        assert kinds == ["card 1", "result", "card 1", "result"]
        assert await harness.kinds_in(harness.playground.channel("tasks")) == ["mirror", "mirror"]
        await mo.wait_message(lambda m: kind_of(m) == "result" and "\nFollow-ups\n" in m.text)
        shown = await mo.history(thread, limit=20)
        cards, results = ([m for m in shown if kind_of(m) == kind] for kind in ("card 1", "result"))
        assert f"]({address(harness, thread, cards[1])})" in after_field(results[0], "Follow-ups")
        assert f"]({address(harness, thread, cards[0])})" in after_field(results[1], "Follows")
    jobs = harness.agent.jobs
    assert [job.session for job in jobs] == [None, "s-1"]
    assert jobs[1].prompt.endswith("Now the docs.")
    first_branch, second_branch = [(await ended_well(harness, run)).branch for run in (first.id, second.id)]
    assert first_branch == second_branch


def after_field(card: Message, name: str) -> str:
    assert f"\n{name}\n" in card.text, card.text
    return card.text.split(f"\n{name}\n", 1)[1].split("\n", 1)[0]


def address(harness: AppHarness, thread: str, message: Message) -> str:
    return f"https://discord.com/channels/{harness.playground.guild_id}/{thread}/{message.id}"


async def test_what_is_said_in_the_thread_is_for_the_follow_up_at_work(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        first, result = await ended(harness, mo)
        harness.agent.hold()
        second = await follow(harness, mo, result, "Now the docs.")
        third = await follow(harness, mo, result, "And the changelog.")
        await harness.until(second.id, lambda snapshot: snapshot.state is RunState.BUILDING)
        thread = await harness.thread_of(first.id)
        await harness.until_surface(third.id, OutboxKind.THREAD)
        found = await harness.store.run_of_surface(thread)
        assert found is not None
        assert found.id == second.id
        queued = await mo.wait_message(lambda m: kind_of(m) == "card 1" and "Waits for" in m.text)
        assert "which works on the same branch" in queued.text
        harness.agent.release()
        await ended_well(harness, third.id)
        last = await harness.store.run_of_surface(thread)
        assert last is not None
        assert last.id == third.id
        await harness.nothing_owed()


async def test_who_may_only_watch_is_told_who_may_start(harness: AppHarness) -> None:
    olu, playground = harness.playground.olu, harness.playground
    async with harness.running():
        await playground.change_world(member_roles={olu.id: [playground.info.roles["member"]]})
        _, result = await ended(harness, playground.mo)
        clicked = await olu.click(result, "Follow up…")
        assert clicked.reply is not None
        assert clicked.reply.text.startswith("This needs the role *runner*.")
    assert len(await harness.all_runs()) == 1


async def test_a_branch_that_is_gone_is_refused_and_the_text_is_kept(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        first, result = await ended(harness, mo)
        branch = (await ended_well(harness, first.id)).branch
        kept = harness.workspaces.branches.pop(str(branch))
        opened = await mo.click(result, "Follow up…")
        sent = await mo.submit_labels(opened, {FIELD: "Now the docs."})
        refused = await mo.wait_message(lambda m: is_answer(m, sent.id) and "any more" in m.text)
        assert f"shop has no branch `{branch}` any more" in refused.text
        assert "Your text is saved: press *Try again*." in refused.text
        harness.workspaces.branches[str(branch)] = kept
        await mo.click(refused, "Try again")
        second = await harness.next_run({first.id})
        assert (await ended_well(harness, second.id)).prompt == "Now the docs."


async def test_a_form_that_is_sent_twice_starts_one_run(harness: AppHarness) -> None:
    mo = harness.playground.mo
    async with harness.running():
        _, result = await ended(harness, mo)
        opened = await mo.click(result, "Follow up…")
        assert opened.modal is not None
        first = await mo.submit_labels(opened, {FIELD: "Now the docs."})
        await queued(mo, first)
        again = await mo.submit_labels(opened, {FIELD: "Now the docs."})
        await queued(mo, again)  # the same draft: the same run
        await harness.nothing_owed()
    assert len(await harness.all_runs()) == 2


async def test_a_form_that_was_opened_before_a_restart_still_starts_its_run(harness: AppHarness) -> None:
    mo = harness.playground.mo
    harness.agent.writes = {}  # branches of the double end with its process
    async with harness.running():
        first, result = await ended(harness, mo)
        opened = await mo.click(result, "Follow up…")
    later = harness.restart()
    async with later.running():
        sent = await mo.submit_labels(opened, {FIELD: "Now the docs."})
        await queued(mo, sent)
        second = await later.next_run({first.id})
        snapshot = await ended_well(later, second.id)
    assert snapshot.follows == RunId(first.id)
