"""The ledger of requests that make text of recordings: opened, settled.

`budgets.sql` and `model_requests.sql` sum it with what runs asked.
"""

import sqlite3
from collections.abc import Mapping
from functools import partial
from typing import Any

from ompycord.domain.base import Millis
from ompycord.domain.ports.team.voice import TranscriptionOpened, TranscriptionSettled
from ompycord.store.database import StorePart
from ompycord.store.statements import load

__all__ = ["SqliteTranscriptionRequests"]

_SQL = load("transcription_requests")
_OPEN = _SQL.one("open_request")
_SETTLE = _SQL.one("settle_request")
_SETTLE_OPEN = _SQL.one("settle_open_requests")


class SqliteTranscriptionRequests(StorePart):
    """Implements `TranscriptionLedger`."""

    async def open(self, opened: TranscriptionOpened) -> None:
        await self._database.writer.submit(partial(_run, statement=_OPEN, values=opened.model_dump()), is_aside=True)

    async def settle(self, settled: TranscriptionSettled) -> None:
        await self._database.writer.submit(partial(_run, statement=_SETTLE, values=settled.model_dump()), is_aside=True)

    async def settle_open(self, *, at: Millis) -> int:
        return await self._database.writer.submit(
            partial(_run, statement=_SETTLE_OPEN, values={"at": at}), is_aside=True
        )


def _run(raw: sqlite3.Connection, statement: str, values: Mapping[str, Any]) -> int:
    return raw.execute(statement, values).rowcount
