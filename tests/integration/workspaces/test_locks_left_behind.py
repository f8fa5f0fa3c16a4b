"""git that is killed in the middle leaves its locks; the next try removes those that are surely ours, and no others."""

from pathlib import Path

import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.service import GitWorkspaces
from tests.integration.workspaces.conftest import Shell

BRANCH = "ompycord/x"


async def begun(workspaces: GitWorkspaces, run: RunId, repository: RepositorySpec) -> Path:
    prepared = await workspaces.prepare(run, repository, base=None)
    (prepared.path / "new.txt").write_text("new\n")
    return prepared.path.parent


def leave(folder: Path, *names: str, content: str = "") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


async def test_a_harvest_that_was_killed_inside(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId
) -> None:
    """On its index while it adds files, beside a bundle while it writes that."""
    folder = await begun(workspaces, run, repository)
    leave(folder / "tmp", "harvest.git/index.lock", "harvest.git/HEAD.lock", "result.bundle", "result.bundle.lock")
    assert (await workspaces.collect(run, repository, message="m")).total == 1


async def test_a_harvest_that_was_killed_while_the_host_takes_it_over(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId
) -> None:
    folder = await begun(workspaces, run, repository)
    leave(folder / "result.git", "refs/heads/result.lock", "refs/ompycord/arriving.lock", "packed-refs.lock")
    assert (await workspaces.collect(run, repository, message="m")).total == 1


@pytest.mark.parametrize("is_written", [True, False])
async def test_a_publication_that_was_killed(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell, is_written: bool
) -> None:
    await begun(workspaces, run, repository)
    commit = (await workspaces.collect(run, repository, message="m")).commit
    assert commit is not None
    leave(origin / ".git", f"refs/ompycord/{run}.git.lock")
    leave(origin / ".git", f"refs/heads/{BRANCH}.lock", content=f"{commit}\n" if is_written else "")
    await workspaces.publish(run, repository, branch=BRANCH)
    assert shell("rev-parse", BRANCH, cwd=origin) == commit


async def test_a_lock_that_somebody_else_holds_stays(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path
) -> None:
    await begun(workspaces, run, repository)
    await workspaces.collect(run, repository, message="m")
    leave(origin / ".git", f"refs/heads/{BRANCH}.lock", content="0" * 40 + "\n")
    with pytest.raises(WorkspaceError, match="update-ref"):
        await workspaces.publish(run, repository, branch=BRANCH)
    assert (origin / ".git" / f"refs/heads/{BRANCH}.lock").exists()


async def test_a_fetch_that_was_killed(workspaces: GitWorkspaces, run: RunId, origin: Path, tmp_path: Path) -> None:
    far = RepositorySpec(name="far", address=origin.as_uri())
    await workspaces.prepare(run, far, base=None)
    (origin / "later.txt").write_text("later\n")
    cache = tmp_path / "data/repositories/far.git"
    (cache / "refs/remotes/origin/next").unlink(missing_ok=True)
    leave(cache, "shallow.lock", "refs/remotes/origin/next.lock")
    assert await workspaces.prepare(run, far, base="next")
