"""The record of a run's folder, in `meta.json`; written by the modules beside it, read again after a crash."""

import asyncio
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import StringConstraints, ValidationError

from ompycord.domain.base import Frozen
from ompycord.domain.events import ChangedFile
from ompycord.errors import WorkspaceError
from ompycord.files import replace_file

__all__ = ["CommitHash", "Folder", "Publication", "Record", "Result"]

CommitHash = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
_META: Final = "meta.json"


class Result(Frozen):
    """What was collected last."""

    commit: CommitHash | None
    files: tuple[ChangedFile, ...] = ()
    total: int = 0


class Publication(Frozen):
    """Where it was published."""

    branch: str
    commit: CommitHash


class Record(Frozen):
    """The whole record."""

    repository: str
    base_commit: CommitHash
    base_branch: str
    objects: Path
    """The folder of objects that the clone uses."""
    object_format: Literal["sha1", "sha256"] = "sha1"
    result: Result | None = None
    published: Publication | None = None


class Folder:
    """The places in the folder of one run. The agent's: `clone`, `home`, `tmp`. Ours: all else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clone = path / "clone"
        self.result = path / "result.git"
        """Bare; `refs/ompycord/base`, and `refs/heads/result` once there is one."""
        self.bundle = path / "bundle"
        self.diff = path / "diff.patch"
        self.files = path / "files"
        """What came with the task."""

    def is_kept(self, entry: Path) -> bool:
        """Whether a file outlives the clone."""
        return entry in (self.result, self.diff, self.path / _META)

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
