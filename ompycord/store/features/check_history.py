"""How checks ended on bases, and tests that passed only when they were run again."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.ports.checks import CheckRun
from ompycord.store.database import StorePart
from ompycord.store.statements import load

__all__ = ["SqliteCheckHistory"]

_SQL = load("check_history")
_BASELINE = _SQL.one("baseline")
_PUT_BASELINE = _SQL.one("put_baseline")
_PRUNE_BASELINES = _SQL.one("prune_baselines")
_UNSTABLE = _SQL.one("unstable")
_PUT_UNSTABLE = _SQL.one("put_unstable")
_Row = tuple[str, str, str, str, Millis]
_KEPT: Final = 200
"""Baselines that are kept; one may name tens of thousands of tests."""


class SqliteCheckHistory(StorePart):
    """Implements `CheckHistory`."""

    async def baseline(self, key: str) -> CheckRun | None:
        return await self._database.readers.one(_BASELINE, (key,), _ran_of)

    async def keep_baseline(self, key: str, ran: CheckRun, *, at: Millis) -> None:
        await self._database.writer.submit(partial(_put_baseline, key=key, body=ran.model_dump_json(), at=at))

    async def unstable(self, repository: str, check: str, tests: Sequence[str]) -> Mapping[str, int]:
        values = {"repository": repository, "check": check, "tests": json.dumps(sorted(tests))}
        return dict(await self._database.readers.all(_UNSTABLE, values, _count_of))

    async def keep_unstable(self, run: RunId, repository: str, check: str, tests: Sequence[str], *, at: Millis) -> None:
        rows: list[_Row] = [(repository, check, test, run, at) for test in sorted(set(tests))]
        if rows:
            await self._database.writer.submit(partial(_put_unstable, rows=rows))


def _ran_of(row: sqlite3.Row) -> CheckRun:
    return CheckRun.model_validate_json(row["body"])


def _count_of(row: sqlite3.Row) -> tuple[str, int]:
    return str(row["test"]), int(row["runs"])


def _put_baseline(raw: sqlite3.Connection, key: str, body: str, at: Millis) -> None:
    raw.execute(_PUT_BASELINE, (key, body, at))
    raw.execute(_PRUNE_BASELINES, (_KEPT,))


def _put_unstable(raw: sqlite3.Connection, rows: list[_Row]) -> None:
    raw.executemany(_PUT_UNSTABLE, rows)
