"""A new store whose schema is there at once: its database is a copy of one that was migrated when the tests began.

Applying every migration is most of what a new store costs. Tests about that open theirs by `open_store` itself.
"""

import contextlib
import os
import sqlite3
import tempfile
from contextlib import AbstractAsyncContextManager
from functools import cache
from pathlib import Path

from ompycord.domain.ports import Clock, Ids
from ompycord.store import SqliteStore, open_store
from ompycord.store.leftovers import make_file
from ompycord.store.migrations import find_migrations, migrate
from ompycord.testing import FakeClock

__all__ = ["new_store"]

READERS = 2
"""Fewer than the product's: each is a connection and a thread."""


def new_store(
    path: Path, *, clock: Clock, ids: Ids, readers: int = READERS
) -> AbstractAsyncContextManager[SqliteStore]:
    """As `open_store`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        with open(path, "xb", opener=_private) as file:  # pathlib has no opener
            file.write(_migrated())
    return open_store(path, clock=clock, ids=ids, readers=readers)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


@cache
def _migrated() -> bytes:
    """The file of an empty database with this version's schema, as a start leaves it that ended before anything."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ompycord.db"
        make_file(path)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as raw:
            raw.row_factory = sqlite3.Row
            migrate(raw, find_migrations(), path=path, clock=FakeClock())
        return path.read_bytes()
