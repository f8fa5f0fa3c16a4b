"""The files of archived events as the database names them, read beside a process that works, and without one.

Nothing is written, and nothing is left that was not there.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from ompycord.store.archive.files import ArchiveFiles
from ompycord.store.archive.moving import ArchivedFile, archived_of
from ompycord.store.connection import start_error
from ompycord.store.statements import load

__all__ = ["archived_files"]

_SQL = load("archive")
_HAS = _SQL.one("has_archives")
_KEPT = _SQL.one("kept_archives")
_WAIT_S: Final = 5.0


def archived_files(data: Path, database: Path) -> list[ArchivedFile]:
    """All that count, the oldest first, and what is where they belong; every byte is read. Raises StartError."""
    if not database.is_file():
        return []
    files = ArchiveFiles(data / "artifacts")
    beside = [database.with_name(f"{database.name}{end}") for end in ("-wal", "-shm")]
    new = [file for file in beside if not file.exists()]
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=_WAIT_S)) as raw:
            raw.row_factory = sqlite3.Row
            if raw.execute(_HAS).fetchone() is None:
                return []  # of a version that archived nothing
            kept = [archived_of(row) for row in raw.execute(_KEPT)]
    except sqlite3.Error as error:
        raise start_error(error, database.name) from error
    finally:
        for file in new:
            file.unlink(missing_ok=True)
    return [ArchivedFile(one, files.state(one.sha256)) for one in kept]
