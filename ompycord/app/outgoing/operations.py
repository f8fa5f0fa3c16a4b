"""`ompycord webhooks`: pending deliveries to webhooks and dead letters, listed, retried and dropped.

Counterpart of `cli/webhooks.py`. It works here or in the running process, as `keys` and `runs`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import Field, ValidationError

from ompycord.app.control import Operation
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.deliveries import DeliveryFilter, DeliveryStatus, Destination, StoredDelivery
from ompycord.domain.ids import short_id
from ompycord.domain.ports import Clock
from ompycord.errors import RefusedInWords
from ompycord.store import SqliteStore

__all__ = ["ChangeDeliveries", "ListDeliveries", "WebhookOperations"]

MOST = 1000
ModelT = TypeVar("ModelT", bound=Frozen)
_OPEN = frozenset({DeliveryStatus.PENDING, DeliveryStatus.DEAD})


class ListDeliveries(Frozen):
    """Which deliveries, oldest first."""

    destination: Destination | None = None
    status: DeliveryStatus | None = None
    """None: pending ones and dead letters."""
    limit: Annotated[int, Field(ge=1, le=MOST)] = 100


class ChangeDeliveries(Frozen):
    """One delivery by its id, or all of a destination."""

    delivery: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")] | None = None
    destination: Destination | None = None
    only_dead: bool = False
    """Whether only the dead letters of a destination are meant."""


class WebhookOperations:
    """Reads and changes the queue; every change is audited."""

    def __init__(self, *, store: SqliteStore, clock: Clock, wake: Callable[[], None]) -> None:
        """`wake` notifies the running workers that something may be due."""
        self._store = store
        self._queue = store.notifications
        self._clock = clock
        self._wake = wake

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""
        return {"webhooks.list": self._list, "webhooks.retry": self._retry, "webhooks.drop": self._drop}

    async def _list(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        request = _validated(ListDeliveries, arguments)
        statuses = _OPEN if request.status is None else frozenset({request.status})
        which = DeliveryFilter(destination=request.destination, statuses=statuses, limit=request.limit)
        return [_view(row) for row in await self._queue.find(which)]

    async def _retry(self, arguments: dict[str, Any]) -> dict[str, Any]:
        now = self._clock.now_ms()
        found = await self._queue.retry(_filter(arguments), at=now)
        return await self._changed("webhook.retried", found, now)

    async def _drop(self, arguments: dict[str, Any]) -> dict[str, Any]:
        found = await self._queue.drop(_filter(arguments))
        return await self._changed("webhook.dropped", found, self._clock.now_ms())

    async def _changed(self, action: str, found: list[str], now: Millis) -> dict[str, Any]:
        if not found:
            raise RefusedInWords("There is no such delivery: `ompycord webhooks list` shows them.")
        subject = found[0] if len(found) == 1 else found[0].rpartition("-")[0]
        detail = {"count": str(len(found))}
        await self._store.audit(actor="command line", action=action, subject=subject, detail=detail, at=now)
        self._wake()
        return {"count": len(found), "deliveries": found[:MOST]}


def _filter(arguments: dict[str, Any]) -> DeliveryFilter:
    request = _validated(ChangeDeliveries, arguments)
    if request.delivery is not None:
        return DeliveryFilter(ids=(request.delivery,), limit=None)
    if request.destination is None:
        raise RefusedInWords("Say which: a delivery by its id, or --all --destination NAME.")
    statuses = frozenset({DeliveryStatus.DEAD}) if request.only_dead else _OPEN
    return DeliveryFilter(destination=request.destination, statuses=statuses, limit=None)


def _validated(model: type[ModelT], arguments: dict[str, Any]) -> ModelT:
    try:
        return model.model_validate(arguments)
    except ValidationError:
        raise RefusedInWords(
            "A delivery is named by its id, a destination by its name: `ompycord webhooks list`."
        ) from None


def _view(row: StoredDelivery) -> dict[str, Any]:
    delivery = row.delivery
    return {
        "id": delivery.id,
        "destination": delivery.destination,
        "topic": delivery.topic.value,
        "type": delivery.content.get("type"),
        "run": None if delivery.run is None else short_id(delivery.run),
        "seq": row.seq,
        "status": row.status.value,
        "attempts": row.attempts,
        "error": row.error,
        "created_at": _time(delivery.created_at),
        "next_at": _time(row.next_at) if row.status is DeliveryStatus.PENDING else None,
        "done_at": None if row.done_at is None else _time(row.done_at),
    }


def _time(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
