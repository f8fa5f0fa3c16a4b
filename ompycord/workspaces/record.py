"""The record of a run's folder, in `meta.json`; written by the modules beside it, read again after a crash."""

import asyncio
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import StringConstraints, ValidationError

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.events import ChangedFile, LeftOut
from ompycord.errors import WorkspaceError
from ompycord.files import replace_file
from ompycord.workspaces.preparing.provided import Provided

__all__ = [
    "LEFT",
    "CommitHash",
    "Folder",
    "Kept",
    "OnMovedBase",
    "Publication",
    "PutBackOnce",
    "Record",
    "Result",
    "Submodule",
]

CommitHash = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
_META: Final = "meta.json"
LEFT: Final = "refs/ompycord/left/"
"""Where `result.git` keeps what was left of a run: results before which it was put back, and what no result has."""


class Result(Frozen):
    """What was collected last."""

    commit: CommitHash | None
    files: tuple[ChangedFile, ...] = ()
    total: int = 0
    left_out: tuple[LeftOut, ...] = ()
    """What the agent left that is not in the result."""
    taken: str = ""
    """What the result was taken from where that is not what the agent had checked out; else empty."""


class Submodule(Frozen):
    """A submodule of the base, and where its files come from."""

    path: str
    commit: CommitHash
    objects: Path | None = None
    """The folder of its objects; None where the source does not have them, so that its folder is empty."""


class Publication(Frozen):
    """Where it was published."""

    branch: str
    commit: CommitHash


class Kept(Frozen):
    """The HOME of an agent in this folder, kept for follow-ups."""

    at: Millis
    """When its last run ended."""
    size: int
    """Bytes."""
    used_by: str | None = None
    """The run that goes on in it now; then it is not removed."""


class OnMovedBase(Frozen):
    """The result on a base that has moved since the clone was made."""

    onto: CommitHash
    commit: CommitHash


class PutBackOnce(Frozen):
    """One time that the work was put back."""

    key: str
    """Of the step."""
    left: tuple[LeftOut, ...] = ()
    """What the clone held that no result has."""


class Record(Frozen):
    """The whole record."""

    repository: str
    base_commit: CommitHash
    base_branch: str
    objects: Path
    """The folder of objects that the clone uses."""
    object_format: Literal["sha1", "sha256"] = "sha1"
    source: Path | None = None
    """The git folder of the repository, in which a ref keeps the base; None in a record of an earlier version."""
    submodules: tuple[Submodule, ...] = ()
    set_aside: str | None = None
    """Why nothing is collected and the clone outlives its run."""
    result: Result | None = None
    moved: OnMovedBase | None = None
    """The result as it was put on the base of its forge; what is collected again takes its place."""
    put_back: PutBackOnce | None = None
    """The last time that it was put back to an earlier result; written before the clone goes."""
    published: Publication | None = None
    branch: str | None = None
    """Of a follow-up: the branch of which the base is the tip, and on which its result goes on."""
    first_base: CommitHash | None = None
    """Of a follow-up: the base of the first run on that branch, with which evidence is compared."""
    work: str | None = None
    """Of a follow-up in a kept session: the run in whose folder clone, HOME and temporary files lie.

    Agents find a session by the path of its working folder.
    """
    kept: Kept | None = None
    setup: Provided | None = None
    """What set-up made for the run's programs."""


class Folder:
    """The places in the folder of one run. The agent's: `clone`, `home`, `tmp`. Ours: all else.

    The agent's lie in another run's folder where the run goes on in a kept session.
    """

    def __init__(self, path: Path, *, work: Path | None = None) -> None:
        self.path = path
        self.work = work or path
        """Where the agent's lie."""
        self.clone = self.work / "clone"
        self.home = self.work / "home"
        self.tmp = self.work / "tmp"
        self.result = path / "result.git"
        """Bare; `refs/ompycord/base`, and `refs/heads/result` once there is one."""
        self.bundle = path / "bundle"
        self.diff = path / "diff.patch"
        self.refused = path / "refused.patch"
        """The diff of the last result that the guard refused."""
        self.manifest = path / "manifest.json"
        """Every file that the result changes, as the guard saw it."""
        self.exclude = path / "exclude"
        """What the source's `.git/info/exclude` said when the clone was made."""
        self.files = path / "files"
        """What came with the task."""

    @classmethod
    def located(cls, path: Path) -> "tuple[Folder, Record | None]":
        """The folder with the places that its record names. Raises WorkspaceError where that is damaged."""
        record = cls(path).read()
        work = path.parent / record.work if record is not None and record.work is not None else None
        return cls(path, work=work), record

    def excluded(self) -> str:
        """The content of `exclude`; bytes that are no text survive it (surrogateescape)."""
        try:
            return self.exclude.read_bytes().decode("utf-8", "surrogateescape")
        except FileNotFoundError:  # the clone was made by an earlier version
            return ""

    @property
    def has_left(self) -> bool:
        """Whether something is kept by a ref of `LEFT`."""
        return any((self.result / LEFT).glob("*"))

    def is_kept(self, entry: Path) -> bool:
        """Whether a file outlives the clone."""
        return entry in (self.result, self.diff, self.refused, self.manifest, self.path / _META)

    def is_meta(self, entry: Path) -> bool:
        """Whether it is the record."""
        return entry == self.path / _META

    def read(self) -> Record | None:
        """The record, or None where the run has no finished workspace. Raises WorkspaceError where it is damaged."""
        try:
            return Record.model_validate_json((self.path / _META).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise WorkspaceError(f"{self.path / _META} cannot be read; start the run anew.") from error

    async def write(self, record: Record) -> None:
        """Stores the record, all or nothing."""
        await asyncio.to_thread(replace_file, self.path / _META, record.model_dump_json(indent=1))
