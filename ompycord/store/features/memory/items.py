"""What a team remembers: items with their counters, and the index of their words.

The index is FTS5 over the table itself (`content=`), kept by triggers that name its three columns: counting and changes
of state leave it alone (docs/platform/sqlite.md, *Full-text search*).
"""

import hashlib
import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, Literal

from ompycord.domain.base import Millis
from ompycord.domain.memory.items import (
    FoundItem,
    MemoryAddition,
    MemoryChange,
    MemoryCounts,
    MemoryFilter,
    MemoryItem,
    MemoryPlace,
    MemoryQuery,
    MemoryStatus,
)
from ompycord.domain.records import Committed
from ompycord.errors import StorageError, VersionConflict
from ompycord.store.database import StorePart
from ompycord.store.statements import load
from ompycord.store.writes import Write, each

__all__ = ["WRITES", "SqliteMemory", "found_of", "words_hash"]

_SQL = load("memory")
_ADD = _SQL.one("add")
_SAME = _SQL.one("same")
_ITEMS = _SQL.one("items")
_BY_ID = _SQL.one("by_id")
_SEARCH = _SQL.one("search")
_REWRITE = _SQL.one("rewrite")
_SET_STATUS = _SQL.one("set_status")
_COUNT = {
    "helpful": _SQL.one("count_helpful"),
    "harmful": _SQL.one("count_harmful"),
    "injected": _SQL.one("count_injected"),
}
_SET_TERMS = _SQL.one("set_terms")
_REBUILD = _SQL.one("rebuild")
_COMPARE = _SQL.one("compare")
_NUMBER = _SQL.one("number")
_AT_ONCE: Final = 200
"""Items in one transaction, so that others get their turn between two."""


class SqliteMemory(StorePart):
    """Implements `MemoryRows`."""

    async def add(self, items: Sequence[tuple[MemoryItem, str]]) -> list[MemoryItem]:
        found: list[MemoryItem] = []
        for start in range(0, len(items), _AT_ONCE):
            part = items[start : start + _AT_ONCE]
            found += await self._database.writer.submit(partial(_add, items=part), weight=len(part), is_aside=True)
        return found

    async def items(self, which: MemoryFilter) -> list[FoundItem]:
        values = {
            **(which.place.model_dump() if which.place is not None else dict.fromkeys(MemoryPlace.model_fields)),
            **which.model_dump(include={"source_run", "ending", "limit"}),
            "kinds": json.dumps(sorted(which.kinds)),
            "statuses": json.dumps(sorted(which.statuses)),
        }
        return await self._database.readers.all(_ITEMS, values, found_of)

    async def by_id(self, ids: Sequence[str]) -> Mapping[str, FoundItem]:
        rows = await self._database.readers.all(_BY_ID, {"ids": json.dumps(list(ids))}, found_of)
        return {one.item.id: one for one in rows}

    async def search(self, query: MemoryQuery) -> list[FoundItem]:
        values = {
            **query.place.model_dump(),
            "match": query.match,
            "without_run": query.without_run,
            "now": query.now,
            "limit": query.limit,
        }
        return await self._database.readers.all(_SEARCH, values, found_of)

    async def rewrite(self, item: MemoryItem, terms: str, *, expect: MemoryStatus) -> bool:
        values = {**_values(item, terms), "expect": expect}
        return await self._database.writer.submit(partial(_rewrite, values=values), is_aside=True)

    async def count(
        self, ids: Sequence[str], what: Literal["helpful", "harmful", "injected"], *, at: Millis, by: int = 1
    ) -> None:
        rows = [{"id": item, "at": at, "by": by} for item in ids]
        if rows:
            await self._database.writer.submit(partial(_count, what=what, rows=rows), is_aside=True)

    async def index(self, terms: Mapping[str, str]) -> int:
        rows = [{"id": item, "terms": text} for item, text in terms.items()]
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            await self._database.writer.submit(partial(_set_terms, rows=part), weight=len(part), is_aside=True)
        number = await self._database.writer.submit(_rebuild, is_aside=True)
        if not await self.is_index_whole():
            raise StorageError("The index of the memory does not match its items, though it was made again.")
        return number

    async def is_index_whole(self) -> bool:
        return await self._database.writer.submit(is_whole, is_aside=True)


def _add(raw: sqlite3.Connection, items: Sequence[tuple[MemoryItem, str]]) -> list[MemoryItem]:
    found: list[MemoryItem] = []
    for item, terms in items:
        values = _values(item, terms)
        is_new = raw.execute(_ADD, values).rowcount == 1
        found.append(item if is_new else found_of(raw.execute(_SAME, values).fetchone()).item)
    return found


def _there_before(raw: sqlite3.Connection, additions: Sequence[MemoryAddition]) -> Committed | None:
    is_there = any(raw.execute(_SAME, _values(one.item, one.terms)).fetchone() for one in additions)
    return Committed(fresh=False) if is_there else None


def _put(raw: sqlite3.Connection, addition: MemoryAddition, now: Millis) -> None:
    raw.execute(_ADD, _values(addition.item, addition.terms))


def _rewrite(raw: sqlite3.Connection, values: Mapping[str, Any]) -> bool:
    """Only the state, where the words stay: an UPDATE that names them would write the index again."""
    return any(raw.execute(statement, values).rowcount == 1 for statement in (_SET_STATUS, _REWRITE))


def _change(raw: sqlite3.Connection, change: MemoryChange, now: Millis) -> None:
    if not _rewrite(raw, {**_values(change.item, change.terms), "expect": change.expect}):
        raise VersionConflict(f"The item {change.item.id} is not {change.expect} any more.")


def _count(raw: sqlite3.Connection, what: str, rows: Sequence[Mapping[str, Any]]) -> None:
    raw.executemany(_COUNT[what], rows)


def _set_terms(raw: sqlite3.Connection, rows: Sequence[Mapping[str, str]]) -> None:
    raw.executemany(_SET_TERMS, rows)


def _rebuild(raw: sqlite3.Connection) -> int:
    raw.execute(_REBUILD)
    return int(raw.execute(_NUMBER).fetchone()[0])


def is_whole(raw: sqlite3.Connection) -> bool:
    """Whether the index of texts is what the items say; it reads all of them."""
    try:
        raw.execute(_COMPARE)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT:  # what this question answers with
            return False
        raise
    return True


def _values(item: MemoryItem, terms: str) -> dict[str, Any]:
    return {
        **item.model_dump(mode="json", exclude={"paths"}),
        "paths": json.dumps(item.paths),
        "terms": terms,
        "sha": words_hash(item.kind, item.title, item.body),
    }


def words_hash(kind: str, title: str, body: str) -> bytes:
    """By which the same words in one place are recognized."""
    words = f"{kind}\0{title}\0{body}"
    return hashlib.sha256(words.casefold().encode("utf-8", "surrogatepass")).digest()


def found_of(row: sqlite3.Row) -> FoundItem:
    """An item with its counters. Raises ValueError for a row that is not what was written."""
    fields = {name: row[name] for name in MemoryItem.model_fields if name != "paths"}
    return FoundItem(
        item=MemoryItem.model_validate({**fields, "paths": json.loads(row["paths"])}),
        counts=MemoryCounts(
            helpful=row["helpful"], harmful=row["harmful"], injected=row["injected"], last_used=row["last_used"]
        ),
        score=row["score"],
    )


WRITES = (
    Write(record=MemoryAddition, prepare=each(_put), earlier=_there_before),
    Write(record=MemoryChange, prepare=each(_change)),
)
