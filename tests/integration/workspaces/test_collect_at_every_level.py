"""What agents leave in a clone is taken, or kept and named, at every level of confinement that this machine has.

At level *full* each folder of a run is a mount of its own and root has no capabilities; below it neither holds.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.ports import Collected
from ompycord.domain.repository import ConfinementLevel, RepositorySpec
from ompycord.workspaces.git import Git
from ompycord.workspaces.service import GitWorkspaces
from tests.support.confinement import CONFINED, launcher_of, require

pytestmark = [pytest.mark.posix, pytest.mark.timeout(120)]

Shell = Callable[..., str]


@pytest.fixture(
    params=["full", *(pytest.param(one, marks=pytest.mark.long) for one in CONFINED if one != "full"), "none"]
)
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    require(request.param)
    return request.param


@pytest.fixture
def workspaces(level: ConfinementLevel, git: Git, tmp_path: Path) -> GitWorkspaces:
    data = tmp_path / "data"
    launcher = launcher_of(level, data)
    return GitWorkspaces(folder=data / "workspaces", repositories=data / "repositories", git=git, launcher=launcher)


class Scene(NamedTuple):
    """A run whose clone is ready."""

    workspaces: GitWorkspaces
    repository: RepositorySpec
    run: RunId
    shell: Shell
    origin: Path

    async def start(self) -> Path:
        return (await self.workspaces.prepare(self.run, self.repository, base=None)).path

    async def collect(self) -> Collected:
        return await self.workspaces.collect(self.run, self.repository, message="the rest")

    def on(self, ref: str, path: str) -> str:
        return self.shell("show", f"{ref}:{path}", cwd=self.origin)


@pytest.fixture
def scene(workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, shell: Shell, origin: Path) -> Scene:
    return Scene(workspaces, repository, run, shell, origin)


def kept(collected: Collected) -> dict[str, str | None]:
    return {piece.what: piece.ref for piece in collected.left_out}


def changed(collected: Collected) -> list[str]:
    return [file.path for file in collected.files]


# -- repositories within the clone -------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["init", ".GIT", "bare", "committed", "committed by the agent", "a file"])
async def test_a_repository_within_the_clone_is_taken_as_files(scene: Scene, how: str) -> None:
    clone = await scene.start()
    vendor = clone / "lib/vendor"
    vendor.mkdir(parents=True)
    git = vendor / ".git"
    bare = ("--bare", str(git)) if how == "bare" else (str(vendor),)
    if how == "a file":
        git.write_text("gitdir: /nowhere\n")
    else:
        scene.shell("init", "--quiet", *bare, cwd=clone)
    (vendor / "main.js").write_text("code\n")
    if how.startswith("committed"):
        scene.shell("add", ".", cwd=vendor)
        scene.shell("commit", "--quiet", "-m", "inner", cwd=vendor)
    if how == "committed by the agent":  # as a bare number, which is what git makes of it
        scene.shell("add", "--all", cwd=clone)
        scene.shell("commit", "--quiet", "-m", "outer", cwd=clone)
    if how == ".GIT":
        git = git.rename(vendor / ".GIT")

    collected = await scene.collect()

    assert changed(collected) == ["lib/vendor/main.js"]
    assert kept(collected) == {}
    assert git.exists()  # the agent finds it where it was
    assert sorted(entry.name for entry in vendor.iterdir()) == sorted([git.name, "main.js"])


async def test_a_collection_that_was_killed_leaves_the_agents_repositories_as_they_were(scene: Scene) -> None:
    clone = await scene.start()
    (clone / "app").mkdir()
    scene.shell("init", "--quiet", cwd=clone / "app")
    (clone / "app/main.js").write_text("code\n")
    (clone / "app/.git").rename(clone / "app/.ompycord-away-0-.git")  # as far as it came
    assert changed(await scene.collect()) == ["app/main.js"]
    assert (clone / "app/.git/HEAD").is_file()


# -- what cannot be read, or cannot be in a repository -----------------------------------------------------------------


async def test_unreadable_files_and_folders_are_made_readable(scene: Scene) -> None:
    clone = await scene.start()
    (clone / "new.txt").write_text("new\n")
    (clone / "a.txt").write_text("changed\n")
    (clone / "shut").mkdir()
    (clone / "shut/inner.txt").write_text("inner\n")
    for path in ("new.txt", "a.txt", "shut"):
        (clone / path).chmod(0)

    collected = await scene.collect()

    assert changed(collected) == ["a.txt", "new.txt", "shut/inner.txt"]
    assert kept(collected) == {}


async def test_a_tracked_file_in_a_folder_that_cannot_be_entered_is_not_deleted(scene: Scene) -> None:
    (scene.origin / "deep").mkdir()
    (scene.origin / "deep/kept.txt").write_text("kept\n")
    scene.shell("add", "--all", cwd=scene.origin)
    scene.shell("commit", "--quiet", "-m", "deep", cwd=scene.origin)
    clone = await scene.start()
    (clone / "a.txt").write_text("changed\n")
    (clone / "deep").chmod(0o400)
    assert changed(await scene.collect()) == ["a.txt"]


async def test_what_no_repository_may_hold_is_named_and_the_rest_is_taken(scene: Scene) -> None:
    clone = await scene.start()
    (clone / "a.txt").write_text("changed\n")
    (clone / "git~1").mkdir()
    (clone / "git~1/config").write_text("x\n")
    os.mkfifo(clone / "pipe")
    (clone / "b.txt").unlink()
    os.mkfifo(clone / "b.txt")

    collected = await scene.collect()

    assert changed(collected) == ["a.txt"]
    assert {what.partition(":")[0] for what in kept(collected)} == {"git~1/config", "b.txt"}


# -- commits that are not checked out ----------------------------------------------------------------------------------


async def test_commits_on_the_branch_that_was_left_are_the_result(scene: Scene) -> None:
    clone = await scene.start()
    (clone / "a.txt").write_text("mine\n")
    scene.shell("commit", "--quiet", "-am", "mine", cwd=clone)
    mine = scene.shell("rev-parse", "HEAD", cwd=clone)
    scene.shell("checkout", "--quiet", "--detach", "origin/main", cwd=clone)

    collected = await scene.collect()

    assert collected.commit == mine
    assert changed(collected) == ["a.txt"]
    assert collected.taken.startswith("branch ompycord/")
    assert kept(collected) == {}


async def test_a_branch_beside_the_result_is_kept_and_named(scene: Scene) -> None:
    clone = await scene.start()
    scene.shell("checkout", "--quiet", "-b", "fix/parser", cwd=clone)
    (clone / "a.txt").write_text("mine\n")
    scene.shell("commit", "--quiet", "-am", "mine", cwd=clone)
    scene.shell("checkout", "--quiet", "--detach", "origin/main", cwd=clone)
    (clone / "litter.txt").write_text("litter\n")

    collected = await scene.collect()

    assert changed(collected) == ["litter.txt"]
    ((what, ref),) = kept(collected).items()
    assert what == "branch fix/parser"
    assert ref == f"refs/ompycord/kept/{scene.run}/branch/fix/parser"
    assert scene.on(str(ref), "a.txt") == "mine"
    await scene.workspaces.discard(scene.run)
    assert scene.on(str(ref), "a.txt") == "mine"


async def test_several_branches_without_a_result_are_all_kept(scene: Scene) -> None:
    clone = await scene.start()
    for name in ("one", "two"):
        scene.shell("checkout", "--quiet", "-b", name, "origin/main", cwd=clone)
        (clone / "a.txt").write_text(f"{name}\n")
        scene.shell("commit", "--quiet", "-am", name, cwd=clone)
    scene.shell("checkout", "--quiet", "--detach", "origin/main", cwd=clone)
    scene.shell("pack-refs", "--all", cwd=clone)

    collected = await scene.collect()

    assert (collected.commit, collected.total) == (None, 0)
    refs = kept(collected)
    assert set(refs) == {"branch one", "branch two"}
    assert [scene.on(str(refs[f"branch {name}"]), "a.txt") for name in ("one", "two")] == ["one", "two"]


async def test_every_entry_of_the_stash_is_kept(scene: Scene) -> None:
    clone = await scene.start()
    for name in ("first", "second"):
        (clone / "a.txt").write_text(f"{name}\n")
        (clone / f"{name}.txt").write_text("untracked\n")
        scene.shell("stash", "--include-untracked", cwd=clone)

    collected = await scene.collect()

    refs = kept(collected)
    assert set(refs) == {"stash@{0}", "stash@{1}"}
    assert scene.on(str(refs["stash@{0}"]), "a.txt") == "second"
    assert scene.on(str(refs["stash@{1}"]), "a.txt") == "first"
    assert scene.on(f"{refs['stash@{0}']}^3", "second.txt") == "untracked"
    scene.shell("stash", "apply", "--quiet", str(refs["stash@{0}"]), cwd=scene.origin)  # as its name promises
    assert (scene.origin / "second.txt").read_text() == "untracked\n"


async def test_a_detached_commit_that_was_left_and_one_of_a_worktree_are_kept(scene: Scene) -> None:
    clone = await scene.start()
    scene.shell("checkout", "--quiet", "--detach", cwd=clone)
    (clone / "a.txt").write_text("detached\n")
    scene.shell("commit", "--quiet", "-am", "detached", cwd=clone)
    scene.shell("checkout", "--quiet", "-b", "other", "origin/main", cwd=clone)
    beside = clone.parent / "home/tree"
    beside.parent.mkdir(exist_ok=True)
    scene.shell("worktree", "add", "--quiet", "--detach", str(beside), cwd=clone)
    (beside / "a.txt").write_text("in the worktree\n")
    scene.shell("commit", "--quiet", "-am", "worktree", cwd=beside)

    refs = kept(await scene.collect())

    assert sorted(scene.on(str(ref), "a.txt") for ref in refs.values()) == ["detached", "in the worktree"]


async def test_what_the_result_has_is_not_named_again(scene: Scene) -> None:
    """A branch that was merged or squashed, a commit that was amended, a stash that was taken back."""
    clone = await scene.start()
    scene.shell("checkout", "--quiet", "-b", "feature", cwd=clone)
    (clone / "a.txt").write_text("feature\n")
    scene.shell("commit", "--quiet", "-am", "feature", cwd=clone)
    scene.shell("commit", "--quiet", "--amend", "-m", "in other words", cwd=clone)
    scene.shell("checkout", "--quiet", "-b", "squashed", "origin/main", cwd=clone)
    scene.shell("merge", "--quiet", "--squash", "feature", cwd=clone)
    scene.shell("commit", "--quiet", "-m", "all of it", cwd=clone)
    (clone / "a.txt").write_text("try\n")
    scene.shell("stash", cwd=clone)
    scene.shell("stash", "pop", cwd=clone)
    scene.shell("checkout", "--quiet", "a.txt", cwd=clone)

    collected = await scene.collect()

    assert changed(collected) == ["a.txt"]
    assert (kept(collected), collected.taken) == ({}, "")


async def test_what_is_kept_no_more_has_no_ref_any_more(scene: Scene) -> None:
    clone = await scene.start()
    (clone / "a.txt").write_text("mine\n")
    scene.shell("stash", cwd=clone)
    first = kept(await scene.collect())
    scene.shell("stash", "pop", cwd=clone)
    second = await scene.collect()
    assert (list(first), kept(second), changed(second)) == (["stash@{0}"], {}, ["a.txt"])
    assert scene.shell("for-each-ref", "refs/ompycord/kept", cwd=scene.origin) == ""


# -- files that nobody touched -----------------------------------------------------------------------------------------


def commit(scene: Scene, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (scene.origin / name).write_bytes(content)
    scene.shell("add", "--", *files, cwd=scene.origin)
    scene.shell("commit", "--quiet", "-m", "more", cwd=scene.origin)


ATTRIBUTES = b"""\
*.auto text=auto
*.txt text
*.crlf text eol=crlf
*.utf text working-tree-encoding=UTF-16
"""


@pytest.mark.parametrize("who", ["untouched", "written again", "committed by the agent"])
async def test_a_file_that_was_not_touched_keeps_its_blob_whatever_its_attributes_say(scene: Scene, who: str) -> None:
    kinds = ("auto", "txt", "crlf", "utf")
    names = [f"{name}.{kind}" for name in ("ends", "mixed") for kind in kinds]
    contents = {"ends": b"one\r\ntwo\r\n", "mixed": b"one\r\ntwo\n"}
    commit(scene, {name: contents[name.partition(".")[0]] for name in names})
    commit(scene, {"broken.utf": b"\xffone\r\n"})  # which cannot be in that encoding: git ends where it is to store it
    commit(scene, {".gitattributes": ATTRIBUTES})
    clone = await scene.start()
    (clone / "new.md").write_text("new\n")
    if who == "written again":
        for name in (*names, "broken.utf"):
            (clone / name).write_bytes((clone / name).read_bytes())
    if who == "committed by the agent":
        scene.shell("add", "--", *(name for name in names if not name.endswith("utf")), cwd=clone)
        scene.shell("commit", "--quiet", "-m", "with them", cwd=clone)
        assert "ends.txt" in scene.shell("diff", "--name-only", "origin/main", "HEAD", cwd=clone)

    collected = await scene.collect()

    assert changed(collected) == ["new.md"]
    assert kept(collected) == {}


async def test_attributes_that_the_agent_adds_change_no_file_that_it_did_not_touch(scene: Scene) -> None:
    commit(scene, {"w.txt": b"one\r\ntwo\r\n"})
    clone = await scene.start()
    (clone / ".gitattributes").write_text("*.txt text\n")
    assert changed(await scene.collect()) == [".gitattributes"]


async def test_a_file_that_was_touched_is_taken_with_the_ends_of_lines_that_attributes_ask_for(scene: Scene) -> None:
    commit(scene, {"w.txt": b"one\r\ntwo\r\n", "x.sh": b"one\r\n"})
    commit(scene, {".gitattributes": b"*.txt text\n*.sh text\n"})
    clone = await scene.start()
    (clone / "w.txt").write_bytes(b"one\r\nTWO\r\n")
    (clone / "x.sh").chmod(0o755)
    collected = await scene.collect()
    assert changed(collected) == ["w.txt", "x.sh"]
    assert collected.commit is not None
    result = scene.workspaces
    await result.publish(scene.run, scene.repository, branch="ompycord/x")
    assert scene.shell("cat-file", "-s", "ompycord/x:w.txt", cwd=scene.origin) == "8"
    assert scene.shell("ls-tree", "ompycord/x", "x.sh", cwd=scene.origin).split()[:3:2] == [
        "100755",
        scene.shell("rev-parse", "main:x.sh", cwd=scene.origin),
    ]


async def test_what_the_source_excludes_on_this_machine_alone_is_not_taken(scene: Scene) -> None:
    (scene.origin / ".git/info").mkdir(exist_ok=True)
    (scene.origin / ".git/info/exclude").write_bytes(b"secret.local\n\xff*.odd\n")
    clone = await scene.start()
    (clone / "secret.local").write_text("secret\n")
    (clone / "a.txt").write_text("changed\n")
    assert scene.shell("status", "--porcelain", cwd=clone) == "M a.txt"  # the agent's git sees it, too
    (clone / ".git/info/exclude").unlink()
    assert changed(await scene.collect()) == ["a.txt"]


# -- submodules --------------------------------------------------------------------------------------------------------


@pytest.fixture
def library(scene: Scene, tmp_path: Path) -> Path:
    """The origin with a submodule `lib/inner`, which has one of its own, `lib/inner/deep`."""
    deep, inner = tmp_path / "deep", tmp_path / "inner"
    for path in (deep, inner):
        path.mkdir()
        scene.shell("init", "--quiet", "--initial-branch=main", cwd=path)
        (path / f"{path.name}.txt").write_text(f"{path.name}\n")
        (path / ".gitignore").write_text("*.tmp\n")
        scene.shell("add", "--all", cwd=path)
        scene.shell("commit", "--quiet", "-m", "first", cwd=path)
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    scene.shell(*add, str(deep), "deep", cwd=inner)
    scene.shell("commit", "--quiet", "-m", "deep", cwd=inner)
    scene.shell(*add, "--name", "the library", str(inner), "lib/inner", cwd=scene.origin)
    scene.shell("commit", "--quiet", "-m", "inner", cwd=scene.origin)
    update = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "update", "--init", "--recursive")
    scene.shell(*update, cwd=scene.origin)
    return scene.origin / "lib/inner"


async def test_submodules_are_filled_and_what_changes_below_them_is_kept_beside_the_result(
    scene: Scene, library: Path
) -> None:
    clone = await scene.start()
    assert (clone / "lib/inner/inner.txt").read_text() == "inner\n"
    assert (clone / "lib/inner/deep/deep.txt").read_text() == "deep\n"
    assert scene.shell("status", "--porcelain", cwd=clone) == ""
    (clone / "lib/inner/noise.tmp").write_text("ignored there\n")
    assert (await scene.collect()).left_out == ()
    (clone / "a.txt").write_text("changed\n")
    (clone / "lib/inner/inner.txt").write_text("changed below\n")
    (clone / "lib/inner/deep/new.txt").write_text("new below\n")

    collected = await scene.collect()

    assert changed(collected) == ["a.txt"]
    refs = kept(collected)
    assert set(refs) == {"files below the submodule lib/inner", "files below the submodule lib/inner/deep"}
    assert scene.on(str(refs["files below the submodule lib/inner"]), "lib/inner/inner.txt") == "changed below"
    assert scene.on(str(refs["files below the submodule lib/inner/deep"]), "lib/inner/deep/new.txt") == "new below"
    async with scene.workspaces.checkout(scene.run, scene.repository) as tree:
        assert (tree / "lib/inner/inner.txt").read_text() == "inner\n"
        assert (tree / "lib/inner/deep/deep.txt").read_text() == "deep\n"


async def test_what_lies_below_a_submodule_that_the_source_does_not_have_is_kept(scene: Scene, library: Path) -> None:
    scene.shell("submodule", "--quiet", "deinit", "--all", "--force", cwd=scene.origin)
    (scene.origin / ".git/modules").rename(scene.origin.parent / "gone")
    clone = await scene.start()
    assert list((clone / "lib/inner").iterdir()) == []
    (clone / "lib/inner/mine.txt").write_text("mine\n")

    collected = await scene.collect()

    assert collected.total == 0
    ((what, ref),) = kept(collected).items()
    assert what == "files below the submodule lib/inner"
    assert scene.on(str(ref), "lib/inner/mine.txt") == "mine"


async def test_a_result_that_puts_a_link_in_a_submodules_way_fills_nothing_outside(scene: Scene, library: Path) -> None:
    clone = await scene.start()
    outside = scene.origin.parent / "outside"
    (outside / "inner").mkdir(parents=True)
    (outside / "inner/theirs.txt").write_text("of somebody else\n")
    scene.shell("rm", "--quiet", "-r", "--cached", "lib/inner", cwd=clone)
    (clone / "lib").rename(clone.parent / "was")
    (clone / "lib").symlink_to(outside)
    collected = await scene.collect()
    assert "lib" in changed(collected)
    assert kept(collected) == {}  # nor is anything of outside taken
    (outside / "inner/theirs.txt").unlink()
    async with scene.workspaces.checkout(scene.run, scene.repository) as tree:
        assert (tree / "lib").is_symlink()
    assert list((outside / "inner").iterdir()) == []
