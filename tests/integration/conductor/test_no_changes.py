"""Runs whose result equals the base: never green, whatever the checks say of the base.

With real git, agents and checks.
"""

import subprocess

import pytest

from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.authority import SourceKind
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentOutcome
from ompycord.domain.records import EffectStatus, EffectUpdate, OutboxKind
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunOutcome, RunState
from tests.integration.conductor.conftest import ADA, AppHarness, MakeHouse
from tests.support.patience import patient
from tests.support.prepared_run import commit_files

AS_SOMEBODY = "git -c user.name=a -c user.email=a@b.example"
COMMITTED = f"echo x >README.md; {AS_SOMEBODY} commit -qam one"
UNCHANGED = {
    "a provider refuses and its program ends well": 'cat >/dev/null; echo "Error: 401 Unauthorized"; exit 0',
    "nothing is said": "cat >/dev/null",
    "changed and put back": "echo x >>README.md; git checkout -q README.md",
    "committed and reverted": f"{COMMITTED}; {AS_SOMEBODY} revert --no-edit HEAD >/dev/null",
    "a commit without content": f"{AS_SOMEBODY} commit -q --allow-empty -m nothing",
    "only ignored files": "mkdir __pycache__; echo x >__pycache__/x.pyc",
    "only an empty folder": "mkdir new",
    "only another time": "touch README.md",
    "only what it says of files": """echo '@ompycord {"schema": "ompycord/event@1", "type": "files.changed", \
"data": {"files": [{"path": "a.py"}], "total": 1, "commit": "%040d", "branch": "main"}}'""".replace("%040d", "a" * 40),
    "only what it says of checks": """echo '@ompycord {"schema": "ompycord/event@1", "type": "check.finished", \
"data": {"check": "unit", "status": "passed"}}'""",
}
CHANGED = {
    "only a mode": ("chmod +x README.md", ["README.md"]),
    "ends of lines that no filter undoes": ("sed -i 's/$/\\r/' README.md", ["README.md"]),
    "an empty file": (": >new", ["new"]),
    "a file removed": ("rm README.md", ["README.md"]),
    "a commit of its own": (COMMITTED, ["README.md"]),
}


def branches(repository: RepositorySpec) -> list[str]:
    listed = subprocess.run(
        ("git", "branch", "--format=%(refname:short)"),
        cwd=repository.path,
        capture_output=True,
        timeout=patient(30),
        check=True,
    )
    return listed.stdout.decode().split()


def assert_without_changes(snapshot: StatusSnapshot) -> None:
    assert (snapshot.state, snapshot.outcome) == (RunState.COMPLETE, RunOutcome.NO_CHANGES)
    assert snapshot.verification is Verification.UNVERIFIED
    assert (snapshot.files, snapshot.files_total, snapshot.commit, snapshot.branch) == ((), 0, None, None)
    assert [check for check in snapshot.checks if check.ours] == []
    assert snapshot.failure is None


@pytest.mark.parametrize("script", UNCHANGED.values(), ids=UNCHANGED)
async def test_a_result_that_equals_the_base_is_no_success_although_its_check_would_pass(
    real_house: MakeHouse, script: str
) -> None:
    harness, sample = await real_house(script)
    async with harness.running():
        record = await harness.submit(repository="sample", agent="script")
        snapshot = await harness.ended(record.id)
        await harness.settled(record.id)
    assert_without_changes(snapshot)
    assert snapshot.last_words == ("Error: 401 Unauthorized" if "401" in script else None)
    assert branches(sample) == ["main"]
    kinds = [row.kind for row in await harness.store.outbox()]
    assert kinds == [OutboxKind.SUMMARY, OutboxKind.THREAD, OutboxKind.CARD, OutboxKind.RESULT]


async def test_ends_of_lines_that_gits_own_filter_undoes_are_no_change(real_house: MakeHouse) -> None:
    harness, sample = await real_house("cat >/dev/null; sed -i 's/$/\\r/' README.md")
    assert sample.path is not None
    commit_files(sample.path, {".gitattributes": "* text=auto\n"})
    async with harness.running():
        record = await harness.submit(repository="sample", agent="script")
        snapshot = await harness.ended(record.id)
    assert_without_changes(snapshot)
    assert branches(sample) == ["main"]


@pytest.mark.parametrize(("script", "paths"), CHANGED.values(), ids=CHANGED)
async def test_whatever_git_calls_a_change_is_checked_and_published(
    real_house: MakeHouse, script: str, paths: list[str]
) -> None:
    harness, sample = await real_house(script)
    async with harness.running():
        record = await harness.submit(repository="sample", agent="script")
        snapshot = await harness.ended(record.id)
    assert (snapshot.outcome, snapshot.verification) == (None, Verification.VERIFIED)
    assert [file.path for file in snapshot.files] == paths
    assert branches(sample) == ["main", snapshot.branch]


