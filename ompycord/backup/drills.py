"""What is noted of the last trial of a backup, beside the backups themselves: every process and command reads it."""

from typing import Final

from ompycord.backup.place import BackupPlace
from ompycord.domain.base import Frozen, Millis
from ompycord.files import replace_file

__all__ = ["DrillRecord", "note_drill", "read_drill"]

_FILE: Final = "last-drill.json"


class DrillRecord(Frozen):
    """The last time that a backup was put back on trial."""

    at: Millis | None = None
    backup: str | None = None
    faults: tuple[str, ...] = ()
    whole: str | None = None
    """The one that was put back last without a fault, then or before: it is never pruned."""


def read_drill(place: BackupPlace) -> DrillRecord:
    """An empty one where none was noted, or it cannot be read."""
    try:
        return DrillRecord.model_validate_json((place.path / _FILE).read_bytes())
    except (OSError, ValueError):
        return DrillRecord()


def note_drill(place: BackupPlace, *, at: Millis, backup: str, faults: list[str]) -> DrillRecord:
    """Note how it went. Raises OSError."""
    whole = read_drill(place).whole if faults else backup
    record = DrillRecord(at=at, backup=backup, faults=tuple(faults), whole=whole)
    replace_file(place.path / _FILE, record.model_dump_json())
    return record
