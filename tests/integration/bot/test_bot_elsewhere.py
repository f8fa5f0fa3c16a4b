"""Runs whose agent works elsewhere, as people see them.

Links that open, one ring at a time, and a cancellation that asks.
"""

import hashlib
from dataclasses import replace

from structlog.testing import capture_logs

from ompycord.app.system import SystemIds
from ompycord.domain import events as ev
from ompycord.domain.access import Access, RoleNames
from ompycord.domain.authority import SourceKind
from ompycord.domain.ids import RunId, external_source, short_id
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import Post, Receipt
from ompycord.playground.client import Message
from tests.integration.bot.conftest import AppHarness, is_answer, kind_of
from tests.support.database_faults import unreadable
from tests.support.patience import until
from tests.support.playground_person import Interaction, Person

SILENT = 1 << 12
"""Discord, *Message Flags*: SUPPRESS_NOTIFICATIONS."""
LINKED = "see https://evil.example/a_b_c now"


async def post(
    harness: AppHarness, *bodies: ev.EventBody, first: int = 1, owner: str | None = None, name: str = "nightly"
) -> RunId:
    """What an agent elsewhere sends."""
    ids, run = SystemIds(), RunId("")
    for seq, body in enumerate(bodies, first):
        sent = Post(
            key_id="ci000001",
            kind=SourceKind.EXTERNAL,
            name=name,
            may_create=True,
            source=external_source("ci000001", None),
            at=harness.clock.now_ms(),
            body=body,
            event_id=ids.ulid(),
            new_run=ids.ulid(),
            body_hash=hashlib.sha256(f"{name} {seq}".encode()).digest(),
            seq=seq,
            owner=owner,
        )
        (receipt,) = await harness.store.append([sent])
        assert isinstance(receipt, Receipt)
        run = receipt.run
    harness.projector.wake()
    return run


def with_approvers(harness: AppHarness) -> None:
    """Somebody, and a whole role, that approvals of our own runs ring."""
    playground = harness.playground
    roles = RoleNames(approver=(playground.info.roles["member"],))
    access = Access(users=RoleNames(admin=(playground.ada.id,), approver=(playground.mo.id,)), roles=roles)
    dependencies = harness.bot._dependencies  # pyright: ignore[reportPrivateUsage]  # options are made once, by `app`
    options = dependencies.options.model_copy(update={"access": access})
    harness.bot._dependencies = replace(dependencies, options=options)  # pyright: ignore[reportPrivateUsage]


async def told(who: Person, ran: Interaction) -> Message:
    return await who.wait_message(lambda m: is_answer(m, ran.id) and not m.is_thinking)


async def test_a_run_elsewhere_mentions_nobody_and_rings_for_one_open_question_at_a_time(harness: AppHarness) -> None:
    ada = harness.playground.ada
    with_approvers(harness)
    async with harness.running():
        leaves = [ev.ApprovalRequested(approval=f"a{number}", title="Let me", command="x") for number in range(3)]
        run = await post(harness, ev.RunStarted(title=LINKED, agent="ci"), *leaves)
        await post(harness, ev.QuestionAsked(question="q1", text="Which?", options=("a", "b")), first=5)
        await ada.wait_message(lambda m: kind_of(m) == "question" and "Which?" in m.text)
        asked = [m for m in await ada.history(await harness.thread_of(run)) if kind_of(m) == "question"]
        assert [bool(m.raw["flags"] & SILENT) for m in asked] == [False, True, True, True]
        assert await harness.pinged() == []


