"""The base of a run as it will be, read before there is a clone: for what is looked at before a run, and for `doctor`.

An address is fetched for it, as `service.py` does. Nothing is written but that cache.
"""

from pathlib import Path

from ompycord.domain.base import Frozen
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.base import BaseContent, inspect_base
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.repositories import Repositories

__all__ = ["BaseReader", "BaseView", "read_file_at"]

FILE_BYTES = 262_144
"""The largest file that is read at a commit."""


class BaseView(Frozen):
    """What was found."""

    git_folder: Path
    branch: str
    commit: str
    """The commit from which the work would start."""
    first_base: str
    """The one whose configuration, tests and checks count; another one only for a follow-up."""
    content: BaseContent
    size: int
    """Bytes of all files of the commit."""


class BaseReader:
    """Reads bases."""

    def __init__(self, *, git: Git, repositories: Repositories) -> None:
        self._git = git
        self._repositories = repositories

    async def view(self, repository: RepositorySpec, *, base: str | None, former: Former | None = None) -> BaseView:
        """The base of a run of `repository`. Raises WorkspaceError."""
        await self._repositories.refresh(repository)
        source = await self._repositories.source(repository)
        branch = base or repository.base
        followed = former.branch if former is not None else None
        commit = await self._repositories.tip(repository, source, followed) if followed is not None else None
        if commit is None:
            commit = await self._repositories.base_commit(repository, source, branch)
        first = former.first_base if former is not None and followed is not None else None
        content = await inspect_base(self._git, source.git_folder, commit)
        return BaseView(
            git_folder=source.git_folder,
            branch=followed or branch,
            commit=commit,
            first_base=first or commit,
            content=content,
            size=0 if content.missing else await self._size(source.git_folder, commit),
        )

    async def file(self, view: BaseView, path: str) -> bytes | None:
        """A file of the base whose configuration counts; None where it has none. Raises WorkspaceError."""
        return await read_file_at(self._git, view.git_folder, view.first_base, path)

    async def _size(self, at: Path, commit: str) -> int:
        listed = await self._git.attempt(
            "ls-tree", "-r", "-l", "-z", "--full-tree", commit, cwd=at, timeout_s=TRANSFER_S
        )
        sizes = (line.split(b"\t", 1)[0].split()[-1] for line in listed.stdout.split(b"\0") if line)
        return sum(int(size) for size in sizes if size.isdigit())


async def read_file_at(git: Git, at: Path, commit: str, path: str) -> bytes | None:
    """The content of a plain file of a commit; None where there is no such path.

    Raises WorkspaceError where it is a link, a folder, or too large to be a file that a person wrote.
    """
    listed = await git.attempt("ls-tree", "-l", "-z", "--full-tree", commit, "--", path, cwd=at)
    if not listed.is_success:
        raise WorkspaceError(f"{path} of the base cannot be read. Look at the repository with git fsck.")
    facts = listed.stdout.partition(b"\t")[0].split()
    if not facts:
        return None
    mode, _, name, size = (part.decode("ascii", "replace") for part in facts)
    if mode not in {"100644", "100755"} or int(size) > FILE_BYTES:
        raise WorkspaceError(f"{path} of the base is no plain file of at most {FILE_BYTES // 1024} KiB. Write one.")
    return await git.run("cat-file", "blob", name, cwd=at)
