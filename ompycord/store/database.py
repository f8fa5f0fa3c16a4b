"""What every feature's part of the store works on: the one writer, the readers, the clock, new ids."""

from dataclasses import dataclass, field

from ompycord.domain.ports import Clock, Ids
from ompycord.store.archive.files import ArchiveFiles
from ompycord.store.committer import Committer
from ompycord.store.kept_out import KeptOut
from ompycord.store.readers import Readers
from ompycord.store.steady import SteadyTime

__all__ = ["Database", "StorePart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """An open database."""

    writer: Committer
    readers: Readers
    clock: Clock
    steady: SteadyTime
    """By which what is old is forgotten."""
    ids: Ids
    archive: ArchiveFiles
    """Where events of runs are that ended long ago."""
    kept_out: KeptOut = field(default_factory=KeptOut)
    """Values that no row may hold."""


class StorePart:
    """A feature's part of the store. All its state is in the database, so several parts make one store."""

    def __init__(self, database: Database) -> None:
        self._database = database
