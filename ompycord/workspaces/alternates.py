"""Repositories that use the objects of another (git alternates), as `git clone --shared` makes them.

They are for the clone of a run and its result, and made by hand: a clone would name its origin, and an agent could push
there.
"""

import asyncio
from pathlib import Path
from typing import Final

from ompycord.workspaces.folders import is_real_folder, scratch
from ompycord.workspaces.git import SHORT_S, TRANSFER_S, Git
from ompycord.workspaces.record import Record

__all__ = ["BASE_REF", "fill", "fill_submodules", "make_bare", "make_clone", "make_small", "source_exclude"]

BASE_REF: Final = "refs/ompycord/base"
_TAKEN: Final = "refs/ompycord/taken"

_CLONE_CONFIG: Final = """\
[user]
\tname = Ompycord agent
\temail = ompycord@localhost
[gc]
\tauto = 0
"""


async def make_bare(git: Git, path: Path, record: Record, *, marker: str) -> None:
    """A bare repository of ours with `refs/ompycord/base`, to fetch results into. Raises WorkspaceError."""
    await _initialise(git, path, record, "--bare", marker=marker)
    _use_alternates(path, record.objects)
    await git.run("update-ref", BASE_REF, record.base_commit, cwd=path, marker=marker)


async def make_clone(git: Git, path: Path, record: Record, *, branch: str, exclude: bytes, marker: str) -> None:
    """A clone at the base commit on `branch`, with the base as `origin/<base>` and no remote. Raises WorkspaceError.

    The base of a follow-up is the tip of the branch with which it goes on, and has that one's name.

    `exclude` is what its `.git/info/exclude` says.
    """
    await _initialise(git, path, record, f"--initial-branch={branch}", marker=marker)
    _use_alternates(path / ".git", record.objects)
    with (path / ".git/config").open("a", encoding="utf-8") as config:
        config.write(_CLONE_CONFIG)
    (path / ".git/info").mkdir(exist_ok=True)
    (path / ".git/info/exclude").write_bytes(exclude)
    origin = f"refs/remotes/origin/{record.branch or record.base_branch}"
    await git.run("update-ref", origin, record.base_commit, cwd=path, marker=marker)
    await git.run("reset", "--quiet", "--hard", record.base_commit, cwd=path, marker=marker, timeout_s=TRANSFER_S)


async def fill(git: Git, tree: Path, commit: str, *, git_folder: Path, marker: str, index: Path | None = None) -> None:
    """Writes the files of a commit into the folder `tree`, by the repository `git_folder`. Raises WorkspaceError.

    The index lies beside `git_folder`, where it has no other place, and goes away.
    """
    index = index or git_folder.with_name(f"{git_folder.name}.index")
    env = {"GIT_DIR": str(git_folder), "GIT_WORK_TREE": str(tree), "GIT_INDEX_FILE": str(index)}
    try:
        for words in (("read-tree", commit), ("checkout-index", "--all", "--quiet")):
            await git.run(*words, cwd=tree, env=env, marker=marker, timeout_s=TRANSFER_S)
    finally:
        index.unlink(missing_ok=True)


async def fill_submodules(git: Git, tree: Path, record: Record, *, parent: Path, marker: str) -> None:
    """Writes the files of each submodule that the source has into its place in `tree`, a fresh checkout.

    Only where that is an empty folder and no link is on the way to it: a checkout may be of what an agent made. In
    `parent` it makes a repository for each and removes it again. Raises WorkspaceError.
    """
    for submodule in record.submodules:
        if submodule.objects is None or not await asyncio.to_thread(_is_empty_place, tree, submodule.path):
            continue
        async with scratch(parent, "submodule-") as folder:
            bare = folder / "module.git"
            await _initialise(git, bare, record, "--bare", marker=marker)
            _use_alternates(bare, submodule.objects)
            await fill(git, tree / submodule.path, submodule.commit, git_folder=bare, marker=marker)


def _is_empty_place(tree: Path, path: str) -> bool:
    place = tree / path
    is_inside = place.resolve() == tree.resolve() / path
    return is_inside and is_real_folder(place) and not any(place.iterdir())


async def make_small(git: Git, path: Path, record: Record, source: Path, commit: str, *, marker: str) -> None:
    """A repository at `commit` of `source` with objects of its own: no history, no remote. Raises WorkspaceError."""
    await _initialise(git, path, record, "--initial-branch=result", marker=marker)
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules")
    take = (*fetch, "--depth=1", "--", source.as_uri(), f"{commit}:{_TAKEN}")
    settings = ("uploadpack.allowAnySHA1InWant=true",)
    await git.run(*take, cwd=path, marker=marker, timeout_s=TRANSFER_S, settings=settings)
    await git.run("reset", "--quiet", "--hard", _TAKEN, cwd=path, marker=marker, timeout_s=TRANSFER_S)
    await git.run("update-ref", "-d", _TAKEN, cwd=path, marker=marker)


def source_exclude(record: Record) -> bytes:
    """What the operator keeps out of the repository on this machine alone (gitignore(5))."""
    try:
        return (record.source / "info/exclude").read_bytes() if record.source is not None else b""
    except OSError:
        return b""


async def _initialise(git: Git, path: Path, record: Record, *options: str, marker: str) -> None:
    made = ("init", "--quiet", "--template=", f"--object-format={record.object_format}", *options)
    await git.run(*made, "--", str(path), cwd=path.parent, marker=marker, timeout_s=SHORT_S)


def _use_alternates(git_folder: Path, objects: Path) -> None:
    info = git_folder / "objects/info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(f"{objects}\n", encoding="utf-8")
    shallow = objects.parent / "shallow"
    if shallow.is_file():
        (git_folder / "shallow").write_bytes(shallow.read_bytes())
