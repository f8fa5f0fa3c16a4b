"""Triggers that alerts fire, as a target of deliveries: what was queued fires them also after a restart.

Counterpart of `ops_channel.py`.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from ompycord.domain.alerting.alerts import AlertChange
from ompycord.domain.deliveries import Destination, StoredDelivery
from ompycord.domain.ids import TRIGGERS
from ompycord.errors import OmpycordError
from ompycord.notify.attempt import Attempt

__all__ = ["AlertTriggers", "TriggersTarget"]

_OPENED: Final = f"alert.{AlertChange.OPENED.value}"


class AlertTriggers(Protocol):
    """What is asked of the triggers."""

    async def alerted(self, notice: Mapping[str, Any]) -> None:
        """Take an alert that opened. Raises OmpycordError."""
        ...


class TriggersTarget:
    """Implements `DeliveryTarget`."""

    def __init__(self, triggers: AlertTriggers) -> None:
        self._triggers = triggers

    @property
    def destination(self) -> Destination:
        return TRIGGERS

    async def deliver(self, stored: StoredDelivery) -> Attempt:
        """See the port. An end of an alert and a test start nothing."""
        content = stored.delivery.content
        if content["type"] != _OPENED:
            return Attempt()
        try:
            await self._triggers.alerted(content)
        except OmpycordError as error:
            return Attempt(str(error))
        return Attempt()
