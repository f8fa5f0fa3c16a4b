"""The ledger of requests to models: opened, settled, summed by run."""

import sqlite3

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.ports.model_ledger import (
    ModelBreaker,
    ModelRequestMetered,
    ModelRequestOpened,
    ModelRequestSettled,
    ModelTotals,
    OpenModelRequest,
    SpentSoFar,
)
from ompycord.store.database import StorePart
from ompycord.store.features.runs import run_pk
from ompycord.store.statements import load
from ompycord.store.writes import Write, each

__all__ = ["WRITES", "SqliteModelRequests"]

_SQL = load("model_requests")
_OPEN = _SQL.one("open_model_request")
_SETTLE = _SQL.one("settle_model_request")
_METER = _SQL.one("meter_model_request")
_TOTALS = _SQL.one("model_totals")
_KEEP_BREAKER = _SQL.one("keep_model_breaker")
_DROP_BREAKER = _SQL.one("drop_model_breaker")
_BREAKERS = _SQL.one("model_breakers")
_ALL_OPEN = _SQL.one("open_model_requests")
_SPENT = _SQL.one("spent_on_models")


class SqliteModelRequests(StorePart):
    """Implements `ModelLedger`."""

    async def open_model_requests(self) -> list[OpenModelRequest]:
        return await self._database.readers.all(_ALL_OPEN, (), _open_of)

    async def model_totals(self) -> list[ModelTotals]:
        return await self._database.readers.all(_TOTALS, (), _totals_of)

    async def model_breakers(self) -> list[ModelBreaker]:
        return await self._database.readers.all(_BREAKERS, (), _breaker_of)

    async def spent_on_models(self, run: RunId) -> SpentSoFar:
        return await self._database.readers.one(_SPENT, (run,), _spent_of) or SpentSoFar()


def _open_of(row: sqlite3.Row) -> OpenModelRequest:
    return OpenModelRequest.model_validate(dict(row))


def _totals_of(row: sqlite3.Row) -> ModelTotals:
    return ModelTotals.model_validate(dict(row))


def _breaker_of(row: sqlite3.Row) -> ModelBreaker:
    return ModelBreaker.model_validate(dict(row))


def _spent_of(row: sqlite3.Row) -> SpentSoFar:
    return SpentSoFar.model_validate(dict(row))


def _open(raw: sqlite3.Connection, opened: ModelRequestOpened, now: Millis) -> None:
    raw.execute(_OPEN, {**opened.model_dump(), "run": run_pk(raw, opened.run)})


def _meter(raw: sqlite3.Connection, metered: ModelRequestMetered, now: Millis) -> None:
    raw.execute(_METER, metered.model_dump())


def _breaker(raw: sqlite3.Connection, breaker: ModelBreaker, now: Millis) -> None:
    raw.execute(_KEEP_BREAKER if breaker.until else _DROP_BREAKER, breaker.model_dump())


def _settle(raw: sqlite3.Connection, settled: ModelRequestSettled, now: Millis) -> None:
    raw.execute(_SETTLE, settled.model_dump())


WRITES = (
    Write(record=ModelRequestOpened, prepare=each(_open)),
    Write(record=ModelRequestMetered, prepare=each(_meter)),
    Write(record=ModelRequestSettled, prepare=each(_settle)),
    Write(record=ModelBreaker, prepare=each(_breaker)),
)
