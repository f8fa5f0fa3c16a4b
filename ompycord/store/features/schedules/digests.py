"""What happened between two moments, and how far it was told: a span is told once, by whoever moves on first."""

import sqlite3
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from ompycord.domain.base import Millis
from ompycord.domain.run import RunRecord
from ompycord.domain.schedules.announcement import Announcement
from ompycord.store.database import StorePart
from ompycord.store.features.runs import run_of
from ompycord.store.features.schedules.announcements import announce
from ompycord.store.statements import load

__all__ = ["SqliteDigests"]

_SQL = load("digests")
_RUNS = _SQL.one("runs_between")
_DECISIONS = _SQL.one("decisions_between")
_REPORTED = _SQL.one("reported_until")
_BEGIN = _SQL.one("begin_reporting")
_ADVANCE = _SQL.one("advance_until")
_MOST: Final = 5000
"""Runs of a span."""


class SqliteDigests(StorePart):
    """Implements `DigestRows`."""

    async def runs_between(self, guild: str, start: Millis, end: Millis) -> list[RunRecord]:
        values = {"guild": guild, "start": start, "end": end, "limit": _MOST}
        return await self._database.readers.all(_RUNS, values, run_of)

    async def decisions_between(self, guild: str, start: Millis, end: Millis) -> list[str]:
        values = {"guild": guild, "start": start, "end": end}
        return await self._database.readers.all(_DECISIONS, values, _title_of)

    async def reported_until(self, job: str) -> Millis:
        return await self._database.readers.one(_REPORTED, (job,), _position_of) or 0

    async def advance(self, job: str, *, expect: Millis, end: Millis, announcement: Announcement | None) -> bool:
        values = {"job": job, "expect": expect, "end": end}
        return await self._database.writer.submit(partial(_advance, values=values, announcement=announcement))


def _title_of(row: sqlite3.Row) -> str:
    return str(row["title"])


def _position_of(row: sqlite3.Row) -> Millis:
    return int(row["position"])


def _advance(raw: sqlite3.Connection, values: Mapping[str, Any], announcement: Announcement | None) -> bool:
    is_first = values["expect"] == 0
    sql = _BEGIN if is_first else _ADVANCE
    given = {name: values[name] for name in (("job", "end") if is_first else ("job", "expect", "end"))}
    if raw.execute(sql, given).rowcount == 0:
        return False
    if announcement is not None:
        announce(raw, announcement)
    return True
