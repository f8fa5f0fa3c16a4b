"""Messages that belong to no run: queued once by their key, sent by `bot/delivery/announcing.py`."""

import sqlite3
from collections.abc import Mapping
from functools import partial
from typing import Any

from ompycord.domain.base import Millis
from ompycord.domain.schedules.announcement import Announcement
from ompycord.store.database import StorePart
from ompycord.store.rows import canonical, with_json
from ompycord.store.statements import load

__all__ = ["SqliteAnnouncements", "announce", "decide"]

_SQL = load("announcements")
_ANNOUNCE = _SQL.one("announce")
_UNSENT = _SQL.one("unsent")
_SENT = _SQL.one("sent")
_TRIED = _SQL.one("tried")
_DECIDE = _SQL.one("decide")
_OUTDATED = _SQL.one("outdated")
_CORRECTED = _SQL.one("corrected")


class SqliteAnnouncements(StorePart):
    """Implements `Announcements`."""

    async def announce(self, announcement: Announcement) -> bool:
        return await self._database.writer.submit(partial(announce, announcement=announcement))

    async def unsent(self, limit: int = 20) -> list[Announcement]:
        return await self._database.readers.all(_UNSENT, (limit,), _announcement_of)

    async def sent(self, key: str, *, at: Millis, message: str = "", error: str = "") -> None:
        values = {"key": key, "at": at, "message": message, "error": error}
        await self._database.writer.submit(partial(_done, statement=_SENT, values=values))

    async def tried(self, key: str, error: str) -> int:
        return await self._database.writer.submit(partial(_try, values={"key": key, "error": error}))

    async def decide(self, key: str, outcome: str) -> bool:
        return await self._database.writer.submit(partial(decide, key=key, outcome=outcome))

    async def outdated(self, limit: int = 20) -> list[Announcement]:
        return await self._database.readers.all(_OUTDATED, (limit,), _announcement_of)

    async def corrected(self, shown: Announcement, *, at: Millis, error: str = "") -> None:
        values = {"key": shown.key, "outcome": shown.outcome, "at": at, "error": error}
        await self._database.writer.submit(partial(_done, statement=_CORRECTED, values=values))


def _announcement_of(row: sqlite3.Row) -> Announcement:
    return Announcement.model_validate(with_json(row, "buttons", "chart"))


def announce(raw: sqlite3.Connection, announcement: Announcement) -> bool:
    """Queue a message within a transaction; whether it is new."""
    values = announcement.model_dump(exclude={"attempts", "buttons", "chart", "message", "outcome"})
    buttons = canonical([one.model_dump() for one in announcement.buttons])
    chart = None if announcement.chart is None else canonical(announcement.chart.model_dump(mode="json"))
    return raw.execute(_ANNOUNCE, {**values, "buttons": buttons, "chart": chart}).rowcount == 1


def decide(raw: sqlite3.Connection, key: str, outcome: str) -> bool:
    """Store what the message of a question says from now on, within a transaction; whether there is one."""
    return raw.execute(_DECIDE, {"key": key, "outcome": outcome}).rowcount == 1


def _done(raw: sqlite3.Connection, statement: str, values: Mapping[str, Any]) -> None:
    raw.execute(statement, values)


def _try(raw: sqlite3.Connection, values: Mapping[str, Any]) -> int:
    found = raw.execute(_TRIED, values).fetchone()
    return 0 if found is None else int(found[0])
