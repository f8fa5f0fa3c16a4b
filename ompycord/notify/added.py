"""A notifier of another distribution as a target: one try, bounded, whatever its code does, in a loop of its own.

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
from ompycord.notify.own_loop import END_S, Act, OwnLoop
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
        self._own = OwnLoop(name=f"notifier {destination}")
        self._left: list[Act] = []
        """Tries that were ended and go on all the same."""

    @property
    def destination(self) -> Destination:
        return self._destination

    async def close(self) -> None:
        """Close its connections, whatever its code does; what goes on there is left to the end of the process."""
        closed = await self._bounded(self._notifier.close)
        if isinstance(closed, Attempt):
            log.warning("notifier.not_closed", destination=self._destination, error=closed.error)
        if not await self._own.end():
            log.warning("notifier.left_behind", destination=self._destination, after_s=END_S)

    async def deliver(self, stored: StoredDelivery) -> Attempt:
        """See the port."""
        self._left = [one for one in self._left if one.outcome is None]
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
        acting = self._own.begin(act)
        async with asyncio.TaskGroup() as group:
            ends = (group.create_task(self._clock.sleep(TIMEOUT_S)), group.create_task(acting.wait()))
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                outcome = acting.outcome
            finally:
                acting.cancel()
                for one in ends:
                    one.cancel()
        if outcome is None:
            self._left.append(acting)
            return Attempt(f"no answer within {TIMEOUT_S:.0f} s")
        if outcome.error is not None:
            return Attempt(f"its notifier raised {type(outcome.error).__name__}")
        return outcome.answer
