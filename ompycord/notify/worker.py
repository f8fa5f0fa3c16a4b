"""Sends what waits for one destination: each run's deliveries in order, several runs at once; counterpart of the queue.

docs/contracts/deliveries.md, *Order*. It wakes when something was projected and when the next try is due; no other
destination waits for it, and it waits for none.
"""

import asyncio
from collections.abc import Callable

from ompycord.domain.base import Millis
from ompycord.domain.deliveries import StoredDelivery
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock
from ompycord.domain.ports.notify import NotificationQueue
from ompycord.errors import StorageError
from ompycord.notify.attempt import Attempt, DeliveryTarget
from ompycord.notify.schedule import LONGEST_S, next_try
from ompycord.telemetry import get_logger

__all__ = ["MOST_AT_ONCE", "STORE_RETRY_S", "DestinationWorker"]

MOST_AT_ONCE = 4
"""Tries of one destination at the same time, each of another run."""
STORE_RETRY_S = 5.0
"""Seconds until a database that refuses is asked again; what arrived is not sent again in between."""

log = get_logger(__name__)


class DestinationWorker:
    """Runs as one task for the life of the process."""

    def __init__(
        self,
        *,
        target: DeliveryTarget,
        queue: NotificationQueue,
        clock: Clock,
        chance: Callable[[], float],
        most_at_once: int = MOST_AT_ONCE,
        longest_s: float = LONGEST_S,
    ) -> None:
        """`chance` gives a number from 0 to 1 (without 1), by which pauses differ. `longest_s`: no pause is longer."""
        self._target = target
        self._queue = queue
        self._clock = clock
        self._chance = chance
        self._most_at_once = most_at_once
        self._longest_s = longest_s
        self._alarm = asyncio.Event()
        self._trying: set[RunId | None] = set()
        """Runs with a try in progress."""
        self._is_ending = False

    @property
    def target(self) -> DeliveryTarget:
        """Where it sends to."""
        return self._target

    def wake(self) -> None:
        """Wake up: something may wait now."""
        self._alarm.set()

    def drain(self) -> None:
        """Start no further try; `run` returns when those in progress have ended."""
        self._is_ending = True
        self._alarm.set()

    async def run(self) -> None:
        """Send until drained or cancelled. A try that is cut off is made again at the next start, under the same id."""
        async with asyncio.TaskGroup() as group:
            while not self._is_ending:
                self._alarm.clear()
                due = await self._begin_due(group)
                timer = None if due is None else group.create_task(self._wake_at(due))
                await self._alarm.wait()
                if timer is not None:
                    timer.cancel()

    async def _begin_due(self, group: asyncio.TaskGroup) -> Millis | None:
        """Start a try of each run that is due; when to check again, None where another event will wake us."""
        trying = frozenset(self._trying)
        try:
            heads = await self._queue.heads(self._target.destination, limit=2 * self._most_at_once)
        except StorageError as error:
            log.warning("notify.waits", destination=self._target.destination, cause=str(error))
            return self._clock.now_ms() + round(STORE_RETRY_S * 1000)
        now = self._clock.now_ms()
        for head in heads:
            run = head.delivery.run
            if run in trying or run in self._trying:  # one that ended meanwhile was read as due; it wakes us
                continue
            if head.next_at > now:
                return head.next_at
            if len(self._trying) >= self._most_at_once:
                return None  # the end of one of them wakes us
            self._trying.add(run)
            group.create_task(self._try(head))
        return None

    async def _try(self, head: StoredDelivery) -> None:
        try:
            await self._record(head, await self._attempt(head))
        finally:
            self._trying.discard(head.delivery.run)
            self._alarm.set()

    async def _attempt(self, head: StoredDelivery) -> Attempt:
        try:
            return await self._target.deliver(head)
        except Exception:  # a problem of one delivery does not affect another
            log.exception("notify.failed", destination=self._target.destination, delivery=head.delivery.id)
            return Attempt("a defect of Ompycord; its log says more")

    async def _record(self, head: StoredDelivery, attempt: Attempt) -> None:
        """Record the end until the database accepts it: an unrecorded delivery would be sent again."""
        while True:
            try:
                await self._record_once(head, attempt)
            except StorageError as error:
                log.warning("notify.unrecorded", destination=self._target.destination, cause=str(error))
                if self._is_ending:
                    return
                await self._clock.sleep(STORE_RETRY_S)
            else:
                return

    async def _record_once(self, head: StoredDelivery, attempt: Attempt) -> None:
        delivery, now = head.delivery, self._clock.now_ms()
        if attempt.error is None:
            await self._queue.delivered(delivery.id, at=now)
            return
        tries = head.attempts + 1
        since = max(delivery.created_at, delivery.not_before)
        next_at = (
            None
            if attempt.is_permanent
            else next_try(attempts=tries, since=since, now=now, chance=self._chance(), longest_s=self._longest_s)
        )
        await self._queue.undelivered(delivery.id, error=attempt.error, next_at=next_at)
        event = "notify.dead" if next_at is None else "notify.again"
        log.warning(event, destination=delivery.destination, delivery=delivery.id, tries=tries, reason=attempt.error)

    async def _wake_at(self, due: Millis) -> None:
        wait_s = (due - self._clock.now_ms()) / 1000
        if wait_s > 0:
            await self._clock.sleep(wait_s)
        self._alarm.set()
