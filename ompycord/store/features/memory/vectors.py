"""Vectors of what is remembered, compared with one here; counterpart of `memory/vectors/`, which has them made.

The comparison is exact, in the thread of a reader, and bounded in time: `COMPARED` numbers are multiplied at most. That
takes 55 ms of a core (Python 3.11: 27 ns a number by `sum(map(mul, …))` over `array`), of which no other thread waits
for more than 5 ms. With 384 numbers a vector these are the newest 5,208 items of a place and all that the words found,
with 1,536 the newest 1,302. docs/decisions/116-vectors-add-to-words.md says why no library does it.
"""

import json
import sqlite3
import sys
from array import array
from collections.abc import Collection, Mapping, Sequence
from functools import partial
from heapq import nlargest
from operator import mul
from typing import Any, Final

from ompycord.domain.base import Millis
from ompycord.domain.memory.items import FoundItem
from ompycord.domain.memory.vectors import (
    BareItem,
    EmbeddingModel,
    EmbeddingSpace,
    NearQuery,
    SpaceFill,
    Vector,
    VectorPut,
)
from ompycord.store.database import StorePart
from ompycord.store.features.memory.items import found_of
from ompycord.store.statements import load

__all__ = ["COMPARED", "SqliteVectors"]

_SQL = load("memory_vectors")
_FILLS = _SQL.one("fills")
_NEWEST = _SQL.one("newest")
_MAKE = _SQL.one("make")
_MISSING = _SQL.one("missing")
_PUT = _SQL.one("put")
_ANSWERS = _SQL.one("answers")
_DROP_EXPIRED = _SQL.one("drop_expired")
_DROP_SOME = _SQL.one("drop_some")
_DROP_SPACES = _SQL.one("drop_spaces")
_COMPARED = _SQL.one("compared")
_NEWEST_SEEN = _SQL.one("newest_seen")
_BY_PK = _SQL.one("by_pk")
COMPARED: Final = 2_000_000
"""Numbers of stored vectors that one search multiplies at most."""
_DROPPED_AT_ONCE: Final = 500
"""Vectors that one transaction removes, so that others get their turn between two."""


class SqliteVectors(StorePart):
    """Implements `VectorRows`."""

    async def fills(self) -> list[SpaceFill]:
        return await self._database.readers.all(_FILLS, (), _fill)

    async def space_of(self, model: EmbeddingModel, dim: int, *, at: Millis) -> EmbeddingSpace:
        return await self._database.writer.submit(partial(_newest_or_made, model=model, dim=dim, at=at), is_aside=True)

    async def next_version(self, space: EmbeddingSpace, *, at: Millis) -> EmbeddingSpace:
        return await self._database.writer.submit(partial(_next_version, space=space, at=at), is_aside=True)

    async def missing(
        self, space: EmbeddingSpace | None, *, without: Collection[str], now: Millis, limit: int
    ) -> list[BareItem]:
        values = {
            "space": 0 if space is None else space.id,
            "without": json.dumps(sorted(without)),
            "now": now,
            "limit": limit,
        }
        return await self._database.readers.all(_MISSING, values, _bare)

    async def put(self, space: EmbeddingSpace, vectors: Sequence[VectorPut]) -> int:
        rows = [
            {"space": space.id, "item": one.item, "sha": one.sha, "vector": _packed(one.vector, space)}
            for one in vectors
        ]
        return await self._database.writer.submit(partial(_put, rows=rows), weight=len(rows), is_aside=True)

    async def finish(self, space: EmbeddingSpace, *, at: Millis) -> None:
        values = {"space": space.id, "at": at, "limit": _DROPPED_AT_ONCE}
        await self._database.writer.submit(partial(_answer, values=values), is_aside=True)
        while await self._database.writer.submit(partial(_drop_some, values=values), is_aside=True):
            pass
        await self._database.writer.submit(partial(_drop_spaces, values=values), is_aside=True)

    async def nearest(self, near: NearQuery) -> list[FoundItem]:
        return await self._database.readers.read(partial(_nearest, near=near))


