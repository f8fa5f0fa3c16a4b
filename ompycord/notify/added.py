"""A notifier of another distribution as a target: one try, bounded, whatever its code does.

Counterpart of `webhook.py`.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from ompycord.domain.deliveries import Destination, StoredDelivery
from ompycord.domain.ports import Clock
from ompycord.notify.attempt import Attempt
from ompycord.notify.kind import AddedNotifier, notice_of
from ompycord.plugins.calls import PluginCalls, PluginFailed

__all__ = ["AddedTarget"]

TIMEOUT_S: Final = 10.0
_REASON: Final = 200


class AddedTarget:
    """Implements `DeliveryTarget`."""

    def __init__(
        self, *, destination: Destination, notifier: AddedNotifier, clock: Clock, redact: Callable[[str], str]
    ) -> None:
        self._destination = destination
        self._notifier = notifier
        self._redact = redact
        self._calls = PluginCalls(f"notifier {destination}", clock=clock)

    @property
    def destination(self) -> Destination:
        return self._destination

    async def close(self) -> None:
        """Close its connections, whatever its code does; what goes on there is left to the end of the process."""
        await self._calls.close(self._notifier.close)

    async def deliver(self, stored: StoredDelivery) -> Attempt:
        """See the port."""
        try:
            attempt = await self._calls.call(partial(self._notifier.notify, notice_of(stored)), within_s=TIMEOUT_S)
        except PluginFailed as failed:
            return Attempt(f"its notifier {failed}")
        if not isinstance(attempt, Attempt):
            return Attempt(f"its notifier answered {type(attempt).__name__} instead of Attempt")
        if attempt.error is None:
            return attempt
        return Attempt(self._redact(" ".join(str(attempt.error).split()))[:_REASON] or "failed", attempt.is_permanent)
