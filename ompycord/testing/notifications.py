"""A queue of notifications in memory; satisfies `domain.ports.notify.NotificationQueue`."""

from collections.abc import Iterable, Sequence

from ompycord.domain.base import Millis
from ompycord.domain.deliveries import (
    DISCORD,
    Delivery,
    DeliveryFilter,
    DeliveryStatus,
    Destination,
    DestinationState,
    StoredDelivery,
)
from ompycord.domain.ids import RunId

__all__ = ["MemoryNotificationQueue"]


class MemoryNotificationQueue:
    """The deliveries that a test adds, in order."""

    def __init__(self) -> None:
        self._rows: dict[str, StoredDelivery] = {}
        self._counts: dict[tuple[Destination, RunId | None], int] = {}

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Add deliveries, as a projection does: one with a known id changes nothing."""
        for one in deliveries:
            if one.id in self._rows:
                continue
            key = (one.destination, one.run)
            self._counts[key] = self._counts.get(key, 0) + 1
            self._rows[one.id] = StoredDelivery(
                delivery=one, seq=self._counts[key], next_at=max(one.not_before, one.created_at)
            )

    async def heads(self, destination: Destination, *, limit: int) -> list[StoredDelivery]:
        first: dict[RunId | None, StoredDelivery] = {}
        for row in self._rows.values():
            if row.delivery.destination == destination and row.status is DeliveryStatus.PENDING:
                known = first.get(row.delivery.run)
                if known is None or row.seq < known.seq:
                    first[row.delivery.run] = row
        return sorted(first.values(), key=lambda row: (row.next_at, row.delivery.created_at, row.delivery.id))[:limit]

    async def delivered(self, delivery: str, *, at: Millis) -> None:
        self._change(delivery, status=DeliveryStatus.DELIVERED, done_at=at, error=None)

    async def undelivered(self, delivery: str, *, error: str, next_at: Millis | None) -> None:
        if next_at is None:
            self._change(delivery, status=DeliveryStatus.DEAD, error=error)
        else:
            self._change(delivery, next_at=next_at, error=error)

    async def find(self, which: DeliveryFilter) -> list[StoredDelivery]:
        found = [row for row in self._rows.values() if _matches(row, which)]
        return sorted(found, key=lambda row: (row.delivery.created_at, row.delivery.id))[: which.limit]

    async def retry(self, which: DeliveryFilter, *, at: Millis) -> list[str]:
        found = await self._open(which)
        for row in found:
            again = row.delivery.model_copy(update={"not_before": at})
            fresh = {"delivery": again, "status": DeliveryStatus.PENDING, "attempts": 0, "next_at": at}
            self._rows[row.delivery.id] = row.model_copy(update=fresh)
        return [row.delivery.id for row in found]

    async def drop(self, which: DeliveryFilter) -> list[str]:
        found = await self._open(which)
        for row in found:
            del self._rows[row.delivery.id]
        return [row.delivery.id for row in found]

    async def states(self) -> Sequence[DestinationState]:
        names = {row.delivery.destination for row in self._rows.values() if row.status is not DeliveryStatus.DELIVERED}
        return [self._state(name) for name in sorted({DISCORD, *names})]

    def _state(self, name: Destination) -> DestinationState:
        rows = [row for row in self._rows.values() if row.delivery.destination == name]
        waiting = [row.delivery.created_at for row in rows if row.status is DeliveryStatus.PENDING]
        dead = sum(row.status is DeliveryStatus.DEAD for row in rows)
        return DestinationState(destination=name, pending=len(waiting), dead=dead, oldest_at=min(waiting, default=None))

    async def _open(self, which: DeliveryFilter) -> list[StoredDelivery]:
        return [row for row in await self.find(which) if row.status is not DeliveryStatus.DELIVERED]

    def _change(self, delivery: str, **update: object) -> None:
        row = self._rows.get(delivery)
        if row is not None and row.status is DeliveryStatus.PENDING:
            self._rows[delivery] = row.model_copy(update={"attempts": row.attempts + 1, **update})


def _matches(row: StoredDelivery, which: DeliveryFilter) -> bool:
    return (
        row.status in which.statuses
        and (which.ids is None or row.delivery.id in which.ids)
        and (which.destination is None or row.delivery.destination == which.destination)
    )
