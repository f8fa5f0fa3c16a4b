"""A notifier of another distribution as a target: one try, bounded, whatever its code does.

Counterpart of `webhook.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
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
        self._left: list[asyncio.Task[object]] = []
        """Tries that were ended and go on all the same."""

    @property
    def destination(self) -> Destination:
        return self._destination

    async def close(self) -> None:
        """Close its connections, whatever its code does."""
        closed = await self._bounded(self._notifier.close)
        if isinstance(closed, Attempt):
            log.warning("notifier.not_closed", destination=self._destination, error=closed.error)

    async def deliver(self, stored: StoredDelivery) -> Attempt:
        """See the port."""
        self._left = [one for one in self._left if not one.done()]
        if self._left:
            return Attempt("an earlier try has not ended yet")
        attempt = await self._bounded(partial(self._notifier.notify, notice_of(stored)))
        if not isinstance(attempt, Attempt):
            return Attempt(f"its notifier answered {type(attempt).__name__} instead of Attempt")
        if attempt.error is None:
            return attempt
        return Attempt(self._redact(" ".join(str(attempt.error).split()))[:_REASON] or "failed", attempt.is_permanent)

    async def _bounded(self, act: Callable[[], Awaitable[object]]) -> object:
        """What its code answers, or an `Attempt` that says why there is no answer. What does not end is left behind."""
        acting = asyncio.create_task(_caught(act))  # noqa: TID251  # a group would wait for what does not end
        async with asyncio.TaskGroup() as group:
            bound = group.create_task(self._clock.sleep(TIMEOUT_S))
            try:
                await asyncio.wait((acting, bound), return_when=asyncio.FIRST_COMPLETED)
            finally:
                bound.cancel()
                acting.cancel()
        if not acting.done():
            self._left.append(acting)
            return Attempt(f"no answer within {TIMEOUT_S:.0f} s")
        return Attempt("its notifier raised CancelledError") if acting.cancelled() else acting.result()


async def _caught(act: Callable[[], Awaitable[object]]) -> object:
    try:
        return await act()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # code that is not ours may raise anything
        return Attempt(f"its notifier raised {type(error).__name__}")