async def test_what_a_run_elsewhere_asks_is_answered_by_a_click_of_an_approver(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    async with harness.running():
        leave = ev.ApprovalRequested(approval="leave:t1", title="Bash: npm publish", command="npm publish")
        run = await post(
            harness,
            ev.RunStarted(title="Nightly", agent="claude"),
            leave,
            ev.QuestionAsked(question="q1", text="Which?", options=("a", "b")),
        )
        asked = await ada.wait_message(lambda m: kind_of(m) == "question" and "Allow once" in m.labels)
        refused = await mo.click(asked, "Allow once")  # a runner, and nobody's requester
        assert "may not decide for" in (await told(mo, refused)).text
        await told(ada, await ada.click(asked, "Allow once"))
        question = await ada.wait_message(lambda m: kind_of(m) == "question" and "b" in m.labels)
        await told(ada, await ada.click(question, "b"))
        card = await harness.until(run, lambda seen: not seen.open_approvals and not seen.open_questions)
        assert (card.approvals[0].status, card.approvals[0].by) == ("granted", "Ada")
        assert (card.questions[0].answer, card.questions[0].by) == ("b", "Ada")
        closed = await ada.wait_message(lambda m: m.id == asked.id and not m.labels)
        assert "Allowed once by Ada" in closed.text


async def test_a_keys_owner_is_called_by_its_runs_and_may_answer_them(harness: AppHarness) -> None:
    ada, mo = harness.playground.ada, harness.playground.mo
    with_approvers(harness)
    async with harness.running():
        leave = ev.ApprovalRequested(approval="a1", title="Let me", command="x")
        await post(harness, ev.RunStarted(title="Nightly", agent="ci"), leave, owner=mo.id)
        asked = await mo.wait_message(lambda m: kind_of(m) == "question" and "Allow once" in m.labels)
        await told(mo, await mo.click(asked, "Allow once"))
        await mo.wait_message(lambda m: m.id == asked.id and "Allowed once by Mo" in m.text)
        await post(
            harness, ev.RunFinished(summary="Done."), first=3, owner=ada.id
        )  # a key's new owner changes no old run
        await mo.wait_message(lambda m: kind_of(m) == "result")
        await harness.nothing_owed()
    assert await harness.pinged() == [[mo.id], [mo.id]]


async def test_links_to_a_run_elsewhere_open_in_its_server_and_its_own_links_are_dead(harness: AppHarness) -> None:
    ada, server = harness.playground.ada, f"https://discord.com/channels/{harness.playground.guild_id}/"
    async with harness.running():
        run = await post(
            harness, ev.RunStarted(title=LINKED, agent=LINKED), ev.QuestionAsked(question="q1", text="Which?")
        )
        question = await ada.wait_message(lambda m: kind_of(m) == "question")
        assert "evil.example" in question.content
        assert "://" not in question.content
        card = await ada.wait_message(lambda m: kind_of(m) == "card 1" and "Go to the question" in m.labels)
        thread = await harness.thread_of(run)
        assert card.component("Go to the question")["url"].startswith(f"{server}{thread}/")
        copy = await told(ada, await ada.command("omp status", thread))
        assert copy.content == f"{server}{thread}/{card.id}"
        await post(harness, ev.RunFinished(summary="done", url="https://ci.example/" + "a" * 300), first=3)
        result = await ada.wait_message(lambda m: kind_of(m) == "result")
        assert "evil.example" in result.content
        assert "://" not in result.content
        assert "Open result" not in result.labels
        listed = await told(ada, await ada.command("omp runs", "tasks", state="all"))
        assert "evil.example" in listed.text
        assert "https://evil" not in listed.text


async def test_cancelling_a_run_elsewhere_is_told_as_a_request(harness: AppHarness) -> None:
    ada = harness.playground.ada
    async with harness.running():
        run = await post(harness, ev.RunStarted(title="Nightly", agent="ci"))
        await ada.wait_message(lambda m: kind_of(m) == "card 1")
        offered = await ada.complete("omp cancel", "run", "", "tasks")
        assert [item["value"] for item in offered] == [run]
        question = await told(ada, await ada.command("omp cancel", "tasks", run=run))
        assert question.content == "Ask *Nightly* to end? Its agent sees that with its next report."
        await ada.click(question, "Yes, cancel it")
        words = "Cancel requested; the agent will see it with its next report."
        await ada.wait_message(lambda m: m.id == question.id and m.text == words)
        assert await harness.store.runs(RunFilter(is_open=True))


async def test_runs_here_and_elsewhere_are_found_newest_first(harness: AppHarness) -> None:
    """Two of each, in turn: neither kind stands before the other, and the newest leads where not all are shown."""
    ada = harness.playground.ada
    harness.agent.hold()
    async with harness.running():
        runs: list[str] = []
        for name in ("one", "two"):
            runs.append(await post(harness, ev.RunStarted(title=name, agent="ci"), name=name))
            await harness.until_card(runs[-1], 1)
            runs.append((await harness.start(ada, prompt=f"Fix {name}")).id)
            await harness.until_card(runs[-1], 1)
        listed = await told(ada, await ada.command("omp runs", "tasks", state="all"))
        places = [listed.text.index(short_id(run)) for run in reversed(runs)]
        assert places == sorted(places)
        harness.agent.release()


async def test_a_card_that_cannot_be_read_for_a_while_is_edited_afterwards(harness: AppHarness) -> None:
    """The editor goes on, and says so in the log; what happened meanwhile is shown without another event."""
    ada = harness.playground.ada
    async with harness.running():
        run = await post(harness, ev.RunStarted(title="Nightly", agent="ci"))
        await harness.until_card(run, 1)
        await harness.nothing_owed()
        with capture_logs() as lines:
            async with unreadable(harness.store, "surfaces"):
                await post(harness, ev.ToolStarted(tool="bash", title="make the world"), first=2)
                await until(lambda: any(line["event"] == "live.waits" for line in lines))
        await ada.wait_message(lambda m: kind_of(m) == "card 1" and "make the world" in m.text)
