"""Alerts: what is wrong and lasted, when people were notified of it, when it ended; with the deliveries that tell."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Final

from ompycord.domain.alerting.alerts import Alert
from ompycord.domain.base import Millis
from ompycord.domain.deliveries import Delivery
from ompycord.store.database import StorePart
from ompycord.store.features.deliveries import add_deliveries
from ompycord.store.statements import load

__all__ = ["SqliteAlerts"]

KEPT_MS: Final = 90 * 24 * 3600 * 1000
"""Milliseconds for which an alert that has ended can be listed."""
PRUNED_AT_ONCE: Final = 100

_SQL = load("alerts")
_OPEN = _SQL.one("open_alerts")
_RECENT = _SQL.one("recent_alerts")
_PUT = _SQL.one("put_alert")
_PRUNE = _SQL.one("prune_alerts")


class SqliteAlerts(StorePart):
    """Implements `AlertRows`."""

    async def open_alerts(self) -> list[Alert]:
        return await self._database.readers.all(_OPEN, (), _alert_of)

    async def recent_alerts(self, *, limit: int) -> list[Alert]:
        return await self._database.readers.all(_RECENT, (limit,), _alert_of)

    async def record_alert(self, alert: Alert, deliveries: Sequence[Delivery]) -> None:
        steady = self._database.steady.now_ms()
        work = partial(_record, alert=alert, deliveries=tuple(deliveries), steady=steady)
        await self._database.writer.submit(work, is_aside=True)


def _alert_of(row: sqlite3.Row) -> Alert:
    return Alert.model_validate(dict(row))


def _record(raw: sqlite3.Connection, alert: Alert, deliveries: Sequence[Delivery], steady: Millis) -> None:
    raw.execute(_PUT, alert.model_dump())
    add_deliveries(raw, deliveries)
    raw.execute(_PRUNE, (steady - KEPT_MS, PRUNED_AT_ONCE))
