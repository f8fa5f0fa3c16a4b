"""What an earlier process left is found at the start: clones of runs that are over go, what is at work stays."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from ompycord.app.recovery.report import Recovered, keep_recovered, recovery_finding
from ompycord.app.recovery.search import RecoverySearch
from ompycord.domain.effects import Publish, effect_key
from ompycord.domain.events import LeftOut
from ompycord.domain.ids import RunId, new_ulid, short_id
from ompycord.domain.records import Commit, EffectRow
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunState
from ompycord.errors import WorkspaceError
from ompycord.render.render_context import RenderContext
from ompycord.render.reports.recovered import recovered_message
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.repositories import Repositories
from ompycord.workspaces.retention.left_refs import LeftRefs
from ompycord.workspaces.sample import make_sample
from ompycord.workspaces.service import GitWorkspaces
from tests.integration.conductor.conftest import ADA, AppHarness
from tests.support.patience import patient

pytestmark = pytest.mark.posix


class Left:
    """Clones of real git beside runs of a real store."""

    def __init__(self, harness: AppHarness, data: Path) -> None:
        self.harness = harness
        self.data = data
        path = os.environ["PATH"]
        self.repositories = Repositories(folder=data / "repositories", git=Git(path=path))
        self.repository = RepositorySpec(name="sample", path=data / "sample")
        self.secret: str | None = None
        """A text that an agent was granted."""
        self.workspaces = GitWorkspaces(
            folder=data / "workspaces",
            repositories=data / "repositories",
            git=Git(path=path),
            launcher=UnconfinedLauncher(path=path),
        )

    async def clone(self, run: str, *, result: bool = True) -> Path:
        """The clone of a run, with a collected result."""
        repository = await make_sample(self.data / "sample", git=Git(path=os.environ["PATH"]))
        prepared = await self.workspaces.prepare(RunId(run), repository, base=None)
        if result:
            (prepared.path / "new.txt").write_text("new\n")
            await self.workspaces.collect(RunId(run), repository, message="work")
        return prepared.path

    async def _keep(self, run: RunId) -> Sequence[LeftOut]:
        def granted(text: str) -> str | None:
            return "TOKEN" if self.secret is not None and self.secret in text else None

        return await self.workspaces.keep_uncollected(run, granted=granted)

    def search(self, *, ops_channel: str | None = None) -> RecoverySearch:
        return RecoverySearch(
            store=self.harness.store,
            folder=self.data / "workspaces",
            discard=self.workspaces.discard,
            keep=self._keep,
            prune_refs=LeftRefs(repositories=self.repositories, specs=(self.repository,)).prune,
            data=self.data,
            clock=self.harness.clock,
            ops_channel=ops_channel,
        )


@pytest.fixture
def left(harness: AppHarness, tmp_path: Path) -> Left:
    return Left(harness, tmp_path / "left")


def unknown() -> str:
    return new_ulid(now_ms=0, entropy=os.urandom(10))


async def test_clones_of_runs_that_are_over_or_unknown_are_removed_with_their_results_kept(left: Left) -> None:
    async with left.harness.running():
        ended = await left.harness.submit()
        await left.harness.ended(ended.id)
        await left.harness.settled(ended.id)
    other = unknown()
    clones = [await left.clone(ended.id), await left.clone(other)]
    found = await left.search().search()
    assert set(found.cleaned) == {short_id(ended.id), short_id(other)}
    assert not any(clone.exists() for clone in clones)
    for run in (ended.id, other):
        assert (left.data / "workspaces" / run / "result.git").is_dir()
        assert (left.data / "workspaces" / run / "diff.patch").is_file()
    assert (await left.search().search()).cleaned == ()


def shell(folder: Path, script: str) -> str:
    ended = subprocess.run(
        ("sh", "-ec", script), check=False, cwd=folder, capture_output=True, text=True, timeout=patient(30)
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


AS_SOMEONE = "git -c user.name=a -c user.email=a@b.example"
LEFTOVERS = {
    "in the middle of a rebase": f"""
        {AS_SOMEONE} commit -q --allow-empty -m first
        git checkout -q -b other HEAD~1; echo theirs >README.md; {AS_SOMEONE} commit -qam theirs
        git checkout -q -; echo ours >README.md; {AS_SOMEONE} commit -qam ours
        ! {AS_SOMEONE} rebase -q other >/dev/null 2>&1
        test -d .git/rebase-merge
    """,
    "locked": "touch .git/index.lock .git/HEAD.lock .git/packed-refs.lock",
    "detached": f"git checkout -q --detach; echo more >README.md; {AS_SOMEONE} commit -qam detached",
}


@pytest.mark.parametrize("state", LEFTOVERS)
@pytest.mark.parametrize("result", [True, False], ids=["with a result", "without one"])
async def test_work_that_no_result_has_is_kept_whatever_state_git_was_killed_in(
    left: Left, state: str, result: bool
) -> None:
    run = unknown()
    clone = await left.clone(run, result=result)
    shell(clone, LEFTOVERS[state])
    (clone / "last.txt").write_text("not collected\n")
    found = await left.search().search()
    assert (found.cleaned, found.kept, found.stuck) == ((short_id(run),), (short_id(run),), ())
    assert not clone.exists()
    kept = left.data / "workspaces" / run / "result.git"
    refs = shell(kept, "git for-each-ref --format='%(refname)' refs/ompycord/left").splitlines()
    assert any(shell(kept, f"git show {ref}:last.txt 2>/dev/null || true") == "not collected" for ref in refs)
    if result:
        assert shell(kept, "git show refs/heads/result:new.txt") == "new"
    finding = recovery_finding_of(left, found)
    assert "had work in it that no result has, kept as refs/ompycord/left/" in finding


def recovery_finding_of(left: Left, found: Recovered) -> str:
    left.data.mkdir(exist_ok=True)
    keep_recovered(left.data, found)
    return recovery_finding(left.data).text


async def test_a_clone_whose_work_holds_a_secret_stays_and_is_named(left: Left) -> None:
    run = unknown()
    clone = await left.clone(run)
    (clone / "last.txt").write_text("hunter2\n")
    left.secret = "hunter2"
    found = await left.search().search()
    assert (found.cleaned, found.stuck, clone.is_dir()) == ((), (short_id(run),), True)


async def test_what_a_cancelled_run_had_is_lost_as_was_said(left: Left) -> None:
    async with left.harness.running():
        left.harness.agent.hold()
        record = await left.harness.submit()
        await left.harness.began()
        await left.harness.areas.runs.cancel(await left.harness.areas.record(RunId(record.id)), ADA)
        await left.harness.ended(record.id)
        await left.harness.settled(record.id)
    clone = await left.clone(record.id)
    (clone / "last.txt").write_text("not collected\n")
    found = await left.search().search()
    assert (found.cleaned, found.kept) == ((short_id(record.id),), ())


async def test_a_ref_that_a_crash_left_in_a_repository_goes_and_those_of_others_stay(left: Left) -> None:
    async with left.harness.running():
        ended = await left.harness.submit()
        await left.harness.ended(ended.id)
        await left.harness.settled(ended.id)
    at_work = await left.harness.submit()
    await make_sample(left.data / "sample", git=Git(path=os.environ["PATH"]))
    runs = (ended.id, at_work.id, unknown())
    names = [name for run in runs for name in (f"refs/ompycord/base/{run}", f"refs/ompycord/{run}.git")]
    names += [f"refs/ompycord/kept/{ended.id}/stash", "refs/ompycord/forge/sample"]
    for name in names:
        shell(left.data / "sample", f"git update-ref {name} HEAD")
    await left.search().run()
    there = shell(left.data / "sample", "git for-each-ref --format='%(refname)' refs/ompycord").splitlines()
    assert set(names) - set(there) == {f"refs/ompycord/base/{ended.id}", f"refs/ompycord/{ended.id}.git"}


async def test_refs_of_runs_that_have_ended_stay_while_something_is_left_to_do_or_a_clone_is_there(left: Left) -> None:
    async with left.harness.running():
        publishing, set_aside = [await left.harness.submit() for _ in range(2)]
        for record in (publishing, set_aside):
            await left.harness.ended(record.id)
            await left.harness.settled(record.id)
    left_to_do = Publish(iteration=2)
    row = EffectRow(run=RunId(publishing.id), key=effect_key(left_to_do), effect=left_to_do, created_at=0)
    await left.harness.store.commit(Commit(writes=(row,)))
    await left.clone(set_aside.id)
    await left.workspaces.set_aside(RunId(set_aside.id), "It wrote too much.")
    for run in (publishing.id, set_aside.id):
        shell(left.data / "sample", f"git update-ref refs/ompycord/{run}.git HEAD")
    await left.search().run()
    there = shell(left.data / "sample", "git for-each-ref --format='%(refname)' refs/ompycord").splitlines()
    assert {f"refs/ompycord/{run}.git" for run in (publishing.id, set_aside.id)} <= set(there)


async def test_the_clone_of_a_run_that_is_at_work_stays_and_the_run_is_named(left: Left) -> None:
    record = await left.harness.submit()
    assert record.state is RunState.QUEUED
    clone = await left.clone(record.id)
    found = await left.search().search()
    assert (found.cleaned, clone.is_dir()) == ((), True)


async def test_a_clone_that_was_set_aside_is_left_to_people(left: Left) -> None:
    run = unknown()
    clone = await left.clone(run)
    await left.workspaces.set_aside(RunId(run), "It wrote too much.")
    assert (await left.search().search()).cleaned == ()
    assert clone.is_dir()


async def test_what_cannot_be_removed_is_named_and_told_by_doctor(left: Left, monkeypatch: pytest.MonkeyPatch) -> None:
    run = unknown()
    await left.clone(run)

    async def refuses(run: RunId) -> None:
        raise WorkspaceError("no")

    monkeypatch.setattr(left.workspaces, "discard", refuses)
    await left.search().run()
    finding = recovery_finding(left.data)
    assert finding.status == "warn"
    assert short_id(run) in finding.text


def test_doctor_says_what_the_last_start_found(tmp_path: Path) -> None:
    assert recovery_finding(tmp_path).text == "no start was recorded yet"
    keep_recovered(tmp_path, Recovered(at=1))
    assert recovery_finding(tmp_path).text == "the last start found nothing left behind"
    keep_recovered(tmp_path, Recovered(at=1, resumed=("aaaaaa", "bbbbbb"), cleaned=("cccccc",)))
    assert recovery_finding(tmp_path).text == (
        "at the last start 2 runs went on (aaaaaa and bbbbbb); 1 run left a clone that was removed (cccccc)"
    )


def unsigned(action: str, run: str) -> str:
    """A notice has no button."""
    raise AssertionError(action)


async def test_operators_are_told_once_in_their_channel_with_counts_and_no_ping(left: Left) -> None:
    async with left.harness.running():
        ended = await left.harness.submit()
        await left.harness.ended(ended.id)
        await left.harness.settled(ended.id)
    await left.clone(ended.id)
    await left.clone(unknown())
    await left.search(ops_channel="300000000000000009").run()
    await left.search(ops_channel="300000000000000009").run()  # nothing is left by then
    rows = [row for row in await left.harness.store.outbox(limit=500) if row.ref.startswith("recovered:")]
    assert [(row.run, row.body) for row in rows] == [(ended.id, {"channel": "300000000000000009"})]
    snapshot = await left.harness.snapshots.of(RunId(ended.id))
    assert snapshot is not None
    shown = recovered_message(snapshot, RenderContext(), rows[0].ref, sign=unsigned, redact=str)
    assert "2 clones of runs that are over removed, results kept. `ompycord doctor` names them." in str(shown)


async def test_a_start_that_finds_nothing_tells_nobody(left: Left) -> None:
    await left.search(ops_channel="300000000000000009").run()
    assert not [row for row in await left.harness.store.outbox(limit=500) if row.ref.startswith("recovered:")]
