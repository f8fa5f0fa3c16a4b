"""The pending deliveries of the outbox and when they may be tried: each run's first row goes into its channel's queue.

Counterpart of `deliver.py`. The rows are the truth; this remembers only which were refused lately. Called by `live.py`.
"""

import math

from ompycord.bot.delivery.channel_queues import ChannelQueues
from ompycord.bot.delivery.deliver import ORDER, Deliverer, QueuedDelivery
from ompycord.bot.rest import SendFailed
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, Outbox
from ompycord.domain.records import OutboxRow
from ompycord.errors import StorageError
from ompycord.telemetry import get_logger

__all__ = ["CLOSED_S", "IDLE_S", "RETRY_S", "PendingDeliveries", "pause_after"]

RETRY_S = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
CLOSED_S = 30.0
"""Seconds until a channel that refuses us is tried again: refusals count towards a ban."""
UNREADY_S = 1.0
"""Seconds until a row is tried again whose run or server is not there yet."""
IDLE_S = 15.0
"""Seconds between two reads without a notice. What is due at a known time is read then, and soon after anything was
stored; this is for rows that another program wrote.
"""
STIRRED_S = 1.0
"""Seconds after which they are read once something was stored, deleted, moved or refused."""
ROWS = 200

log = get_logger(__name__)


def pause_after(failed: SendFailed, tries: int) -> float:
    """Seconds until another try makes sense, after this number of failures."""
    if failed.is_closed:
        return CLOSED_S
    return failed.retry_after_s or RETRY_S[min(tries, len(RETRY_S) - 1)]


class PendingDeliveries:
    """Puts deliveries into queues."""

    def __init__(self, *, store: Outbox, deliverer: Deliverer, clock: Clock) -> None:
        self._store = store
        self._deliverer = deliverer
        self._clock = clock
        self._retry_at: dict[int, tuple[float, int]] = {}
        """When a refused row is tried again, and how often it was."""
        self.read_at = 0.0
        """When they are read next, in monotonic seconds."""

    def read_now(self) -> None:
        """There are new ones."""
        self.read_at = 0.0

    def read_soon(self) -> bool:
        """There may be new ones; whether they were not to be read as soon as that."""
        soon = self._clock.monotonic_s() + STIRRED_S
        is_sooner = soon < self.read_at
        self.read_at = min(self.read_at, soon)
        return is_sooner

    async def collect(self, queues: ChannelQueues) -> None:
        """For each run its first pending row, in the order in which messages must appear. Raises StorageError."""
        self.read_at = self._clock.monotonic_s() + IDLE_S
        try:
            due_at = await self._collect(queues)
        except StorageError:
            self.read_at = min(self.read_at, self._clock.monotonic_s() + RETRY_S[0])
            raise
        self.read_at = min(self.read_at, due_at)

    async def _collect(self, queues: ChannelQueues) -> float:
        """Collect; when to do it again, infinity where all that waits is in a queue."""
        first: dict[RunId, OutboxRow] = {}
        for row in await self._store.outbox(limit=ROWS):
            known = first.get(row.run)
            if known is None or (ORDER[row.kind], row.id) < (ORDER[known.kind], known.id):
                first[row.run] = row
        wanted = {row.id for row in first.values()}
        placed: set[int | None] = {queue.row for queue in queues}
        for queue in queues:
            queue.deliveries = {row: entry for row, entry in queue.deliveries.items() if row in wanted}
            placed |= queue.deliveries.keys()
        now = self._clock.monotonic_s()
        again: dict[int, float] = {}
        for row in sorted(first.values(), key=lambda row: row.id):
            if row.id not in placed and now >= self._retry_at.get(row.id, (0.0, 0))[0]:
                again[row.id] = await self._place(row, queues)
            elif row.id not in placed:
                again[row.id] = self._retry_at[row.id][0]
        return min(again.values(), default=math.inf)

    async def _place(self, row: OutboxRow, queues: ChannelQueues) -> float:
        """Put a row into its queue, if it is due; when to try again. A problem of one run does not delay another."""
        try:
            delivery = await self._deliverer.delivery(row)
        except StorageError:
            raise
        except Exception:
            log.exception("live.failed", run=row.run, kind=row.kind)
            self.wait(row, RETRY_S[-1])
            return self._retry_at[row.id][0]
        now = self._clock.monotonic_s()
        if isinstance(delivery, QueuedDelivery):
            queues[delivery.channel].enqueue(delivery, now)
            return math.inf
        if delivery is None:
            return now + UNREADY_S
        return now + (delivery - self._clock.now_ms()) / 1000

    def refused(self, row: OutboxRow, failed: SendFailed) -> None:
        """Note that Discord refused the row: it is tried again when Discord named a time, else after growing pauses."""
        tries = self._retry_at.get(row.id, (0.0, 0))[1]
        pause = pause_after(failed, tries)
        self._retry_at[row.id] = (self._clock.monotonic_s() + pause, tries + 1)
        log.info("delivery.again", run=row.run, kind=row.kind, reason=str(failed), pause_s=pause)

    def wait(self, row: OutboxRow, seconds: float) -> None:
        """Do not try before this time."""
        self._retry_at[row.id] = (self._clock.monotonic_s() + seconds, 0)

    def done(self, row: OutboxRow) -> None:
        """Note that it was delivered, or never will be."""
        self._retry_at.pop(row.id, None)
