"""One queue per channel: its deliveries, its dirty messages, its one request in flight; counterpart of `live.py`.

Nothing here waits or asks Discord: `ChannelQueues` decides what may be sent now, in which order, and when to check
again.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ompycord.bot.delivery.deliver import QueuedDelivery
from ompycord.bot.delivery.rate_limiter import BucketLimiter, GlobalLimiter, RateAnswer
from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind

__all__ = ["BoardOf", "ChannelQueue", "ChannelQueues", "Job", "Start", "Subject"]


@dataclass(frozen=True, slots=True)
class BoardOf:
    """The board of a channel, as something that can be dirty."""

    channel: str


Subject = RunId | BoardOf
"""What is to be edited: a run's message, or the board."""
Job = QueuedDelivery | Subject
"""A delivery, or what is to be edited."""

_POST, _PATCH = "POST", "PATCH"


class Dirty(NamedTuple):
    """A run whose messages may be out of date."""

    since: float
    is_urgent: bool
    is_sure: bool = True
    """Whether something happened; otherwise it is only to be checked."""


@dataclass(slots=True)
class ChannelQueue:
    """The queue of one channel."""

    dirty: dict[Subject, Dirty] = field(default_factory=dict[Subject, Dirty])
    deliveries: dict[int, tuple[float, QueuedDelivery]] = field(default_factory=dict[int, tuple[float, QueuedDelivery]])
    """By row, with the time at which it was queued."""
    task: asyncio.Task[None] | None = None
    run: RunId | None = None
    """The run whose message is in flight."""
    row: int | None = None
    """The outbox row in flight, if it is a delivery."""
    began: float = 0.0
    hurried: set[Subject] = field(default_factory=set[Subject])
    """Urgent runs that have gone before others; after that they take their turn."""
    bucket_limiters: dict[str, BucketLimiter] = field(default_factory=dict[str, BucketLimiter])
    """By Discord's name of the bucket."""
    slow_until: float = 0.0
    """No edit before this time, since the last one was of an old message."""
    blocked_until: float = 0.0
    failures: int = 0

    def enqueue(self, delivery: QueuedDelivery, now: float) -> None:
        """Queue a row for this channel."""
        self.deliveries[delivery.row.id] = (now, delivery)

    def mark(self, run: Subject, now: float, *, is_urgent: bool, is_sure: bool = True) -> None:
        """Mark this run's messages here, or the board, as dirty since now or since they were first marked."""
        known = self.dirty.get(run)
        is_first = known is None or (is_sure and not known.is_sure)
        since = now if known is None or is_first else known.since
        self.dirty[run] = Dirty(since, is_urgent, is_sure or (known is not None and known.is_sure))
        if not is_urgent:
            self.hurried.discard(run)

    def next_job(self) -> Job | None:
        """The next job: deliveries and new urgent changes in the order in which they came.

        After those, what has been dirty longest.
        """
        fresh = [run for run, state in self.dirty.items() if state.is_urgent and run not in self.hurried]
        run = min(fresh or self.dirty, key=lambda run: self.dirty[run].since, default=None)
        since = self.dirty[run].since if run is not None else 0.0
        entry = min(self.deliveries.values(), key=lambda entry: entry[0], default=None)
        if entry is not None and (run is None or not fresh or entry[0] <= since):
            return entry[1]
        return run

    def since(self, job: Job) -> float:
        """The time since which a job has waited."""
        return self.deliveries[job.row.id][0] if isinstance(job, QueuedDelivery) else self.dirty[job].since

    def take(self, job: Job, now: float) -> None:
        """Take a job out of the queue."""
        self.began = now
        if isinstance(job, QueuedDelivery):
            del self.deliveries[job.row.id]
            self.run, self.row = job.row.run, job.row.id
            return
        if self.dirty.pop(job).is_urgent:
            self.hurried.add(job)
        self.run, self.row = (None if isinstance(job, BoardOf) else job), None

    def is_urgent(self, job: Job) -> bool:
        """Whether a job takes the next slot: an ended run, one that needs a person, or a delivery.

        docs/contracts/cards.md, *Edits*.
        """
        return isinstance(job, QueuedDelivery) or (self.dirty[job].is_urgent and job not in self.hurried)

    def is_over(self, now: float) -> bool:
        """Whether the queue can be forgotten: nothing to do, and its rate limits and pauses have passed."""
        has_work = self.task is not None or self.dirty or self.deliveries
        waits = (
            self.blocked_until,
            self.slow_until,
            *(bucket_limiter.next_at for bucket_limiter in self.bucket_limiters.values()),
        )
        return not has_work and now >= max(waits)


