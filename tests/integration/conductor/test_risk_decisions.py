"""Who decides by risk class: no one, one, or two people; and what a permission for the run is bound to."""

from pathlib import Path
from typing import Any

import pytest

from ompycord.app.auditing.explaining import explained
from ompycord.conductor.risk.assessment import Clone, RiskAssessment
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.catalog import Catalog
from ompycord.domain.folds.snapshot import permission_of
from ompycord.domain.ids import RunId
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import Refused
from ompycord.store import SqliteStore
from tests.integration.conductor.conftest import ADA, AP, MO, AppHarness
from tests.integration.conductor.test_lost_roles import house
from tests.integration.conductor.test_permissions import asking, requested, wants


def danger(name: str = "1", command: str = "rm -rf src") -> ev.ApprovalRequested:
    return wants(name, command=command, risk_class="danger", because="it deletes")


async def decide(harness: AppHarness, run: str, person: Person) -> str | None:
    approved = await harness.areas.approvals.approve(await harness.areas.load(RunId(run)), "1", person)
    assert approved.fresh
    return approved.waits_for


async def until_open(harness: AppHarness, run: str, votes: int = 0) -> None:
    await harness.until(run, lambda seen: any(len(one.votes) == votes for one in seen.open_approvals))


async def test_what_only_reads_is_allowed_without_asking_and_stands_in_the_log(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness, agent = asking(store, tmp_path, wants("1", risk_class="read", because="`cat` only reads"))
    async with harness.running():
        run = (await harness.submit()).id
        await harness.ended(run)
    assert [type(one) for one in agent.decided] == [ev.ApprovalGranted]
    assert await requested(store, run) == []
    skipped = [event.body for event in await store.events_of(RunId(run)) if isinstance(event.body, ev.ApprovalSkipped)]
    assert [(one.risk_class, one.command) for one in skipped] == [("read", "touch harmless.txt")]


async def test_danger_needs_an_admin_and_a_second_person(store: SqliteStore, tmp_path: Path) -> None:
    harness, agent = house(store, tmp_path, danger())
    async with harness.running():
        run = (await harness.submit(MO)).id
        await until_open(harness, run)
        with pytest.raises(Refused) as requester:
            await decide(harness, run, MO)
        assert (requester.value.code, requester.value.facts["needs"]) == (RefusalCode.NOT_PERMITTED, "approver")
        assert await decide(harness, run, AP) == "one more person, an admin"
        await until_open(harness, run, votes=1)
        with pytest.raises(Refused) as twice:
            await decide(harness, run, AP)
        assert twice.value.code == RefusalCode.APPROVED_BEFORE
        assert await decide(harness, run, ADA) is None
        snapshot = await harness.ended(run)
    assert agent.decided == [ev.ApprovalGranted(approval="1", by="Ap and Ada")]
    assert await store.verify_audit() >= 3
    record, rows = await harness.areas.record(run), await store.audit_of(run)
    lines = explained(record, snapshot, rows, await store.events_of(RunId(run)))
    assert lines[1].startswith(f"Asked by Mo ({MO.id}) on ")
    named = [line.split(" UTC ")[1] for line in lines if line.startswith("  ") and " UTC " in line]
    assert f"Ap ({AP.id}): vote Allow, one of several (once)" in named
    assert f"Ada ({ADA.id}): approval Allow once" in named
    assert lines.count("       class danger: it deletes") == lines.count("       | rm -rf src") == 2


async def test_a_vote_counts_for_what_was_shown_alone(store: SqliteStore, tmp_path: Path) -> None:
    harness, _ = asking(store, tmp_path, danger())
    async with harness.running():
        run = (await harness.submit(MO)).id
        await until_open(harness, run)
        await decide(harness, run, AP)
        other = danger(command="rm -rf /")
        await harness.areas.recorder.observe(RunId(run), other)
        await harness.until(run, lambda seen: any(one.command == other.command for one in seen.open_approvals))
        assert await decide(harness, run, ADA) == "one more person"
        await harness.areas.runs.cancel(await harness.areas.record(run), ADA)
        await harness.ended(run)


class _Store:
    """One run of a repository."""

    def __init__(self, repository: str) -> None:
        self._repository = repository

    async def run(self, run: RunId) -> object:
        return type("Record", (), {"repository": self._repository, "requester": None})()


def assessment(files: dict[str, str], *, is_confined: bool = True, **repository: object) -> RiskAssessment:
    async def clone_of(run: RunId) -> Clone:
        return Clone("/srv/clone", files.get)

    spec = RepositorySpec.model_validate({"name": "shop", "path": "/srv/shop", **repository})
    return RiskAssessment(
        catalog=Catalog(repositories=(spec,)),
        store=_Store("shop"),  # type: ignore[arg-type]  # of one run
        clone_of=clone_of,
        is_confined=is_confined,
    )


def shell(command: str, risk: str = "run") -> ev.ApprovalRequested:
    return wants("1", command=command, shell=command, risk_class=risk, because="it runs")


async def test_permission_for_the_run_ends_when_the_script_changes() -> None:
    files = {"package.json": '{"scripts": {"test": "pytest"}}'}
    before = (await assessment(files).assess(RunId("A"), shell("npm test"))).body
    again = (await assessment(files).assess(RunId("A"), shell("npm test"))).body
    files["package.json"] = '{"scripts": {"test": "pytest && true"}}'
    after = (await assessment(files).assess(RunId("A"), shell("npm test"))).body
    assert before.sources == ("package.json",)
    assert permission_of(before) == permission_of(again) != permission_of(after)


async def test_a_script_of_the_clone_makes_a_command_worse_and_never_better() -> None:
    files = {"package.json": '{"scripts": {"go": "git push", "ok": "true"}}'}
    pushed = (await assessment(files).assess(RunId("A"), shell("npm run go"))).body
    kept = (await assessment(files).assess(RunId("A"), shell("npm run ok", "danger"))).body
    assert (pushed.risk_class, kept.risk_class) == ("publish", "danger")


async def test_a_repositorys_rules_hold_and_its_classes_say_whether_people_are_asked() -> None:
    rules: dict[str, Any] = {"risk": {"commands": [{"command": "docker compose up", "risk": "run"}]}}
    lowered = await assessment({}, **rules).assess(RunId("A"), shell("docker compose up", "danger"))
    assert lowered.body.risk_class == "run"
    for risk, confined, expected in (
        ("read", True, True),
        ("write", True, True),
        ("write", False, False),
        ("read", False, True),
        ("run", True, False),
    ):
        found = await assessment({}, is_confined=confined).assess(RunId("A"), wants("1", risk_class=risk))
        assert found.is_allowed is expected, (risk, confined)
    strict = await assessment({}, approvals={"read": {"by": "approver"}}).assess(
        RunId("A"), wants("1", risk_class="read")
    )
    free = await assessment({}, approvals={"run": {"by": "no one"}}).assess(RunId("A"), wants("1", risk_class="run"))
    assert (strict.is_allowed, free.is_allowed) == (False, True)
    claimed = await assessment({}).assess(RunId("A"), ev.ApprovalRequested(approval="1", title="ls", command="ls"))
    assert not claimed.is_allowed  # in words alone
    cut = await assessment({}).assess(RunId("A"), wants("1", risk_class="read", whole=False))
    assert not cut.is_allowed


async def test_a_rule_speaks_of_its_command_alone_not_of_what_stands_beside_it() -> None:
    rules: dict[str, Any] = {
        "risk": {"commands": [{"command": "make ok", "risk": "read"}], "build_folders": ["generated"]}
    }

    async def found(command: str, before: str) -> str | None:
        return (await assessment({}, **rules).assess(RunId("A"), shell(command, before))).body.risk_class

    assert await found("make ok", "run") == "read"
    assert await found("make ok", "danger") == "danger"  # it starts outside the clone, or stands beside another command
    assert await found("rm -rf generated", "danger") == "write"
    assert await found("rm -rf src", "danger") == "danger"
