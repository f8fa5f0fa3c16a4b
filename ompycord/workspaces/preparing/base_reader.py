"""The base of a run as it will be, read before there is a clone: for what is looked at before a run, and for `doctor`.

An address is fetched for it, as `service.py` does. Nothing is written but that cache.
"""

from pathlib import Path
from typing import Final, Literal

from ompycord.domain.base import Frozen
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.base import BaseContent, inspect_base
from ompycord.workspaces.git import TRANSFER_S, Git
from ompycord.workspaces.remote import NotReached, Reach
from ompycord.workspaces.repositories import Repositories, Source

__all__ = ["BaseFault", "BaseReader", "BaseView", "read_file_at"]

FILE_BYTES: Final = 262_144
"""The largest file that is read at a commit."""
_OPERATIONS: Final = {
    "MERGE_HEAD": "merge",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}
"""What git leaves in a repository in the middle of one (gitrepository-layout(5))."""


class BaseFault(WorkspaceError):
    """Why there is no base, and which line of the precheck that is."""

    def __init__(self, name: Reach | Literal["base"], words: str, *, is_unknown: bool = False) -> None:
        """`is_unknown`: nothing is wrong, there is only nothing to look at yet."""
        super().__init__(words)
        self.name: Reach | Literal["base"] = name
        self.is_unknown = is_unknown


class BaseView(Frozen):
    """What was found."""

    git_folder: Path
    branch: str
    commit: str
    """The commit from which the work would start."""
    first_base: str
    """The one whose configuration, tests and checks count; another one only for a follow-up."""
    content: BaseContent
    size: int = 0
    """Bytes of all files of the commit."""
    obstacle: str | None = None
    """A branch with the name of a folder in which results would be."""
    operation: str | None = None
    """What a person has begun on the base branch in its work tree and not ended, such as a rebase."""
    apart: int = 0
    """Commits at a detached HEAD of the work tree that no branch has."""
    uncommitted: int = 0
    """Files of the work tree that a person changed and did not commit, where it has the base branch."""


class BaseReader:
    """Reads bases."""

    def __init__(self, *, git: Git, repositories: Repositories, fetches: bool = True) -> None:
        """Without `fetches` an address is only asked, and what was fetched of it before is read."""
        self._git = git
        self._repositories = repositories
        self._fetches = fetches

    async def view(self, repository: RepositorySpec, *, base: str | None, former: Former | None = None) -> BaseView:
        """The base of a run of `repository`. Raises BaseFault, WorkspaceError."""
        await self._reach(repository)
        source = await self._source(repository)
        branch = base or repository.base
        followed = former.branch if former is not None else None
        commit = await self._repositories.tip(repository, source, followed) if followed is not None else None
        if commit is None:
            commit = await self._base(repository, source, branch)
        first = former.first_base if former is not None and followed is not None else None
        content = await inspect_base(self._git, source.git_folder, commit)
        found = BaseView(
            git_folder=source.git_folder,
            branch=followed or branch,
            commit=commit,
            first_base=first or commit,
            content=content,
            obstacle=await self._obstacle(repository, source),
        )
        if content.missing:
            return found
        more = {"size": await self._size(source.git_folder, commit)}
        return found.model_copy(update={**more, **await self._work_tree(repository, source, branch)})

    async def file(self, view: BaseView, path: str) -> bytes | None:
        """A file of the base whose configuration counts; None where it has none. Raises WorkspaceError."""
        return await read_file_at(self._git, view.git_folder, view.first_base, path)

    async def _reach(self, repository: RepositorySpec) -> None:
        try:
            if self._fetches:
                await self._repositories.refresh(repository)
            elif repository.address is not None:
                await self._repositories.listen(repository, folder=Path("/"))
        except NotReached as error:
            raise BaseFault(error.kind, str(error)) from error

    async def _source(self, repository: RepositorySpec) -> Source:
        try:
            return await self._repositories.source(repository)
        except WorkspaceError as error:
            if repository.address is not None and not self._fetches:
                words = f"{repository.name} answers, and was never fetched. The first run fetches it."
                raise BaseFault("base", words, is_unknown=True) from error
            raise BaseFault("repository", str(error)) from error

    async def _base(self, repository: RepositorySpec, source: Source, branch: str) -> str:
        try:
            return await self._repositories.base_commit(repository, source, branch)
        except WorkspaceError as error:
            raise BaseFault("base", str(error)) from error

    async def _obstacle(self, repository: RepositorySpec, source: Source) -> str | None:
        """Of an address, a branch there: git cannot have `a` and `a/b`."""
        if repository.address is None:
            return None  # a result gets another name there
        parts = repository.branch_prefix.split("/")[:-1]
        for length in range(1, len(parts) + 1):
            name = "/".join(parts[:length])
            if await self._git.commit_of(f"refs/remotes/origin/{name}", cwd=source.git_folder) is not None:
                return name
        return None

    async def _work_tree(self, repository: RepositorySpec, source: Source, branch: str) -> dict[str, object]:
        """What a person has under way on the base branch."""
        if repository.path is None:
            return {}
        head = await self._git.attempt("symbolic-ref", "--quiet", "HEAD", cwd=source.git_folder)
        on = head.stdout.decode("utf-8", "replace").strip().removeprefix("refs/heads/") or _left(source.git_folder)
        if not on:
            return {"apart": await self._apart(source.git_folder)}
        if on != branch:
            return {}
        begun = next((word for mark, word in _OPERATIONS.items() if (source.git_folder / mark).exists()), None)
        words = ("status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules")
        changed = await self._git.attempt(*words, cwd=repository.path, timeout_s=TRANSFER_S)
        lines = [line for line in changed.stdout.split(b"\0") if line] if changed.is_success else []
        return {"operation": begun, "uncommitted": len(lines)}

    async def _apart(self, at: Path) -> int:
        """Commits of a detached HEAD that would be found by nobody."""
        listed = await self._git.attempt("rev-list", "--count", "HEAD", "--not", "--branches", "--remotes", cwd=at)
        number = listed.stdout.strip()
        return int(number) if listed.is_success and number.isdigit() else 0

    async def _size(self, at: Path, commit: str) -> int:
        words = ("ls-tree", "-r", "-l", "-z", "--full-tree", commit)
        listed = await self._git.attempt(*words, cwd=at, timeout_s=TRANSFER_S)
        sizes = (line.split(b"\t", 1)[0].split()[-1] for line in listed.stdout.split(b"\0") if line)
        return sum(int(size) for size in sizes if size.isdigit())


def _left(git_folder: Path) -> str:
    """The branch that a rebase or a bisection is about; while it lasts, HEAD is on none."""
    for place in ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"):
        try:
            return (git_folder / place).read_text(encoding="utf-8").strip().removeprefix("refs/heads/")
        except OSError:
            continue
    return ""


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
