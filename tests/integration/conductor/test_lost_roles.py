"""Who lost their role: a queued message, a typed answer, a first vote and a permission are not used for them."""

from pathlib import Path

import pytest

from ompycord.conductor.typed_answers import UNDO_MS
from ompycord.domain import events as ev
from ompycord.domain.access import Access, Person, RoleNames
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities
from ompycord.domain.ports.people import FoundMember
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.roles.grants import RoleGrant
from ompycord.errors import Refused, UnavailableError
from ompycord.mcp_server import ToolService
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, AP, MO, AppHarness
from tests.integration.conductor.test_permissions import Asking, allow, wants

ACCESS = Access(users=RoleNames(admin=(ADA.id,), runner=(MO.id,), approver=(AP.id,)))
PEOPLE = (ADA, AP, MO)
SERVER = "1"


def tell(harness: AppHarness, *people: Person) -> None:
    """Discord says that these are members; roles are those of the settings, by person."""
    for one in people:
        harness.infrastructure.members.note(SERVER, one.id, FoundMember(name=one.name))


def leaves(harness: AppHarness, person: Person) -> None:
    harness.infrastructure.members.note(SERVER, person.id, None)


def house(store: SqliteStore, folder: Path, *wanted: ev.ApprovalRequested) -> tuple[AppHarness, Asking]:
    agent = Asking(*wanted)
    harness = AppHarness(store, folder, FakeClock(), agent=agent, access=ACCESS)
    tell(harness, *PEOPLE)
    return harness, agent


async def bodies(store: SqliteStore, run: str, *kinds: type[ev.KnownBody]) -> list[ev.EventBody]:
    return [event.body for event in await store.events_of(RunId(run)) if isinstance(event.body, kinds)]


async def audit_of(store: SqliteStore, run: str, action: str) -> list[tuple[str, str]]:
    return [
        (row.text("actor"), row.text("detail")) for row in await store.audit_of(run) if row.text("action") == action
    ]


async def test_a_queued_message_of_somebody_who_left_reaches_no_agent(store: SqliteStore, tmp_path: Path) -> None:
    harness = AppHarness(store, tmp_path, FakeClock(), access=ACCESS)
    tell(harness, *PEOPLE)
    harness.capabilities["command"] = AgentCapabilities(can_steer=True)
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.began()
        leaves(harness, MO)
        record = await harness.areas.record(run)
        await harness.areas.messages.send_message(record, "Delete it all", "next", MO)
        await harness.areas.messages.send_message(record, "Mind the tests", "next", ADA)
        assert await harness.heard() == ev.Prompted(text="Mind the tests", by="Ada")
        harness.agent.release()
        await harness.ended(run)
    assert harness.agent.received.empty()
    (dropped,) = await bodies(store, run, ev.PromptDropped)
    assert isinstance(dropped, ev.PromptDropped)
    assert (dropped.by, dropped.reason) == ("Ompycord", "no_role")
    notes = [one.text for one in await bodies(store, run, ev.Note) if isinstance(one, ev.Note)]
    assert notes == ["Mo's message was not passed on: Mo may no longer send messages to this run."]
    ((actor, detail),) = await audit_of(store, run, "void")
    assert actor == "ompycord"
    assert "message of Mo" in detail
    assert await store.verify_audit() > 0


async def test_an_outage_takes_nothing_from_anybody(store: SqliteStore, tmp_path: Path) -> None:
    harness = AppHarness(store, tmp_path, FakeClock(), access=ACCESS)
    harness.capabilities["command"] = AgentCapabilities(can_steer=True)
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.began()
        with pytest.raises(UnavailableError):
            await harness.infrastructure.members.member(SERVER, MO.id)
        await harness.areas.messages.send_message(await harness.areas.record(run), "Mind the tests", "next", MO)
        assert await harness.heard() == ev.Prompted(text="Mind the tests", by="Mo")
        harness.agent.release()
        await harness.ended(run)


