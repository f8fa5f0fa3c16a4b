"""What backups need of the database: a port, which the store's functions fill (`store/copying.py`)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal, Protocol

__all__ = ["Counted", "DatabaseCopies", "Progress", "Unsent"]

Unsent = Literal["send", "drop"]
"""What becomes of what waited to be sent when a backup was made."""

Progress = Callable[[str, int, int], None]
"""Told what is done now, how many bytes of it, and of how many. It may raise BackupStopped."""


class Counted(Protocol):
    """What was counted in a copy that is whole."""

    @property
    def schema_version(self) -> int: ...
    @property
    def last_event(self) -> int: ...
    @property
    def unsent(self) -> int: ...
    @property
    def rows(self) -> Mapping[str, int]: ...


class DatabaseCopies(Protocol):
    """Copies of the database; each call blocks."""

    def copy(self, source: Path, target: Path, *, goes_on: Callable[[], bool], is_alone: bool) -> None:
        """Write one moment of it to a new file, on disk after it. `is_alone`: nobody else can open it meanwhile.

        Raises OmpycordError.
        """
        ...

    def examine(self, path: Path) -> Counted:
        """Raises OmpycordError where the copy is not whole."""
        ...

    def upgrade(self, path: Path) -> None:
        """Bring a copy to this version's schema, and open it as a start does. Raises OmpycordError."""
        ...

    def settle(self, path: Path, *, unsent: Unsent) -> None:
        """Make it fit to go on from. Raises OmpycordError."""
        ...
