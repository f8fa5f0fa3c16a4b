"""Repositories that use the objects of another (git alternates), as `git clone --shared` makes them.

They are for the clone of a run and its result, and made by hand: a clone would name its origin, and an agent could push
there.
"""

from pathlib import Path
from typing import Final

from ompycord.workspaces.git import SHORT_S, TRANSFER_S, Git
from ompycord.workspaces.record import Record

__all__ = ["BASE_REF", "make_bare", "make_clone"]

BASE_REF: Final = "refs/ompycord/base"

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


async def make_clone(git: Git, path: Path, record: Record, *, branch: str, marker: str) -> None:
    """A clone at the base commit on `branch`, with the base as `origin/<base>` and no remote. Raises WorkspaceError."""
    await _initialise(git, path, record, f"--initial-branch={branch}", marker=marker)
    _use_alternates(path / ".git", record.objects)
    with (path / ".git/config").open("a", encoding="utf-8") as config:
        config.write(_CLONE_CONFIG)
    origin = f"refs/remotes/origin/{record.base_branch}"
    await git.run("update-ref", origin, record.base_commit, cwd=path, marker=marker)
    await git.run("reset", "--quiet", "--hard", record.base_commit, cwd=path, marker=marker, timeout_s=TRANSFER_S)


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
