"""An agent that owns its clone gets no code run by the host's git and no file from outside into a result.

At level *none* the inside half is no more confined than the host, so a trap must not spring there either.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.ports import Collected
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.service import GitWorkspaces
from tests.support.patience import patient

Shell = Callable[..., str]
SECRET = "the secret of somebody else\n"


class Scene:
    """A prepared run, a trap's trace, a file outside, and the way to the end."""

    def __init__(
        self, workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, clone: Path, at: Path
    ) -> None:
        self.workspaces = workspaces
        self.repository = repository
        self.run = run
        self.clone = clone
        self.trace = at / "trace"
        self.secret = at / "secret.txt"
        self.secret.write_text(SECRET)
        self.trap = at / "trap.sh"
        self.trap.write_text(f"#!/bin/sh\necho sprung >> {self.trace}\n")
        self.trap.chmod(0o755)

    def config(self, text: str) -> None:
        with (self.clone / ".git/config").open("a") as config:
            config.write(text)

    async def finish(self) -> Collected:
        """Harvest, check out, publish, discard: all that the host does after an agent."""
        collected = await self.workspaces.collect(self.run, self.repository, message="m")
        async with self.workspaces.checkout(self.run, self.repository) as tree:
            self.assert_nothing_of_the_secret(tree)
        await self.workspaces.publish(self.run, self.repository, branch="ompycord/x")
        await self.workspaces.discard(self.run)
        return collected

    def assert_nothing_of_the_secret(self, folder: Path) -> None:
        for layout, _, names in os.walk(folder):
            for name in names:
                file = Path(layout, name)
                assert file.is_symlink() or SECRET not in file.read_text(errors="replace"), file


@pytest.fixture
async def scene(workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, tmp_path: Path) -> Scene:
    prepared = await workspaces.prepare(run, repository, base=None)
    (prepared.path / "a.txt").write_text("changed\n")
    return Scene(workspaces, repository, run, prepared.path, tmp_path)


async def test_hooks_are_not_run(scene: Scene) -> None:
    hooks = scene.clone / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "pre-commit",
        "post-commit",
        "post-checkout",
        "reference-transaction",
        "post-index-change",
        "pre-push",
    ):
        (hooks / name).symlink_to(scene.trap)
    scene.config(f"[core]\n\thooksPath = {hooks}\n")
    collected = await scene.finish()
    assert [file.path for file in collected.files] == ["a.txt"]
    assert not scene.trace.exists()


