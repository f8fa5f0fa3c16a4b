"""What a target is, and how one try of it ended.

Counterparts: `webhook.py`, which is one, and `worker.py`, which asks it.
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
    """There is no point in trying again."""


class DeliveryTarget(Protocol):
    """Where deliveries of one destination are sent."""

    @property
    def destination(self) -> Destination: ...

    async def deliver(self, stored: StoredDelivery) -> Attempt:
        """Try once. Raises nothing: what failed is in the answer."""
        ...
