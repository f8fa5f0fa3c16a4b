"""A notifier of another distribution as a target: one try, bounded, whatever its code does.

Counterpart of `webhook.py`.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from ompycord.domain.deliveries import Destination, StoredDelivery
from ompycord.domain.ports import Clock
from ompycord.notify.attempt import Attempt
from ompycord.notify.kind import AddedNotifier, notice_of
from ompycord.telemetry import get_logger

__all__ = ["AddedTarget"]

TIMEOUT_S: Final = 10.0
_REASON: Final = 200

log = get_logger(__name__)


class AddedTarget:
    """Implements `DeliveryTarget`."""

    def __init__(
        self, *, destination: Destination, notifier: AddedNotifier, clock: Clock, redact: Callable[[str], str]
    ) -> None:
        self._destination = destination
        self._notifier = notifier
        self._clock = clock
        self._redact = redact

    @property
    def destination(self) -> Destination:
        return self._destination

    async def close(self) -> None:
        """Close its connections, whatever its code does."""
        try:
            async with asyncio.timeout(TIMEOUT_S):
                await self._notifier.close()
        except Exception as error:  # noqa: BLE001  # code that is not ours may raise anything
            log.warning("notifier.not_closed", destination=self._destination, error=type(error).__name__)

    async def deliver(self, stored: StoredDelivery) -> Attempt:
        """See the port."""
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(self._send(stored))
            bound = group.create_task(self._clock.sleep(TIMEOUT_S))
            await asyncio.wait((sending, bound), return_when=asyncio.FIRST_COMPLETED)
            bound.cancel()
            if not sending.done():
                sending.cancel()
                return Attempt(f"no answer within {TIMEOUT_S:.0f} s")
            return sending.result()

    async def _send(self, stored: StoredDelivery) -> Attempt:
        try:
            attempt = await self._notifier.notify(notice_of(stored))
        except Exception as error:  # noqa: BLE001  # code that is not ours may raise anything
            return Attempt(f"its notifier raised {type(error).__name__}")
        if not isinstance(attempt, Attempt):  # pyright: ignore[reportUnnecessaryIsInstance]  # code that is not ours
            return Attempt(f"its notifier answered {type(attempt).__name__} instead of Attempt")
        if attempt.error is None:
            return attempt
        return Attempt(self._redact(" ".join(str(attempt.error).split()))[:_REASON] or "failed", attempt.is_permanent)
