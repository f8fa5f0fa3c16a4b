"""Deliveries to webhooks: written with a projection, sent by `notify/`.

The product's `domain.ports.notify.NotificationQueue`.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from ompycord.domain.base import Millis
from ompycord.domain.deliveries import (
    DISCORD,
    Delivery,
    DeliveryFilter,
    DeliveryStatus,
    Destination,
    DestinationState,
    StoredDelivery,
)
from ompycord.store.database import StorePart
from ompycord.store.rows import canonical
from ompycord.store.statements import load
from ompycord.store.steady import keep_steady

__all__ = ["SqliteNotificationQueue", "add_deliveries"]

KEPT_MS = 7 * 24 * 3600 * 1000
"""Milliseconds for which a delivery that arrived can be listed."""
PRUNED_AT_ONCE = 100

_SQL = load("deliveries")
_IS_THERE = _SQL.one("is_there")
_NEXT_NUMBER = _SQL.one("next_number")
_ADD = _SQL.one("add")
_HEADS = _SQL.one("heads")
_FIND = _SQL.one("find")
_DELIVERED = _SQL.one("delivered")
_UNDELIVERED = _SQL.one("undelivered")
_PRUNE = _SQL.one("prune")
_RETRY = _SQL.one("retry")
_DROP = _SQL.one("drop")
_STATES = _SQL.one("states")


class SqliteNotificationQueue(StorePart):
    """Implements `NotificationQueue`."""

    async def heads(self, destination: Destination, *, limit: int) -> list[StoredDelivery]:
        return await self._database.readers.all(_HEADS, {"destination": destination, "limit": limit}, _stored_of)

    async def delivered(self, delivery: str, *, at: Millis) -> None:
        steady = self._database.steady.now_ms()
        await self._database.writer.submit(partial(_delivered, delivery=delivery, at=at, steady=steady))

    async def undelivered(self, delivery: str, *, error: str, next_at: Millis | None) -> None:
        values = {"id": delivery, "error": error, "next_at": next_at}
        await self._database.writer.submit(partial(_execute, statement=_UNDELIVERED, values=values))

    async def find(self, which: DeliveryFilter) -> list[StoredDelivery]:
        return await self._database.readers.all(_FIND, _values_of(which), _stored_of)

    async def retry(self, which: DeliveryFilter, *, at: Millis) -> list[str]:
        return await self._database.writer.submit(partial(_change, statement=_RETRY, which=which, at=at))

    async def drop(self, which: DeliveryFilter) -> list[str]:
        return await self._database.writer.submit(partial(_change, statement=_DROP, which=which, at=0))

    async def states(self) -> Sequence[DestinationState]:
        return await self._database.readers.all(
            _STATES, {"discord": DISCORD}, lambda row: DestinationState.model_validate(dict(row))
        )


def add_deliveries(raw: sqlite3.Connection, deliveries: Sequence[Delivery]) -> None:
    """Insert those whose id is new, numbered in the order in which they come."""
    for one in deliveries:
        if raw.execute(_IS_THERE, (one.id,)).fetchone() is not None:
            continue
        values = {**one.model_dump(exclude={"content"}), "content": canonical(one.content)}
        values["seq"] = raw.execute(_NEXT_NUMBER, values).fetchone()[0]
        raw.execute(_ADD, values)


def _delivered(raw: sqlite3.Connection, delivery: str, at: Millis, steady: Millis) -> None:
    raw.execute(_DELIVERED, (at, delivery))
    keep_steady(raw, steady)
    raw.execute(_PRUNE, (min(at, steady) - KEPT_MS, PRUNED_AT_ONCE))


def _execute(raw: sqlite3.Connection, statement: str, values: Mapping[str, object]) -> None:
    raw.execute(statement, values)


def _change(raw: sqlite3.Connection, statement: str, which: DeliveryFilter, at: Millis) -> list[str]:
    """Change those that match and have not arrived; their ids, in order."""
    still_open = which.model_copy(update={"statuses": which.statuses - {DeliveryStatus.DELIVERED}})
    ids = [str(row["id"]) for row in raw.execute(_FIND, _values_of(still_open))]
    raw.execute(statement, {"ids": json.dumps(ids), "at": at})
    return ids


def _values_of(which: DeliveryFilter) -> dict[str, object]:
    return {
        "ids": None if which.ids is None else json.dumps(which.ids),
        "destination": which.destination,
        "statuses": json.dumps(sorted(which.statuses)),
        "limit": -1 if which.limit is None else which.limit,
    }


def _stored_of(row: sqlite3.Row) -> StoredDelivery:
    values: dict[str, Any] = dict(row)
    names = ("id", "destination", "topic", "run", "not_before", "created_at")
    return StoredDelivery.model_validate(
        {
            "delivery": {**{name: values[name] for name in names}, "content": json.loads(values["content"])},
            **{name: values[name] for name in ("seq", "status", "attempts", "next_at", "done_at")},
            "error": values["last_error"],
        }
    )
