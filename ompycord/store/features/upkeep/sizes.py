"""How large the database is, for the metrics."""

import sqlite3
from typing import Final

from ompycord.domain.ports.store import StoredSizes
from ompycord.store.database import StorePart
from ompycord.store.statements import load

__all__ = ["SqliteSizes"]

_SQL = load("sizes")
_PAGES = _SQL.one("pages")
_MEMORY_ITEMS = _SQL.one("memory_items")
_STATUSES: Final = ("proposed", "active", "retired")


class SqliteSizes(StorePart):
    """Implements `StoreSizes`."""

    async def stored_sizes(self) -> StoredSizes:
        pages, free = await self._database.readers.one(_PAGES, (), _bytes_of) or (0, 0)
        counted = dict(await self._database.readers.all(_MEMORY_ITEMS, (), _count_of))
        return StoredSizes(pages, free, {status: counted.get(status, 0) for status in _STATUSES})


def _bytes_of(row: sqlite3.Row) -> tuple[int, int]:
    return row["pages"] * row["size"], row["free"] * row["size"]


def _count_of(row: sqlite3.Row) -> tuple[str, int]:
    return str(row["status"]), int(row["number"])
