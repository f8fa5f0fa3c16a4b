"""Surfaces: where the messages and threads of runs are in Discord, and what they show."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial

from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind, Surface
from ompycord.domain.run import RunRecord
from ompycord.store.database import StorePart
from ompycord.store.features.runs import run_of, run_pk
from ompycord.store.statements import load

__all__ = ["SqliteSurfaces", "put_surface"]

_SQL = load("surfaces")
_SURFACES = _SQL.one("surfaces")
_SURFACES_OF = _SQL.one("surfaces_of")
_SURFACE = _SQL.one("surface")
_RUN_OF_SURFACE = _SQL.one("run_of_surface")
_STALE_RUNS = _SQL.one("stale_runs")
_IS_THREAD_NAMED = _SQL.one("is_thread_named")
_THREAD_NAME = _SQL.one("thread_name")
_THREAD_NAMED = _SQL.one("thread_named")
_THREAD_NAMER = _SQL.one("thread_namer")
_COMPARED = _SQL.one("compared")
_PUT_SURFACE = _SQL.one("put_surface")
_RECEIVED_UNTIL = _SQL.one("received_until")
_PUT_RECEIVED = _SQL.one("put_received")


class SqliteSurfaces(StorePart):
    """Implements `Surfaces`, `ShownMessages`, `ThreadRecords` and `ReceivedMessages`."""

    async def surfaces(self, run: RunId) -> list[Surface]:
        return await self._database.readers.all(_SURFACES, (run,), _surface_of)

    async def surfaces_of(self, runs: Sequence[RunId]) -> dict[RunId, list[Surface]]:
        found: dict[RunId, list[Surface]] = {}
        for surface in await self._database.readers.all(_SURFACES_OF, (json.dumps(runs),), _surface_of):
            found.setdefault(surface.run, []).append(surface)
        return found

    async def surface(self, run: RunId, kind: OutboxKind, ref: str = "") -> Surface | None:
        return await self._database.readers.one(_SURFACE, (run, kind, ref), _surface_of)

    async def run_of_surface(self, channel_or_message: str) -> RunRecord | None:
        return await self._database.readers.one(_RUN_OF_SURFACE, {"id": channel_or_message}, run_of)

    async def received_until(self) -> int | None:
        return await self._database.readers.one(_RECEIVED_UNTIL, (), lambda row: int(row[0]))

    async def put_received(self, message: int) -> None:
        await self._database.writer.submit(partial(_put_received, message=message))

    async def shown(self, surface: Surface) -> None:
        await self._database.writer.submit(partial(put_surface, surface=surface))

    async def compared(self, run: RunId, channel: str, position: int) -> None:
        values = {"run": run, "channel": channel, "position": position}
        await self._database.writer.submit(partial(_compare, values=values))

    async def is_thread_named(self, shown_hash: str, *, besides: str) -> bool:
        values = {"shown_hash": shown_hash, "besides": besides}
        return await self._database.readers.one(_IS_THREAD_NAMED, values, bool) is not None

    async def thread_name(self, channel: str) -> str | None:
        return await self._database.readers.one(_THREAD_NAME, (channel,), lambda row: str(row["shown_hash"]))

    async def thread_named(self, channel: str, shown_hash: str) -> None:
        values = {"channel": channel, "shown_hash": shown_hash}
        await self._database.writer.submit(partial(_name, values=values))

    async def thread_namer(self, channel: str) -> RunId | None:
        return await self._database.readers.one(_THREAD_NAMER, (channel,), lambda row: RunId(row["id"]))

    async def stale_runs(self) -> list[RunId]:
        return await self._database.readers.all(_STALE_RUNS, (), lambda row: RunId(row["id"]))


def put_surface(raw: sqlite3.Connection, surface: Surface) -> None:
    """Store what a message shows now. Raises UnknownRun."""
    raw.execute(_PUT_SURFACE, {**surface.model_dump(exclude={"run"}), "run": run_pk(raw, surface.run)})


def _name(raw: sqlite3.Connection, values: Mapping[str, object]) -> None:
    raw.execute(_THREAD_NAMED, values)


def _compare(raw: sqlite3.Connection, values: Mapping[str, object]) -> None:
    raw.execute(_COMPARED, values)


def _surface_of(row: sqlite3.Row) -> Surface:
    return Surface.model_validate(dict(row))


def _put_received(raw: sqlite3.Connection, message: int) -> None:
    raw.execute(_PUT_RECEIVED, (message,))
