"""After a crash at any call of git the same step begins again and gives the same result."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.processes import Completed, ProcessSpec, launch
from ompycord.workspaces.git import Git
from ompycord.workspaces.service import GitWorkspaces
from tests.support.patience import within

Shell = Callable[..., str]


class Crash(Exception):
    """The process is gone: what was done is done, nothing more is."""


class CrashingGit(Git):
    """Real git, until it has been called so many times."""

    calls_left = 10**9

    async def attempt(self, *arguments: str, **more: Any) -> Completed:
        if self.calls_left == 0:
            raise Crash
        self.calls_left -= 1
        return await super().attempt(*arguments, **more)


@pytest.fixture
def git() -> CrashingGit:
    return CrashingGit(path=os.environ["PATH"])


async def crash_everywhere(git: CrashingGit, step: Callable[[], Any], *, every: int = 1) -> int:
    """Runs `step` with a crash at its first, second, … call until it gets through; after how many it did.

    `every`: only at each so many of them.
    """
    for calls in range(0, 100, every):
        git.calls_left = calls
        try:
            await step()
        except Crash:
            continue
        finally:
            git.calls_left = 10**9
        return calls
    raise AssertionError("a step without end")


async def test_prepare_after_every_crash(
    workspaces: GitWorkspaces, git: CrashingGit, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell
) -> None:
    crashes = await crash_everywhere(git, lambda: workspaces.prepare(run, repository, base=None))
    assert crashes > 5
    prepared = await workspaces.workspace(run)
    assert prepared is not None
    assert shell("status", "--porcelain", cwd=prepared.path) == ""
    assert shell("rev-parse", "HEAD", cwd=prepared.path) == shell("rev-parse", "main", cwd=origin)


async def test_a_half_made_workspace_is_none(
    workspaces: GitWorkspaces, git: CrashingGit, repository: RepositorySpec, run: RunId
) -> None:
    git.calls_left = 6
    with pytest.raises(Crash):
        await workspaces.prepare(run, repository, base=None)
    assert await workspaces.workspace(run) is None
    with pytest.raises(WorkspaceError, match="no workspace"):
        await workspaces.collect(run, repository, message="m")


async def test_harvest_and_publish_after_every_crash(
    workspaces: GitWorkspaces, git: CrashingGit, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("changed\n")
    harvests = await crash_everywhere(git, lambda: workspaces.collect(run, repository, message="m"))
    first = await workspaces.collect(run, repository, message="m")
    again = await workspaces.collect(run, repository, message="m")
    publications = await crash_everywhere(git, lambda: workspaces.publish(run, repository, branch="ompycord/x"))

    assert harvests > 8
    assert publications > 4
    assert first == again
    assert shell("rev-parse", "ompycord/x", cwd=origin) == first.commit
    assert shell("branch", "--list", "ompycord/*", "--format=%(refname:short)", cwd=origin) == "ompycord/x"
    kept = shell("for-each-ref", "--format=%(refname)", "refs/ompycord", cwd=origin)
    assert kept == f"refs/ompycord/base/{run}"
    await crash_everywhere(git, lambda: workspaces.discard(run))
    assert shell("for-each-ref", "refs/ompycord", cwd=origin) == ""


async def test_going_back_after_every_crash_keeps_what_had_no_result_once(
    workspaces: GitWorkspaces, git: CrashingGit, repository: RepositorySpec, run: RunId, run_folder: Path, shell: Shell
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    commits: list[str] = []
    for content in ("first\n", "second\n"):
        (clone / "a.txt").write_text(content)
        commits.append((await workspaces.collect(run, repository, message="m")).commit or "")
    (clone / "a.txt").write_text("not collected\n")
    first = commits[0]
    crashes = await crash_everywhere(
        git, lambda: workspaces.roll_back(run, first, branch="x", key="rollback:3"), every=5
    )
    assert crashes > 20
    back = await workspaces.roll_back(run, first, branch="x", key="rollback:3")
    assert (back.commit, (clone / "a.txt").read_text()) == (first, "first\n")
    (left,) = back.left_out
    result = run_folder / "result.git"
    assert shell("show", f"{left.ref}:a.txt", cwd=result) == "not collected"
    kept = shell("for-each-ref", "--format=%(refname)", "refs/ompycord/left", cwd=result).splitlines()
    assert set(kept) == {left.ref, f"refs/ompycord/left/{commits[1]}"}
    assert len(kept) == 2
    again = await workspaces.roll_back(run, first, branch="x", key="rollback:4")
    assert again.left_out == (), "another time, before which nothing was changed"


async def test_what_an_agent_was_granted_is_not_kept_where_it_is_put_back(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, run_folder: Path, shell: Shell
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("first\n")
    first = (await workspaces.collect(run, repository, message="m")).commit or ""
    (clone / "a.txt").write_text("hunter2\n")
    back = await workspaces.roll_back(
        run, first, branch="x", key="rollback:2", granted=lambda text: "TOKEN" if "hunter2" in text else None
    )
    assert [piece.ref for piece in back.left_out] == [None]
    assert "what the agent changed since is gone" in back.left_out[0].what
    assert shell("for-each-ref", "refs/ompycord/left", cwd=run_folder / "result.git") == ""


async def test_what_a_crash_left_running_is_ended_first(
    workspaces: GitWorkspaces, after_crash: GitWorkspaces, repository: RepositorySpec, run: RunId, tmp_path: Path
) -> None:
    await workspaces.prepare(run, repository, base=None)
    writes_on = ProcessSpec(
        argv=(sys.executable, "-c", "import time; time.sleep(300)"), env={}, cwd=tmp_path, marker=f"{run}.git"
    )
    async with within(60), launch(writes_on) as left_over:
        await after_crash.prepare(run, repository, base=None)
        ended = await left_over.wait()
    assert ended.signal == 9


async def test_a_damaged_record_is_named_and_a_new_start_heals_it(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, run_folder: Path
) -> None:
    await workspaces.prepare(run, repository, base=None)
    (run_folder / "meta.json").write_text('{"half"')
    with pytest.raises(WorkspaceError, match=r"meta\.json cannot be read"):
        await workspaces.workspace(run)
    await workspaces.prepare(run, repository, base=None)
    assert await workspaces.workspace(run) is not None


@pytest.mark.parametrize("run", [RunId("../x"), RunId("x"), RunId("")])
async def test_a_run_id_that_is_a_path_is_refused(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId
) -> None:
    with pytest.raises(WorkspaceError, match="ULID"):
        await workspaces.prepare(run, repository, base=None)
