"""The keys of senders: found, stored, and ended with their run."""

import sqlite3

from ompycord.domain.base import Millis
from ompycord.domain.records import KeyRecord, KeysEnd
from ompycord.store.database import StorePart
from ompycord.store.features.runs import run_pk
from ompycord.store.rows import canonical, with_json
from ompycord.store.statements import load
from ompycord.store.writes import Write, each

__all__ = ["WRITES", "SqliteKeys"]

KEYS_END_AFTER_MS = 10 * 60 * 1000
"""Milliseconds after its final state at which a run's key ends (docs/contracts/authentication.md, *Keys*)."""

_SQL = load("keys")
_KEYS = _SQL.one("keys")
_PUT_KEY = _SQL.one("put_key")
_EXPIRE_KEYS = _SQL.one("expire_keys")


class SqliteKeys(StorePart):
    """Implements `KeyStore`."""

    async def keys(self) -> list[KeyRecord]:
        return await self._database.readers.all(_KEYS, {"now": self._database.clock.now_ms()}, _key_of)


def _key_of(row: sqlite3.Row) -> KeyRecord:
    return KeyRecord.model_validate(with_json(row, "scopes"))


def _put(raw: sqlite3.Connection, key: KeyRecord, now: Millis) -> None:
    values = key.model_dump(exclude={"scopes", "run"})
    run = None if key.run is None else run_pk(raw, key.run)
    raw.execute(_PUT_KEY, {**values, "scopes": canonical(sorted(key.scopes)), "run": run})


def _expire(raw: sqlite3.Connection, end: KeysEnd, now: Millis) -> None:
    raw.execute(_EXPIRE_KEYS, {"run": run_pk(raw, end.run), "at": now + KEYS_END_AFTER_MS})


WRITES = (
    Write(record=KeyRecord, prepare=each(_put)),
    Write(record=KeysEnd, prepare=each(_expire)),
)