@pytest.mark.parametrize("mode", ["fast", "standard"])
async def test_in_no_mode_is_anything_checked_or_published_where_nothing_was_changed(
    harness: AppHarness, mode: str
) -> None:
    harness.agent.writes = {}
    async with harness.running():
        record = await harness.submit(mode=mode)
        snapshot = await harness.ended(record.id)
        await harness.settled(record.id)
    assert_without_changes(snapshot)
    assert (snapshot.summary, snapshot.message) == ("Done, it says.", "The agent changed nothing in the repository.")
    assert (harness.checks.ran, harness.workspaces.branches) == ([], {})
    assert await harness.workspaces.workspace(RunId(record.id)) is None
    kept = await harness.store.run(RunId(record.id))
    assert kept is not None
    assert kept.outcome is RunOutcome.NO_CHANGES


async def test_an_agent_that_failed_and_changed_nothing_has_failed(harness: AppHarness) -> None:
    harness.agent.writes, harness.agent.outcome = {}, AgentOutcome(claim=False, message="I cannot do this.")
    async with harness.running():
        record = await harness.submit()
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.outcome, snapshot.message) == (RunState.FAILED, None, "I cannot do this.")


async def test_a_resumed_run_has_what_its_earlier_round_changed(harness: AppHarness) -> None:
    harness.agent.writes = {}
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.began()
        (harness.agent.jobs[0].cwd / "half.txt").write_text("half done\n")
        await harness.areas.runs.stop(await harness.areas.record(run), ADA)
        await harness.in_state(run, RunState.SUSPENDED)
        harness.agent.release()
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        snapshot = await harness.ended(run)
    assert (snapshot.outcome, snapshot.verification) == (None, Verification.VERIFIED)
    assert [file.path for file in snapshot.files] == ["half.txt"]


async def test_a_run_whose_later_round_takes_everything_back_is_without_changes(harness: AppHarness) -> None:
    async with harness.running():
        harness.agent.hold()
        run = RunId((await harness.submit()).id)
        await harness.began()
        (harness.agent.jobs[0].cwd / "half.txt").write_text("half done\n")
        harness.agent.began.clear()
        await harness.areas.messages.send_message(await harness.areas.record(run), "Take that back.", "restart", ADA)
        await harness.began()
        (harness.agent.jobs[1].cwd / "half.txt").unlink()
        harness.agent.writes = {}
        harness.agent.release()
        snapshot = await harness.ended(run)
    assert_without_changes(snapshot)
    assert snapshot.iteration == 2


async def test_a_run_without_changes_can_be_run_again(harness: AppHarness) -> None:
    harness.agent.writes = {}
    async with harness.running():
        first = await harness.submit()
        await harness.ended(first.id)
        harness.agent.writes = {"total.py": "x = 1\n"}
        snapshot = await harness.ended((await harness.submit()).id)
        before = await harness.ended(first.id)
    assert (snapshot.outcome, snapshot.verification) == (None, Verification.VERIFIED)
    assert_without_changes(before)


async def test_a_result_that_an_earlier_version_collected_is_not_made_green_by_its_checks(harness: AppHarness) -> None:
    """Stopped while its checks ran, with nothing changed; then a version that knows better resumes it."""
    harness.agent.writes = {}
    run = RunId((await harness.submit()).id)
    await harness.workspaces.prepare(run, harness.catalog.repository("shop"), base=None)
    await harness.workspaces.collect(run, harness.catalog.repository("shop"), message="m")
    transitions = Transitions(store=harness.store, clock=harness.clock, ids=harness.ids)
    await transitions.decide(run, ev.RunDequeued(), kind=SourceKind.OMPYCORD)
    for key in ("prepare:1", "build:1", "collect:1"):
        facts = {"claim": True} if key == "build:1" else {}
        done = EffectUpdate(run=run, key=key, status=EffectStatus.DONE, at=harness.clock.now_ms(), outcome="ok")
        ended = ev.EffectFinished.model_validate({"key": key, "outcome": "ok", "facts": facts})
        await transitions.decide(run, ended, kind=SourceKind.OMPYCORD, journal=done)
    await harness.areas.runs.stop(await harness.areas.record(run), ADA)
    async with harness.running():
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        snapshot = await harness.ended(run)
    assert harness.checks.ran == ["unit"]
    assert (snapshot.state, snapshot.outcome) == (RunState.COMPLETE, RunOutcome.NO_CHANGES)
    assert snapshot.verification is Verification.UNVERIFIED
    assert harness.workspaces.branches == {}
