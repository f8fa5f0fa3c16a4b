"""A target of deliveries, and how one try of it ended.

Counterparts: `webhook.py`, which is one, and `worker.py`, which uses it.
"""

from dataclasses import dataclass
from typing import Protocol

from ompycord.domain.deliveries import Destination, StoredDelivery

__all__ = ["Attempt", "DeliveryTarget"]


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one try ended."""

    error: str | None = None
    """Why it failed, in a few words; None where it arrived."""
    is_permanent: bool = False
    """Whether another try is pointless."""


class DeliveryTarget(Protocol):
    """Where deliveries of one destination are sent."""

    @property
    def destination(self) -> Destination: ...

    async def deliver(self, stored: StoredDelivery) -> Attempt:
        """Try once. Raises nothing: a failure is part of the answer."""
        ...
