"""The port of what operators were notified of; implemented by `store/features/upkeep/alerts.py`."""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.alerting.alerts import Alert
from ompycord.domain.deliveries import Delivery

__all__ = ["AlertRows"]


class AlertRows(Protocol):
    """Alerts, and the deliveries that tell of them. Every method raises StorageError."""

    async def open_alerts(self) -> list[Alert]:
        """Those that have no end yet, the oldest first."""
        ...

    async def recent_alerts(self, *, limit: int) -> list[Alert]:
        """The newest first, open ones too."""
        ...

    async def record_alert(self, alert: Alert, deliveries: Sequence[Delivery]) -> None:
        """Keep the alert as it is now, and queue the deliveries, in one transaction.

        Doing it again changes nothing: both are known by their ids.
        """
        ...
