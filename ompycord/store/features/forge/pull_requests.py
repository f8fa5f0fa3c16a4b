"""Records of pull requests, and the search of the log for those that were opened."""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from ompycord.domain.ids import RunId
from ompycord.domain.ports.following import OpenedByRun
from ompycord.domain.pull_requests.record import PullRequestRecord
from ompycord.store.database import StorePart
from ompycord.store.statements import load

__all__ = ["SqlitePullRequests"]

_SQL = load("pull_requests")
_ONE = _SQL.one("pull_request")
_OF_CHAIN = _SQL.one("pull_requests_of")
_ALL = _SQL.one("pull_requests")
_INVOLVED = _SQL.one("involved")
_KEEP = _SQL.one("keep_pull_request")
_OPENED = _SQL.one("opened_after")
_LOG_END = _SQL.one("log_end")
_CURSOR = _SQL.one("opened_cursor")
_PUT_CURSOR = _SQL.one("put_opened_cursor")
_MOST: Final = 1000
_WINDOW: Final = 50_000
"""Events that are searched at once: a query of the store must be short."""


class SqlitePullRequests(StorePart):
    """Implements `PullRequestRecords`."""

    async def pull_request(self, repository: str, number: int) -> PullRequestRecord | None:
        return await self._database.readers.one(_ONE, (repository, number), _record_of)

    async def pull_requests_of(self, chain: RunId) -> list[PullRequestRecord]:
        return await self._database.readers.all(_OF_CHAIN, (chain,), _record_of)

    async def pull_requests(self) -> list[PullRequestRecord]:
        return await self._database.readers.all(_ALL, (_MOST,), _record_of)

    async def keep_pull_request(self, record: PullRequestRecord) -> None:
        await self._database.writer.submit(partial(_keep, record=record))

    async def involved(self, chain: RunId) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for person, name in await self._database.readers.all(_INVOLVED, {"chain": chain}, _person_of):
            found[person] = name or found.get(person, "")
        return found

    async def opened_since_last(self) -> tuple[list[OpenedByRun], int]:
        return await self._database.readers.read(_opened)

    async def seen_opened(self, position: int) -> None:
        await self._database.writer.submit(partial(_advance, position=position))


def _record_of(row: sqlite3.Row) -> PullRequestRecord:
    return PullRequestRecord.model_validate_json(row["body"])


def _person_of(row: sqlite3.Row) -> tuple[str, str]:
    return str(row["person"]), str(row["name"])


def _keep(raw: sqlite3.Connection, record: PullRequestRecord) -> None:
    raw.execute(
        _KEEP,
        {
            "repository": record.repository,
            "number": record.number,
            "chain": record.chain,
            "is_open": record.is_open,
            "body": record.model_dump_json(exclude_defaults=True),
        },
    )


def _opened(raw: sqlite3.Connection) -> tuple[list[OpenedByRun], int]:
    row = raw.execute(_CURSOR).fetchone()
    after: int = row[0] if row is not None else 0
    end: int = raw.execute(_LOG_END).fetchone()[0]
    if end <= after:
        return [], after
    upto = min(end, after + _WINDOW)
    rows: Sequence[sqlite3.Row] = raw.execute(_OPENED, {"after": after, "upto": upto}).fetchall()
    found = [
        OpenedByRun(
            run=RunId(one["run"]), chain=one["chain"] or one["run"], repository=one["repository"], number=one["number"]
        )
        for one in rows
    ]
    return found, upto


def _advance(raw: sqlite3.Connection, position: int) -> None:
    raw.execute(_PUT_CURSOR, (position,))
