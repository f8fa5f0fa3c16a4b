"""What ended runs keep: the oldest goes first, what is on no branch is archived before, what is in use stays."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.app.recovery.retention import ResultKeeper, results_finding
from ompycord.domain.ids import RunId, new_ulid, short_id
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunKind, RunRecord, RunState
from ompycord.testing import FakeClock
from ompycord.workspaces.git import Git
from ompycord.workspaces.repositories import Repositories
from ompycord.workspaces.retention.kept_results import KeptResult, KeptResults, due_results
from ompycord.workspaces.service import GitWorkspaces
from ompycord.workspaces.session_limits import SessionLimits

pytestmark = pytest.mark.posix
DAY_MS = 86_400_000
MIB = 1_048_576


def kept(age_days: int, mib: int, *, is_on_branch: bool = True) -> KeptResult:
    run = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))
    return KeptResult(run, 1000 * DAY_MS - age_days * DAY_MS, mib * MIB, is_on_branch)


def test_the_oldest_go_by_age_and_until_all_fit() -> None:
    old, middle, new = kept(200, 1), kept(20, 900), kept(1, 300)
    now, all_of_them = 1000 * DAY_MS, (old, middle, new)
    assert due_results(all_of_them, SessionLimits(), now) == (old,)
    assert due_results(all_of_them, SessionLimits(results_mib=500), now) == (old, middle)
    assert due_results(all_of_them, SessionLimits(results_days=0), now) == ()


class Store:
    """Runs by their id; all others are unknown."""

    def __init__(self, **states: RunState) -> None:
        self._states = states

    async def run(self, run: RunId) -> RunRecord | None:
        state = self._states.get(run)
        if state is None:
            return None
        return RunRecord(id=run, kind=RunKind.HOSTED, task=None, state=state, created_at=0, updated_at=0)


class Three:
    """A result on a branch, one on none, and a clone in which an agent works."""

    def __init__(self, workspaces: GitWorkspaces, repository: RepositorySpec, data: Path) -> None:
        self.workspaces = workspaces
        self.repository = repository
        self.data = data
        self.runs = [RunId(new_ulid(now_ms=number, entropy=os.urandom(10))) for number in range(3)]

    async def make(self) -> None:
        for number, run in enumerate(self.runs):
            prepared = await self.workspaces.prepare(run, self.repository, base=None)
            (prepared.path / "new.txt").write_text(f"{number}\n")
            await self.workspaces.collect(run, self.repository, message="work")
        await self.workspaces.publish(self.runs[0], self.repository, branch="ompycord/first")
        for run in self.runs[:2]:
            await self.workspaces.discard(run)

    def keeper(self, store: Store, limits: SessionLimits) -> ResultKeeper:
        git = Git(path=os.environ["PATH"])
        results = KeptResults(
            folder=self.data / "workspaces",
            archive=self.data / "archive",
            git=git,
            repositories=Repositories(folder=self.data / "repositories", git=git),
        )
        return ResultKeeper(results=results, store=store, limits=limits, clock=FakeClock())  # pyright: ignore[reportArgumentType]  # it reads rows alone

    def left(self) -> list[RunId]:
        return [run for run in self.runs if (self.data / "workspaces" / run).is_dir()]


@pytest.fixture
async def three(workspaces: GitWorkspaces, repository: RepositorySpec, tmp_path: Path) -> Three:
    made = Three(workspaces, repository, tmp_path / "data")
    await made.make()
    return made


FULL = SessionLimits(results_days=0, results_mib=1)


async def test_what_is_on_no_branch_is_archived_whole_and_a_clone_stays(
    three: Three, origin: Path, shell: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ompycord.workspaces.retention.kept_results._MIB", 1)
    on_branch, alone, at_work = three.runs
    await three.keeper(Store(), FULL).prune()
    assert three.left() == [at_work]
    assert [path.name for path in (three.data / "archive").iterdir()] == [alone]
    archived = three.data / "archive" / alone
    assert "+1" in (archived / "diff.patch").read_text()
    shell("fetch", "--quiet", str(archived / "result.bundle"), "refs/heads/result:back", cwd=origin)
    assert shell("show", "back:new.txt", cwd=origin).strip() == "1"
    assert on_branch not in three.left()


async def test_what_is_kept_beside_a_result_is_archived_and_its_refs_go_from_the_repository(
    three: Three, origin: Path, shell: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ompycord.workspaces.retention.kept_results._MIB", 1)
    at_work = three.runs[2]
    clone = three.data / "workspaces" / at_work / "clone"
    (clone / "new.txt").write_text("put aside\n")
    shell("-c", "user.name=a", "-c", "user.email=a@b.example", "stash", "--quiet", "--include-untracked", cwd=clone)
    (clone / "new.txt").write_text("the result\n")
    await three.workspaces.collect(at_work, three.repository, message="work")
    await three.workspaces.publish(at_work, three.repository, branch="ompycord/third")
    await three.workspaces.discard(at_work)
    assert at_work in shell("for-each-ref", "refs/ompycord/kept", cwd=origin)
    await three.keeper(Store(), FULL).prune()
    assert three.left() == []
    assert shell("for-each-ref", "refs/ompycord", cwd=origin) == ""
    bundle = three.data / "archive" / at_work / "result.bundle"
    assert "refs/ompycord/kept/" in shell("bundle", "list-heads", str(bundle), cwd=origin)


async def test_runs_that_are_open_and_a_dry_run_lose_nothing_and_doctor_names_what_is_due(
    three: Three, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ompycord.workspaces.retention.kept_results._MIB", 1)
    first, second, third = three.runs
    await three.keeper(Store(), FULL.model_copy(update={"results_dry_run": True})).prune()
    assert three.left() == [first, second, third]
    line = results_finding(three.data, FULL, 0)
    assert line.text.startswith("2 ended runs with 0 MiB of 1; ")
    assert line.text.endswith(" go next, 1 archived first")
    assert all(short_id(run) in line.text for run in (first, second))
    await three.keeper(Store(**{first: RunState.SUSPENDED}), FULL).prune()
    assert three.left() == [first, third]


async def test_what_was_collected_after_it_was_published_is_archived(
    three: Three, origin: Path, shell: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ompycord.workspaces.retention.kept_results._MIB", 1)
    later = three.runs[2]
    await three.workspaces.publish(later, three.repository, branch="ompycord/later")
    prepared = await three.workspaces.workspace(later)
    assert prepared is not None
    (prepared.path / "new.txt").write_text("of the next round\n")
    await three.workspaces.collect(later, three.repository, message="work")
    await three.workspaces.discard(later)
    await three.keeper(Store(), FULL).prune()
    assert three.left() == []
    bundle = three.data / "archive" / later / "result.bundle"
    shell("fetch", "--quiet", str(bundle), "refs/heads/result:back", cwd=origin)
    assert shell("show", "back:new.txt", cwd=origin).strip() == "of the next round"


async def test_what_cannot_be_archived_is_not_removed(three: Three, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ompycord.workspaces.retention.kept_results._MIB", 1)
    (three.data / "archive").write_text("in the way")
    await three.keeper(Store(), FULL).prune()
    assert three.left() == three.runs[1:]
