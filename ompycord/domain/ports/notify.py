"""The port of what is sent to webhooks: each is kept until it is delivered or a dead letter.

Counterpart of `notify/worker.py`. Implemented by `store.SqliteNotificationQueue` and doubled by
`testing.MemoryNotificationQueue`; one contract test runs on both.
"""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.base import Millis
from ompycord.domain.deliveries import DeliveryFilter, Destination, DestinationState, StoredDelivery

__all__ = ["NotificationQueue"]


class NotificationQueue(Protocol):
    """Deliveries to webhooks. A method that writes has committed when it returns. Every method raises StorageError.

    Deliveries are added by the projection that makes them (`Store.project`), never by this port.
    """

    async def heads(self, destination: Destination, *, limit: int) -> list[StoredDelivery]:
        """For each run its first pending delivery, the earliest due first; those without a run count as one run."""
        ...

    async def delivered(self, delivery: str, *, at: Millis) -> None:
        """Mark it as delivered. One that was dropped in the meantime stays dropped."""
        ...

    async def undelivered(self, delivery: str, *, error: str, next_at: Millis | None) -> None:
        """One more try failed; it is tried again at `next_at`, or with None it is a dead letter."""
        ...

    async def find(self, which: DeliveryFilter) -> list[StoredDelivery]:
        """The deliveries that match, oldest first."""
        ...

    async def retry(self, which: DeliveryFilter, *, at: Millis) -> list[str]:
        """Make those that match pending again as if they were made at `at`, with no try counted; their ids.

        Deliveries that arrived never match.
        """
        ...

    async def drop(self, which: DeliveryFilter) -> list[str]:
        """Remove those that match; their ids. Deliveries that arrived never match."""
        ...

    async def states(self) -> Sequence[DestinationState]:
        """Every destination with pending deliveries or dead letters, and always Discord."""
        ...
