"""The ways by which operators are notified: queued deliveries, and what is sent directly while nothing can be queued.

Each way is tried apart from the others: one that fails keeps nothing from the rest. Counterpart: `keeper.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ompycord.app.alerting.rules import RULES_BY_NAME
from ompycord.domain.alerting.alerts import Alert, AlertChange
from ompycord.domain.alerting.notice import alert_content, alert_delivery, trial_content
from ompycord.domain.alerting.rows import AlertRows
from ompycord.domain.base import Millis
from ompycord.domain.deliveries import Delivery, Destination, StoredDelivery
from ompycord.domain.ids import TRIGGERS
from ompycord.errors import StorageError
from ompycord.notify.attempt import DeliveryTarget
from ompycord.render.reports.alerts import alert_words
from ompycord.telemetry import get_logger

__all__ = ["WaysOut"]

_PAST_THE_QUEUE: Final = 0
"""The number of a delivery that no queue has counted."""

log = get_logger(__name__)


@dataclass(slots=True)
class _Unrecorded:
    """An alert that the database has not taken yet, with what no way has taken."""

    alert: Alert
    deliveries: list[Delivery] = field(default_factory=list[Delivery])


class WaysOut:
    """Queues what is to be sent; while the database refuses, sends it itself, and keeps what is left in memory."""

    def __init__(
        self,
        *,
        rows: AlertRows,
        targets: Mapping[Destination, DeliveryTarget],
        redact: Callable[[str], str],
        wake: Callable[[], None],
    ) -> None:
        """`targets`: those that take alerts. `wake` is called once something was queued."""
        self._rows = rows
        self._targets = dict(targets)
        self._redact = redact
        self._wake = wake
        self._unrecorded: dict[str, _Unrecorded] = {}

    @property
    def names(self) -> tuple[Destination, ...]:
        """Every way that reaches people, by name; a trigger that an alert fires is none."""
        return tuple(name for name in self._targets if name != TRIGGERS)

    @property
    def unrecorded(self) -> int:
        """How many alerts the database has not taken."""
        return len(self._unrecorded)

    async def send(self, change: AlertChange, alert: Alert, *, now: Millis) -> None:
        """Keep it and notify of it; one that passed in quiet hours is only kept."""
        deliveries = [] if change is AlertChange.PASSED else self._deliveries(change, alert, now)
        left = self._unrecorded.pop(alert.id, None)
        if left is not None:  # its opening could not be stored, and its end comes
            deliveries = [*left.deliveries, *deliveries]
        await self._record(alert, deliveries)

    async def retry(self) -> None:
        """Record, or send, what could not be recorded before."""
        for left in list(self._unrecorded.values()):
            del self._unrecorded[left.alert.id]
            await self._record(left.alert, left.deliveries)

    async def try_all(self, trial: str, *, now: Millis) -> dict[Destination, str | None]:
        """Send a test by every way that reaches people now; what each one answered, None where it arrived."""
        content = trial_content(trial, at=now, message="🔔 A test of Ompycord's alerts: this way works.")
        return {
            name: (await self._targets[name].deliver(_outside(alert_delivery(content, name, at=now)))).error
            for name in self.names
        }

    def _deliveries(self, change: AlertChange, alert: Alert, now: Millis) -> list[Delivery]:
        rule = RULES_BY_NAME[alert.alert]
        shown = alert.model_copy(update={"text": self._redact(alert.text)})  # before a sentence is made of it
        words = alert_words(shown, change, title=rule.title, remedy=rule.remedy)
        content: dict[str, Any] = alert_content(
            shown, change, at=now, title=rule.title, remedy=rule.remedy, message=words
        )
        return [alert_delivery(content, name, at=now) for name in self._targets]

    async def _record(self, alert: Alert, deliveries: Sequence[Delivery]) -> None:
        try:
            await self._rows.record_alert(alert, deliveries)
        except StorageError as error:
            log.warning("alert.not_kept", alert=alert.key, cause=str(error))
            self._unrecorded[alert.id] = _Unrecorded(alert, await self._send_directly(deliveries))
            return
        if deliveries:
            self._wake()

    async def _send_directly(self, deliveries: Sequence[Delivery]) -> list[Delivery]:
        """Those that did not arrive."""
        left: list[Delivery] = []
        for one in deliveries:
            target = self._targets.get(one.destination)
            attempt = None if target is None else await target.deliver(_outside(one))
            if attempt is not None and attempt.error is not None:
                log.warning("alert.not_sent", destination=one.destination, reason=attempt.error)
                left.append(one)
        return left


def _outside(delivery: Delivery) -> StoredDelivery:
    return StoredDelivery(delivery=delivery, seq=_PAST_THE_QUEUE, next_at=delivery.created_at)
