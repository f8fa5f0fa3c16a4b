"""The port of what is sent to webhooks: kept until it is delivered or a dead letter; counterpart of `notify/worker.py`.

Implemented by `store.SqliteNotificationQueue` and doubled by `testing.MemoryNotificationQueue`; one contract test runs
on both.
"""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.base import Millis
from ompycord.domain.deliveries import DeliveryFilter, Destination, DestinationState, StoredDelivery

__all__ = ["NotificationQueue"]


class NotificationQueue(Protocol):
    """Deliveries to webhooks. What writes has committed when it returns. Every method raises StorageError.

    Deliveries get in with the projection that makes them (`Store.project`), never by this port.
    """

    async def heads(self, destination: Destination, *, limit: int) -> list[StoredDelivery]:
        """For each run the first delivery that waits, those without a run as one run.

        The ones that are due first, first.
        """
        ...

    async def delivered(self, delivery: str, *, at: Millis) -> None:
        """It arrived. One that was dropped in the meantime stays dropped."""
        ...

    async def undelivered(self, delivery: str, *, error: str, next_at: Millis | None) -> None:
        """One more try failed; it is tried again at `next_at`, or with None it is a dead letter."""
        ...

    async def find(self, which: DeliveryFilter) -> list[StoredDelivery]:
        """Those that match, oldest first."""
        ...

    async def retry(self, which: DeliveryFilter, *, at: Millis) -> list[str]:
        """Try those that match as if they were made at `at`: pending, no try counted. Their ids.

        Delivered ones never match.
        """
        ...

    async def drop(self, which: DeliveryFilter) -> list[str]:
        """Forget those that match; their ids. Delivered ones never match."""
        ...

    async def states(self) -> Sequence[DestinationState]:
        """Every destination for which something waits or is dead, and Discord always."""
        ...
