"""What every implementation of the ports `Workspaces` and `WorkResults` owes the engine.

Add another to `IMPLEMENTATIONS`.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from ompycord.domain.events import LeftOut
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import WorkResults, Workspaces
from ompycord.domain.ports.trees import tree_name
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ResultWithheld, WorkspaceError
from ompycord.testing import FakeWorkspaces
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample
from ompycord.workspaces.service import GitWorkspaces

# Of this process alone: the end of a program sweeps whatever carries its run's id, whoever started that.
RUN = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))
OTHER = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))


class Clones(Workspaces, WorkResults, Protocol):
    """Both ports, as one class implements them."""

    async def keep_uncollected(
        self, run: RunId, *, granted: Callable[[str], str | None] | None
    ) -> tuple[LeftOut, ...]: ...


def with_git(at: Path) -> Clones:
    path = os.environ["PATH"]
    launcher = UnconfinedLauncher(path=path)
    return GitWorkspaces(
        folder=at / "workspaces", repositories=at / "repositories", git=Git(path=path), launcher=launcher
    )


def in_plain_folders(at: Path) -> Clones:
    return FakeWorkspaces(at / "workspaces")


IMPLEMENTATIONS: list[Callable[[Path], Clones]] = [with_git, in_plain_folders]


@pytest.fixture(params=IMPLEMENTATIONS)
def workspaces(request: pytest.FixtureRequest, tmp_path: Path) -> Clones:
    return request.param(tmp_path)


@pytest.fixture
async def repository(tmp_path: Path) -> RepositorySpec:
    return await make_sample(tmp_path / "repositories/sample", git=Git(path=os.environ["PATH"]))


async def test_a_run_without_a_workspace_has_none(workspaces: Clones, repository: RepositorySpec) -> None:
    assert await workspaces.workspace(RUN) is None
    await workspaces.discard(RUN)
    with pytest.raises(WorkspaceError):
        await workspaces.collect(RUN, repository, message="m")
    with pytest.raises(WorkspaceError):
        await workspaces.publish(RUN, repository, branch="b")


async def test_what_came_with_the_task_lies_beside_the_clone_and_is_no_part_of_the_result(
    workspaces: Clones, repository: RepositorySpec
) -> None:
    with pytest.raises(WorkspaceError):
        await workspaces.write_file(RUN, "a.png", b"1")
    prepared = await workspaces.prepare(RUN, repository, base=None)
    folder = await workspaces.write_file(RUN, "a.png", b"1")
    assert (
        await workspaces.write_file(RUN, "b.txt", b"22") == folder == await workspaces.write_file(RUN, "a.png", b"333")
    )
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == {"a.png": b"333", "b.txt": b"22"}
    assert not folder.is_relative_to(prepared.path)
    assert (await workspaces.collect(RUN, repository, message="m")).total == 0
    await workspaces.discard(RUN)
    assert not folder.exists()


async def test_preparing_again_begins_afresh_from_the_same_commit(
    workspaces: Clones, repository: RepositorySpec
) -> None:
    first = await workspaces.prepare(RUN, repository, base=None)
    (first.path / "README.md").write_text("changed\n")
    (first.path / "extra").write_text("x")

    second = await workspaces.prepare(RUN, repository, base=None)

    assert second == first == await workspaces.workspace(RUN)
    assert (second.path / "README.md").read_text() != "changed\n"
    assert not (second.path / "extra").is_file()
    assert (await workspaces.collect(RUN, repository, message="m")).commit is None


async def test_every_step_may_be_repeated(workspaces: Clones, repository: RepositorySpec) -> None:
    clone = (await workspaces.prepare(RUN, repository, base=None)).path
    (clone / "README.md").write_text("changed\n")

    first = await workspaces.collect(RUN, repository, message="m")
    assert await workspaces.collect(RUN, repository, message="m") == first
    published = await workspaces.publish(RUN, repository, branch="ompycord/b")
    assert await workspaces.publish(RUN, repository, branch="ompycord/b") == published
    await workspaces.discard(RUN)
    await workspaces.discard(RUN)

    assert first.commit is not None
    assert (published.branch, published.commit) == ("ompycord/b", first.commit)
    assert [(file.path, file.status) for file in first.files] == [("README.md", "modified")]
    assert await workspaces.workspace(RUN) is None


async def test_what_holds_a_granted_secret_is_held_back_by_its_name(
    workspaces: Clones, repository: RepositorySpec
) -> None:
    def granted(text: str) -> str | None:
        return "MODEL_KEY" if "a-granted-secret" in text else None

    clone = (await workspaces.prepare(RUN, repository, base=None)).path
    (clone / "README.md").write_text("it is a-granted-secret\n")
    with pytest.raises(ResultWithheld, match="MODEL_KEY"):
        await workspaces.collect(RUN, repository, message="m", granted=granted)
    assert await workspaces.result(RUN) is None
    (clone / "README.md").write_text("it is in MODEL_KEY\n")
    assert (await workspaces.collect(RUN, repository, message="m", granted=granted)).total == 1


async def test_the_checkout_shows_what_was_harvested_and_is_gone_afterwards(
    workspaces: Clones, repository: RepositorySpec
) -> None:
    clone = (await workspaces.prepare(RUN, repository, base=None)).path
    async with workspaces.checkout(RUN, repository) as base:
        assert (base / "README.md").read_text().startswith("# Cart")
    (clone / "README.md").write_text("changed\n")
    await workspaces.collect(RUN, repository, message="m")

    async with workspaces.checkout(RUN, repository) as tree:
        assert (tree / "README.md").read_text() == "changed\n"
        (tree / "README.md").write_text("a check wrote here\n")

    assert not tree.is_dir()
    assert (await workspaces.collect(RUN, repository, message="m")).commit is not None
    assert (clone / "README.md").read_text() == "changed\n"


async def test_a_checkout_of_another_tree_has_its_files_and_no_others_and_changes_no_result(
    workspaces: Clones, repository: RepositorySpec
) -> None:
    clone = (await workspaces.prepare(RUN, repository, base=None)).path
    (clone / "README.md").unlink()
    (clone / "README.md").mkdir()  # a folder where the base has a file
    (clone / "README.md/näher.md").write_text("more\n")
    (clone / "new.txt").write_text("new\n")
    collected = await workspaces.collect(RUN, repository, message="m")
    trees = await workspaces.trees(RUN)
    async with workspaces.checkout(RUN, repository, tree=trees.base) as tree:
        assert (tree / "README.md").read_text().startswith("# Cart")
        assert not (tree / "new.txt").exists()
        assert (tree / "cart/total.py").is_file()
    mixed = {**trees.base, "new.txt": trees.result["new.txt"]}
    async with workspaces.checkout(RUN, repository, with_git=True, tree=mixed) as tree:
        assert (tree / "new.txt").read_text() == "new\n"
        assert (tree / "README.md").is_file()
    assert await workspaces.result(RUN) == collected
    async with workspaces.checkout(RUN, repository, tree=trees.result) as tree:
        assert (tree / "README.md/näher.md").read_text() == "more\n"
    assert trees.name == (await workspaces.trees(RUN)).name != tree_name(trees.base)


async def test_the_trees_are_those_of_the_base_and_of_what_was_collected(
    workspaces: Clones, repository: RepositorySpec
) -> None:
    with pytest.raises(WorkspaceError):
        await workspaces.trees(RUN)
    clone = (await workspaces.prepare(RUN, repository, base=None)).path
    before = await workspaces.trees(RUN)
    assert before.changed_paths() == []
    assert before.base == before.result
    (clone / "README.md").write_text("changed\n")
    (clone / "tests/__init__.py").unlink()
    (clone / "new é.txt").write_text("new\n")
    assert (await workspaces.trees(RUN)).changed_paths() == []  # nothing was collected yet
    await workspaces.collect(RUN, repository, message="m")
    (clone / "README.md").write_text("changed once more\n")

    trees = await workspaces.trees(RUN)

    assert trees.base == before.base
    assert trees.changed_paths() == ["README.md", "new é.txt", "tests/__init__.py"]
    assert {path for path in trees.base if path not in trees.result} == {"tests/__init__.py"}
    blobs = await trees.read({entry.blob for entry in (trees.result["README.md"], trees.base["README.md"])})
    assert blobs[trees.result["README.md"].blob] == b"changed\n"
    assert (blobs[trees.base["README.md"].blob] or b"").startswith(b"# Cart")
    assert await trees.read(()) == {}


async def test_two_runs_do_not_see_each_other(workspaces: Clones, repository: RepositorySpec) -> None:
    one = (await workspaces.prepare(RUN, repository, base=None)).path
    two = (await workspaces.prepare(OTHER, repository, base=None)).path
    (one / "README.md").write_text("one\n")
    (two / "README.md").write_text("two\n")
    mine = await workspaces.collect(RUN, repository, message="m")
    theirs = await workspaces.collect(OTHER, repository, message="m")
    first = await workspaces.publish(RUN, repository, branch="ompycord/same")
    second = await workspaces.publish(OTHER, repository, branch="ompycord/same")
    await workspaces.discard(RUN)

    assert mine.commit != theirs.commit
    assert first.branch != second.branch
    assert (two / "README.md").read_text() == "two\n"


async def test_a_result_never_goes_to_the_base_branch(workspaces: Clones, repository: RepositorySpec) -> None:
    clone = (await workspaces.prepare(RUN, repository, base=None)).path
    (clone / "README.md").write_text("changed\n")
    await workspaces.collect(RUN, repository, message="m")
    with pytest.raises(WorkspaceError):
        await workspaces.publish(RUN, repository, branch=repository.base)


async def test_a_clone_that_was_set_aside_is_not_collected_and_outlives_its_run(
    workspaces: Clones, repository: RepositorySpec
) -> None:
    with pytest.raises(WorkspaceError):
        await workspaces.set_aside(RUN, "It was too large.")
    clone = (await workspaces.prepare(RUN, repository, base=None)).path
    (clone / "large").write_text("large\n")
    for _ in range(2):
        assert await workspaces.set_aside(RUN, "It was too large.")
    with pytest.raises(WorkspaceError, match="too large"):
        await workspaces.collect(RUN, repository, message="m")
    await workspaces.discard(RUN)
    assert (clone / "large").read_text() == "large\n"
    again = await workspaces.prepare(RUN, repository, base=None)  # a fresh start takes its place
    assert not (again.path / "large").exists()
    assert (await workspaces.collect(RUN, repository, message="m")).commit is None


async def test_what_no_result_has_is_kept_once_where_the_work_is_put_back(
    workspaces: Clones, repository: RepositorySpec
) -> None:
    clone = (await workspaces.prepare(RUN, repository, base=None)).path
    (clone / "new.txt").write_text("first\n")
    first = await workspaces.collect(RUN, repository, message="m")
    assert await workspaces.keep_uncollected(RUN, granted=None) == ()
    (clone / "new.txt").write_text("not collected\n")
    (piece,) = await workspaces.keep_uncollected(RUN, granted=None)
    assert piece.ref is not None
    assert (await workspaces.result(RUN) or first).commit == first.commit, "the result stays what it was"
    back = await workspaces.roll_back(RUN, first.commit or "", branch="x", key="rollback:2")
    assert (back.commit, (clone / "new.txt").read_text()) == (first.commit, "first\n")
    assert [one.ref for one in back.left_out] == [piece.ref]
    again = await workspaces.roll_back(RUN, first.commit or "", branch="x", key="rollback:2")
    assert again.left_out == back.left_out, "done again it says the same"
    other = await workspaces.roll_back(RUN, first.commit or "", branch="x", key="rollback:3")
    assert other.left_out == ()
    await workspaces.discard(RUN)
    assert await workspaces.keep_uncollected(RUN, granted=None) == ()