async def test_settings_that_name_programs_are_not_heeded(scene: Scene) -> None:
    trap = scene.trap
    scene.config(
        f"[core]\n\tfsmonitor = {trap}\n\tpager = {trap}\n\teditor = {trap}\n\tsshCommand = {trap}\n\tgitProxy = "
        f"{trap}\n"
        f'[filter "evil"]\n\tclean = {trap}\n\tsmudge = {trap}\n\tprocess = {trap}\n\trequired = true\n'
        f'[diff "evil"]\n\tcommand = {trap}\n\ttextconv = {trap}\n[diff]\n\texternal = {trap}\n'
        f'[merge "evil"]\n\tdriver = {trap}\n[gpg]\n\tprogram = {trap}\n[commit]\n\tgpgSign = true\n'
        f"[uploadpack]\n\tpackObjectsHook = {trap}\n[credential]\n\thelper = {trap}\n"
    )
    (scene.clone / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    collected = await scene.finish()
    assert {file.path for file in collected.files} == {".gitattributes", "a.txt"}
    assert not scene.trace.exists()


async def test_a_git_file_that_points_elsewhere_is_not_followed(
    scene: Scene, origin: Path, tmp_path: Path, shell: Shell
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    shell("init", "--quiet", cwd=theirs)
    (theirs / "secret.txt").write_text(SECRET)
    shell("add", "--all", cwd=theirs)
    shell("commit", "--quiet", "-m", "theirs", cwd=theirs)
    before = shell("for-each-ref", cwd=theirs)
    (scene.clone / ".git").rename(tmp_path / "was")
    (scene.clone / ".git").write_text(f"gitdir: {theirs / '.git'}\n")

    collected = await scene.finish()

    assert [file.path for file in collected.files] == ["a.txt"]
    assert shell("for-each-ref", cwd=theirs) == before
    assert shell("log", "--format=%s", "ompycord/x", cwd=origin).splitlines() == ["m", "first"]


async def test_a_git_folder_that_is_gone_or_wrecked_costs_no_work(scene: Scene) -> None:
    for name in ("HEAD", "config", "index"):
        (scene.clone / ".git" / name).write_bytes(b"\0garbage")
    collected = await scene.finish()
    assert [file.path for file in collected.files] == ["a.txt"]


async def test_objects_borrowed_from_elsewhere_give_no_history_of_elsewhere(
    scene: Scene, tmp_path: Path, shell: Shell, origin: Path
) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    shell("init", "--quiet", cwd=theirs)
    (theirs / "secret.txt").write_text(SECRET)
    shell("add", "--all", cwd=theirs)
    shell("commit", "--quiet", "-m", "theirs", cwd=theirs)
    foreign = shell("rev-parse", "HEAD", cwd=theirs)
    with (scene.clone / ".git/objects/info/alternates").open("a") as alternates:
        alternates.write(f"{theirs / '.git/objects'}\n")
    (scene.clone / ".git/HEAD").write_text(f"{foreign}\n")

    collected = await scene.finish()

    assert [file.path for file in collected.files] == ["a.txt"]
    assert "theirs" not in shell("log", "--format=%s", "ompycord/x", cwd=origin)
    with pytest.raises(subprocess.CalledProcessError):
        shell("cat-file", "-e", foreign, cwd=origin)


async def test_links_out_are_kept_as_links(scene: Scene) -> None:
    (scene.clone / "link.txt").symlink_to(scene.secret)
    (scene.clone / "folder").symlink_to(scene.secret.parent)
    collected = await scene.finish()
    assert {file.path for file in collected.files} == {"a.txt", "folder", "link.txt"}
    assert collected.diff is not None
    assert SECRET not in collected.diff.read_text()


async def test_a_clone_that_became_a_link_is_not_entered(scene: Scene, tmp_path: Path) -> None:
    scene.clone.rename(tmp_path / "was")
    scene.clone.symlink_to(scene.secret.parent)
    with pytest.raises(WorkspaceError, match="clone of this run is gone"):
        await scene.workspaces.collect(scene.run, scene.repository, message="m")
    await scene.workspaces.discard(scene.run)
    assert scene.secret.read_text() == SECRET


@pytest.mark.parametrize(
    ("trap", "words"),
    [
        ("link", "could not be taken over"),
        ("hard link", "no plain file"),
        ("pipe", "no plain file"),
        ("folder", "could not be taken over"),
        ("garbage", "damaged or not allowed"),
        ("none", "could not be taken over"),
    ],
)
async def test_a_bundle_that_is_none_is_not_taken(scene: Scene, tmp_path: Path, trap: str, words: str) -> None:
    """An agent that has taken over the inside: its own `git` comes first in the PATH and swaps the bundle."""
    bundle = scene.clone.parent / "tmp/result.bundle"
    swaps = {
        "link": f"ln -sf {scene.secret} {bundle}",
        "hard link": f"ln -f {scene.secret} {bundle}",
        "pipe": f"rm -f {bundle}; mkfifo {bundle}",
        "garbage": f"echo '{SECRET.strip()}' > {bundle}",
        "folder": f"rm -f {bundle}; mkdir {bundle}",
        "none": f"rm -f {bundle}",
    }
    scene.workspaces = with_git_first(scene, tmp_path, swaps[trap])
    with pytest.raises(WorkspaceError, match=words) as caught:
        await scene.workspaces.collect(scene.run, scene.repository, message="m")
    assert "secret of somebody" not in str(caught.value)
    assert scene.secret.read_text() == SECRET


def with_git_first(scene: Scene, tmp_path: Path, after_bundle: str) -> GitWorkspaces:
    """Workspaces whose inside finds a git that does something after it made a bundle."""
    folder = tmp_path / "bin"
    folder.mkdir()
    real = next(Path(layout, "git") for layout in os.environ["PATH"].split(":") if Path(layout, "git").exists())
    (folder / "git").write_text(
        f'#!/bin/sh\n{real} "$@" || exit $?\ncase "$*" in *"bundle create"*) {after_bundle};; esac\n'
    )
    (folder / "git").chmod(0o755)
    return GitWorkspaces(
        folder=scene.clone.parents[1],
        repositories=tmp_path / "data/repositories",
        git=Git(path=os.environ["PATH"]),
        launcher=UnconfinedLauncher(path=f"{folder}:{os.environ['PATH']}"),
    )


EVIL_TREE = r"""
import os, pathlib, subprocess, sys
def git(*words, data=b""):
    return subprocess.run(["git", *words], input=data, check=True, capture_output=True).stdout.strip().decode()
blob = git("hash-object", "-w", "--stdin", data=b"[core]\n\tfsmonitor = /tmp/x\n")
inner = git("mktree", data=f"100644 blob {blob}\tconfig\n".encode())
raw = b"40000 .git\0" + bytes.fromhex(inner)
tree = git("hash-object", "-t", "tree", "--literally", "-w", "--stdin", data=raw)
commit = git("-c", "user.name=x", "-c", "user.email=x@x", "commit-tree", tree, "-p", sys.argv[1], "-m", "evil")
git("update-ref", "refs/ompycord/result", commit)
"""


def evil_bundle(scene: Scene, shell: Shell, *, base: str) -> Path:
    """A bundle with a tree that holds `.git/config`, as a commit on the base, or on nothing."""
    parent = shell("rev-parse", "HEAD", cwd=scene.clone)
    subprocess.run((sys.executable, "-c", EVIL_TREE, parent), cwd=scene.clone, check=True, timeout=patient(30))
    bundle = scene.clone.parents[2] / "evil.bundle"
    shell("bundle", "create", str(bundle), "refs/ompycord/result", "--not", base, cwd=scene.clone)
    return bundle


async def test_an_evil_commit_of_the_agent_is_left_out_and_its_files_are_kept(
    scene: Scene, shell: Shell, origin: Path
) -> None:
    evil_bundle(scene, shell, base="HEAD")
    shell("update-ref", "HEAD", "refs/ompycord/result", cwd=scene.clone)
    collected = await scene.finish()
    assert [file.path for file in collected.files] == ["a.txt"]
    assert shell("log", "--format=%s", "ompycord/x", cwd=origin).splitlines() == ["m", "first"]


async def test_a_bundle_with_a_git_folder_in_its_tree_is_refused_by_fsck(
    scene: Scene, shell: Shell, tmp_path: Path
) -> None:
    """git before 2.46 takes it from the bundle itself, whatever fetch.fsckObjects says."""
    bundle = evil_bundle(scene, shell, base="HEAD")
    scene.workspaces = with_git_first(scene, tmp_path, f"cp {bundle} {scene.clone.parent / 'tmp/result.bundle'}")

    with pytest.raises(WorkspaceError, match="not allowed in a repository"):
        await scene.workspaces.collect(scene.run, scene.repository, message="m")

    assert shell("for-each-ref", "--format=%(refname)", "refs/heads", cwd=scene.clone.parent / "result.git") == ""
    assert (scene.clone / "a.txt").read_text() == "changed\n"


async def test_a_bundle_beside_the_base_is_refused(scene: Scene, shell: Shell, tmp_path: Path) -> None:
    shell("checkout", "--quiet", "--orphan", "other", cwd=scene.clone)
    shell("commit", "--quiet", "-am", "orphan", cwd=scene.clone)
    shell("update-ref", "refs/ompycord/result", "HEAD", cwd=scene.clone)
    bundle = tmp_path / "beside.bundle"
    shell("bundle", "create", str(bundle), "refs/ompycord/result", cwd=scene.clone)
    scene.workspaces = with_git_first(scene, tmp_path, f"cp {bundle} {scene.clone.parent / 'tmp/result.bundle'}")
    with pytest.raises(WorkspaceError, match="does not go on from the base"):
        await scene.workspaces.collect(scene.run, scene.repository, message="m")


async def test_a_history_that_does_not_go_on_from_the_base_is_put_on_it(
    scene: Scene, shell: Shell, origin: Path
) -> None:
    shell("checkout", "--quiet", "--orphan", "other", cwd=scene.clone)
    shell("commit", "--quiet", "-am", "orphan", cwd=scene.clone)
    await scene.finish()
    assert shell("log", "--format=%s", "ompycord/x", cwd=origin).splitlines() == ["m", "first"]


async def test_index_bits_that_hide_changes_hide_nothing(scene: Scene, shell: Shell) -> None:
    shell("update-index", "--skip-worktree", "a.txt", cwd=scene.clone)
    shell("update-index", "--assume-unchanged", "b.txt", cwd=scene.clone)
    (scene.clone / "b.txt").unlink()
    collected = await scene.finish()
    assert {file.path: file.status for file in collected.files} == {"a.txt": "modified", "b.txt": "deleted"}


async def test_a_folder_too_deep_and_locked_is_discarded_all_the_same(scene: Scene) -> None:
    layout = os.open(scene.clone, os.O_RDONLY)
    for _ in range(2000):
        os.mkdir("d", dir_fd=layout)
        inner = os.open("d", os.O_RDONLY, dir_fd=layout)
        os.close(layout)
        layout = inner
    os.close(layout)
    (scene.clone / "d").chmod(0o000)
    await scene.workspaces.discard(scene.run)
    assert not scene.clone.parent.exists()
