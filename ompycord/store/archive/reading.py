"""A run's whole log, wherever it is: what is in files, then what is in the table. Inside one read of the database."""

import sqlite3
from collections.abc import Collection
from typing import Final

from ompycord.domain.events import RunEvent
from ompycord.domain.ids import RunId
from ompycord.store.archive.files import ArchiveFiles, RunFrame
from ompycord.store.rows import event_of
from ompycord.store.statements import load

__all__ = ["ARCHIVE", "archived_events", "archived_upto", "last_archived"]

ARCHIVE: Final = "archive"
"""The cursor that says up to where events may be missing in the table."""

_SQL = load("archive_reading")
_PARTS_OF_RUN = _SQL.one("parts_of_run")
_ARCHIVED_UPTO = _SQL.one("archived_upto")


def archived_events(
    raw: sqlite3.Connection, files: ArchiveFiles, run: RunId, *, types: Collection[str] | None = None
) -> list[RunEvent]:
    """Those that are in files, in the order of the log; of some types. Raises ArchiveUnreadable."""
    found = [
        event_of(event)
        for row in raw.execute(_PARTS_OF_RUN, (run,)).fetchall()
        for event in files.read(row["archive"], RunFrame(row["start"], row["length"]), month=row["month"])
        if types is None or event["type"].decode() in types
    ]
    return sorted(found, key=lambda event: event.position)


def last_archived(raw: sqlite3.Connection, run: RunId) -> int:
    """The position of the last event of a run that is in a file; 0 where none is."""
    return max((row["last_position"] for row in raw.execute(_PARTS_OF_RUN, (run,))), default=0)


def archived_upto(raw: sqlite3.Connection) -> int:
    """Up to where events may be missing in the table since they are in files."""
    return int(raw.execute(_ARCHIVED_UPTO).fetchone()[0])