async def test_a_permission_for_the_run_ends_with_the_role_of_whoever_gave_it(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, agent = house(store, tmp_path, wants("1"), wants("2"))
    async with harness.running():
        run = (await harness.submit(MO)).id
        await allow(harness, run, "1")
        await harness.until(run, lambda seen: any(one.ref == "2" for one in seen.open_approvals) or seen.is_final)
        await harness.ended(run)
    assert [type(one) for one in agent.decided] == [ev.ApprovalGranted] * 2, "it counts while she is an admin"

    harness, agent = house(store, tmp_path, wants("1"), wants("2"))
    agent.between = lambda: leaves(harness, ADA)
    async with harness.running():
        run = (await harness.submit(MO)).id
        await allow(harness, run, "1")
        seen = await harness.until(run, lambda seen: any(one.ref == "2" for one in seen.open_approvals))
        first = next(one for one in seen.approvals if one.ref == "1")
        assert (first.status, first.reason) == (
            "withdrawn", "Ada allowed this and may no longer do so, so it does not count. Ask again if you need it."
        )  # fmt: skip
        await harness.areas.approvals.deny(await harness.areas.load(RunId(run)), "2", AP)
        await harness.ended(run)
    assert [type(one) for one in agent.decided] == [ev.ApprovalGranted, ev.ApprovalDenied]
    assert len(await audit_of(store, run, "void")) == 1


async def test_a_tool_that_asks_for_approval_asks_again_once_whoever_allowed_it_for_the_run_has_no_role(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, _ = house(store, tmp_path, wants("1"))
    async with harness.running():
        run = RunId((await harness.submit(MO)).id)
        await harness.until(run, lambda seen: bool(seen.open_approvals))
        tools = ToolService(
            recorder=harness.areas.recorder, messages=harness.areas.messages, snapshots=harness.snapshots,
            bus=harness.bus, clock=harness.clock, ids=harness.ids, attach=no_file, still=harness.infrastructure.still,
        )  # fmt: skip
        first = (await tools.request_approval(run, "Publish", command="npm publish", wait_s=0)).ticket
        await harness.until(run, lambda seen: any(one.ref == first for one in seen.open_approvals))
        await harness.areas.approvals.approve(await harness.areas.load(run), first, ADA, scope="run")
        await harness.until(run, lambda seen: all(one.ref != first for one in seen.open_approvals))
        used = await tools.request_approval(run, "Publish", command="npm publish", wait_s=0)
        assert (used.ticket, used.answer) == (first, "allowed for this run")
        leaves(harness, ADA)
        again = await tools.request_approval(run, "Publish", command="npm publish", wait_s=0)
        assert again.ticket != first
        assert again.status == "waiting"
        seen = await harness.until(run, lambda seen: any(one.ref == again.ticket for one in seen.open_approvals))
        assert next(one for one in seen.approvals if one.ref == first).status == "withdrawn"
        for _ in range(2):
            assert (await tools.wait(run, first, wait_s=0)).status == "withdrawn"
        await harness.areas.approvals.approve(await harness.areas.load(run), again.ticket, AP)
        await harness.until(run, lambda seen: all(one.ref != again.ticket for one in seen.open_approvals))
        leaves(harness, AP)
        late = await tools.wait(run, again.ticket, wait_s=0)
        assert (late.answer or "").startswith(f"denied: {AP.name} allowed this and may no longer do so")
        assert len(await bodies(store, run, ev.ApprovalUsed)) == 1
        await harness.areas.approvals.deny(await harness.areas.load(run), "1", MO)
        await harness.ended(run)


async def no_file(run: RunId, path: str) -> ev.ArtifactAdded:
    raise AssertionError(path)


async def test_the_first_of_two_votes_does_not_count_once_its_person_has_no_role(
    store: SqliteStore, tmp_path: Path
) -> None:
    danger = wants("1", command="rm -rf src", risk_class="danger", because="it deletes")
    harness, agent = house(store, tmp_path, danger)
    async with harness.running():
        run = (await harness.submit(MO)).id
        await harness.until(run, lambda seen: bool(seen.open_approvals))
        approvals = harness.areas.approvals
        assert (await approvals.approve(await harness.areas.load(RunId(run)), "1", AP)).waits_for is not None
        leaves(harness, AP)
        voted = await approvals.approve(await harness.areas.load(RunId(run)), "1", ADA)
        assert voted.waits_for == "one more person"
        await approvals.deny(await harness.areas.load(RunId(run)), "1", ADA)
        await harness.ended(run)
    assert [type(one) for one in agent.decided] == [ev.ApprovalDenied]


async def test_a_second_vote_is_refused_while_discord_does_not_say_who_the_first_one_is(
    store: SqliteStore, tmp_path: Path
) -> None:
    danger = wants("1", command="rm -rf src", risk_class="danger", because="it deletes")
    harness, _ = house(store, tmp_path, danger)
    async with harness.running():
        run = (await harness.submit(MO)).id
        await harness.until(run, lambda seen: bool(seen.open_approvals))
        approvals = harness.areas.approvals
        await approvals.approve(await harness.areas.load(RunId(run)), "1", AP)
        harness.infrastructure.members.forget(SERVER, AP.id)
        with pytest.raises(Refused) as refused:
            await approvals.approve(await harness.areas.load(RunId(run)), "1", ADA)
        assert refused.value.code is RefusalCode.ROLE_UNREAD
        tell(harness, AP)
        assert (await approvals.approve(await harness.areas.load(RunId(run)), "1", ADA)).waits_for is None
        await harness.ended(run)


async def test_an_answer_that_waits_is_not_given_for_somebody_who_lost_the_role(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness = AppHarness(store, tmp_path, FakeClock(), access=ACCESS)
    tell(harness, *PEOPLE)
    harness.agent.script = (ev.QuestionAsked(question="q1", text="Which database?"),)
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit(MO)).id)
        await harness.until(run, lambda seen: bool(seen.open_questions))
        answers = harness.areas.typed_answers
        loaded = await harness.areas.load(run)
        await answers.take(loaded, "q1", "SQLite", MO, typed="700000000000000001", is_message=True)
        leaves(harness, MO)
        harness.clock.advance(UNDO_MS / 1000)
        await answers._decide(run, "700000000000000001")  # pyright: ignore[reportPrivateUsage]  # what the task does
        (dropped,) = await bodies(store, run, ev.AnswerDropped)
        assert isinstance(dropped, ev.AnswerDropped)
        assert dropped.reason == "no_role"
        snapshot = await harness.until(run, lambda seen: bool(seen.typed_answers and seen.typed_answers[0].dropped))
        assert snapshot.open_questions, "the question is open again"
        harness.agent.release()


async def test_what_is_given_at_run_time_is_kept_and_leaves_an_admin(store: SqliteStore, tmp_path: Path) -> None:
    harness = AppHarness(store, tmp_path, FakeClock(), access=ACCESS)
    guild = "100000000000000009"
    ada = ACCESS.person(ADA.id, "Ada", (), guild=guild)
    given = RoleGrant(
        guild=guild, place="repository", name="shop", kind="user", subject=MO.id, role="approver",
        by=ADA.id, by_name="Ada", at=5,
    )  # fmt: skip
    book = harness.infrastructure.roles
    await book.give(given, ada, own_roles=())
    own = given.model_copy(update={"place": "server", "name": "", "subject": ADA.id, "role": "none"})
    with pytest.raises(Refused) as refused:
        await book.give(own, ada, own_roles=())
    assert refused.value.code is RefusalCode.OWN_ADMIN
    with pytest.raises(Refused):
        await book.give(given, MO, own_roles=())
    later = harness.restart().infrastructure.roles
    await later.refresh()
    assert later.grants(guild) == [given]
    mo = book.access(guild).person(MO.id, "Mo", (), guild=guild)
    assert mo.role_in(repository="shop").word == "approver"
    assert await book.take_back(given, ada, own_roles=())
    assert not await book.take_back(given, ada, own_roles=())
    assert [row.text("action") for row in await store.audit_of(MO.id)] == ["role", "role"]