class Start(NamedTuple):
    """A job that may start now."""

    channel: str
    queue: ChannelQueue
    job: Job


class ChannelQueues:
    """The queues of all channels."""

    def __init__(self) -> None:
        self._queues: dict[str, ChannelQueue] = {}
        self._buckets: dict[str, str] = {}
        """Method to the bucket that Discord counted it in: POST and PATCH of messages may share one."""
        self._global_limiter = GlobalLimiter()

    def __getitem__(self, channel: str) -> ChannelQueue:
        return self._queues.setdefault(channel, ChannelQueue())

    def __iter__(self) -> Iterator[ChannelQueue]:
        return iter(list(self._queues.values()))

    def get(self, channel: str) -> ChannelQueue | None:
        """The queue of a channel, where there is one."""
        return self._queues.get(channel)

    def on_answer(self, answer: RateAnswer, now: float) -> None:
        """Learn the limits from an answer to any request."""
        if answer.is_limited and answer.is_global:
            self._global_limiter.close(now + (answer.retry_after_s or 1.0))
        queue = self._queues.get(answer.channel or "")
        if queue is None or not answer.is_message:
            return
        if answer.is_limited:
            queue.blocked_until = max(queue.blocked_until, now + (answer.retry_after_s or 1.0))
        if not answer.bucket:
            return
        self._buckets[answer.method] = answer.bucket
        bucket_limiter = queue.bucket_limiters.get(answer.bucket)
        if bucket_limiter is None:
            bucket_limiter = queue.bucket_limiters[answer.bucket] = BucketLimiter()
            bucket_limiter.begin(queue.began)
        bucket_limiter.on_answer(answer, now)

    def starts(self, now: float) -> list[Start]:
        """What may start now, urgent jobs first, then the longest waiting; `begin` takes a job out of its queue."""
        found: list[tuple[tuple[bool, float], Start]] = []
        for channel, queue in list(self._queues.items()):
            if queue.is_over(now):
                del self._queues[channel]
                continue
            job = queue.next_job() if queue.task is None else None
            if job is not None and self._slot(queue, job) <= now:
                found.append(((not queue.is_urgent(job), queue.since(job)), Start(channel, queue, job)))
        return [start for _, start in sorted(found, key=lambda item: item[0])]

    def begin(self, start: Start, now: float) -> bool:
        """Start the job; False while the global limit has no room."""
        if self._global_limiter.next_at > now:
            return False
        self._global_limiter.begin(now)
        start.queue.take(start.job, now)
        bucket_limiter = self._bucket_limiter(start.queue, start.job)
        if bucket_limiter is not None:
            bucket_limiter.begin(now)
        return True

    def unused(self, start: Start) -> None:
        """Give back the slot of a job that had nothing to send."""
        self._global_limiter.undo()
        bucket_limiter = self._bucket_limiter(start.queue, start.job)
        if bucket_limiter is not None:
            bucket_limiter.undo()

    def wait(self, now: float, longest: float) -> float:
        """Seconds until a job may start, at most `longest`; what is in flight wakes the editor by itself."""
        waits = [longest]
        for queue in self._queues.values():
            job = queue.next_job() if queue.task is None else None
            if job is not None:
                waits.append(max(self._slot(queue, job), self._global_limiter.next_at) - now)
        return max(min(waits), 0.0)

    def _slot(self, queue: ChannelQueue, job: Job) -> float:
        at = queue.blocked_until
        bucket_limiter = self._bucket_limiter(queue, job)
        if bucket_limiter is not None:
            at = max(at, bucket_limiter.urgent_at if queue.is_urgent(job) else bucket_limiter.next_at)
        return at if isinstance(job, QueuedDelivery) else max(at, queue.slow_until)

    def _bucket_limiter(self, queue: ChannelQueue, job: Job) -> BucketLimiter | None:
        """The limiter of the bucket in which this job is counted; threads are opened in a bucket of their own."""
        if isinstance(job, QueuedDelivery) and job.row.kind is OutboxKind.THREAD:
            return None
        bucket = self._buckets.get(_POST if isinstance(job, QueuedDelivery) else _PATCH)
        if bucket is not None:
            return queue.bucket_limiters.get(bucket)
        return next(iter(queue.bucket_limiters.values()), None)  # not known yet: as if they shared