def _newest_or_made(raw: sqlite3.Connection, model: EmbeddingModel, dim: int, at: Millis) -> EmbeddingSpace:
    newest = raw.execute(_NEWEST).fetchone()
    if newest is not None and (space := _space(newest)).made_by == model and space.dim == dim:
        return space
    return _made(raw, model, dim, at)


def _next_version(raw: sqlite3.Connection, space: EmbeddingSpace, at: Millis) -> EmbeddingSpace:
    newest = _space(raw.execute(_NEWEST).fetchone())
    return newest if newest.whole_at is None else _made(raw, space.made_by, space.dim, at)


def _made(raw: sqlite3.Connection, model: EmbeddingModel, dim: int, at: Millis) -> EmbeddingSpace:
    values = model.model_dump(exclude={"dimensions"}) | {"is_requested": model.dimensions is not None}
    return _space(raw.execute(_MAKE, {**values, "dim": dim, "made_at": at}).fetchone())


def _put(raw: sqlite3.Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    return sum(raw.execute(_PUT, row).rowcount for row in rows)


def _answer(raw: sqlite3.Connection, values: Mapping[str, Any]) -> None:
    raw.execute(_ANSWERS, values)
    raw.execute(_DROP_EXPIRED, values)


def _drop_some(raw: sqlite3.Connection, values: Mapping[str, Any]) -> bool:
    return raw.execute(_DROP_SOME, values).rowcount > 0


def _drop_spaces(raw: sqlite3.Connection, values: Mapping[str, Any]) -> None:
    raw.execute(_DROP_SPACES, values)


def _nearest(raw: sqlite3.Connection, near: NearQuery) -> list[FoundItem]:
    query, space = near.query, near.space
    values = {
        **query.place.model_dump(),
        "now": query.now,
        "without_run": query.without_run,
        "space": space.id,
        "candidates": json.dumps(near.candidates),
        "most": max(COMPARED // space.dim, 1),
    }
    from_pk = raw.execute(_NEWEST_SEEN, values).fetchone()["pk"]
    if from_pk is None:
        return []
    wanted = near.vector.tolist()
    rows = raw.execute(_COMPARED, {**values, "from_pk": from_pk})
    likeness = ((_product(wanted, row["vector"]), -row["item"]) for row in rows)
    best = {-pk: like for like, pk in nlargest(query.limit, likeness)}
    items = raw.execute(_BY_PK, {"pks": json.dumps(list(best))})
    found = {row["item_pk"]: found_of(row) for row in items}
    return [found[pk].model_copy(update={"score": 1.0 - like}) for pk, like in best.items()]


def _product(wanted: Sequence[float], packed: bytes) -> float:
    """Raises ValueError for a vector of another length."""
    vector = array("f")
    vector.frombytes(packed)
    if len(vector) != len(wanted):
        raise ValueError("a stored vector has another length than its space")
    if sys.byteorder == "big":
        vector.byteswap()
    return sum(map(mul, wanted, vector))


def _packed(vector: "Vector[float]", space: EmbeddingSpace) -> bytes:
    """The numbers from the low byte on, also on machines that count otherwise. Raises ValueError for another length."""
    if len(vector) != space.dim:
        raise ValueError("a vector has another length than its space")
    if sys.byteorder == "big":
        vector = array("f", vector)
        vector.byteswap()
    return vector.tobytes()


def _space(row: sqlite3.Row) -> EmbeddingSpace:
    values: dict[str, Any] = {name: row[name] for name in EmbeddingSpace.model_fields}
    return EmbeddingSpace.model_validate(
        {**values, "is_requested": bool(values["is_requested"]), "normalised": bool(values["normalised"])}
    )


def _fill(row: sqlite3.Row) -> SpaceFill:
    return SpaceFill(space=_space(row), vectors=row["vectors"], items=row["items"])


def _bare(row: sqlite3.Row) -> BareItem:
    return BareItem.model_validate(dict(row))
