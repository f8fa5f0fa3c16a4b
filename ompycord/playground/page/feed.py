"""The page's events: numbered, kept for a while and delivered to every open page; `api.py` streams them."""

import asyncio
from collections import deque
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass

from ompycord.playground.rules.documents import Json
from ompycord.playground.world.clock import Clock

KEPT = 2000
QUEUE = 1000


@dataclass(frozen=True, kw_only=True)
class PageEvent:
    """One event; `audience` has the people who may see it, None means everyone."""

    seq: int
    type: str
    data: Json
    audience: frozenset[str] | None

    def concerns(self, user: str) -> bool:
        return self.audience is None or user in self.audience


class Subscriber:
    """One open event stream. When its queue is full it is cut off, and the page reloads the state."""

    def __init__(self, user: str) -> None:
        self.user = user
        self.queue: asyncio.Queue[PageEvent | None] = asyncio.Queue(QUEUE)
        self.is_cut_off = False

    def offer(self, event: PageEvent | None) -> None:
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.is_cut_off = True


class PageFeed:
    """Numbers events (growing over restarts, since the first number is the time) and hands them to subscribers."""

    def __init__(self, clock: Clock) -> None:
        self.seq = int(clock.now() * 1000)
        self._kept: deque[PageEvent] = deque(maxlen=KEPT)
        self._subscribers: set[Subscriber] = set()

    def publish(self, kind: str, data: Json, *, audience: Collection[str] | None = None) -> None:
        """Deliver to `audience`, or to everyone. What happens in a channel concerns `World.viewers` of it."""
        self.seq += 1
        people = None if audience is None else frozenset(audience)
        event = PageEvent(seq=self.seq, type=kind, data=data, audience=people)
        self._kept.append(event)
        for subscriber in self._subscribers:
            if event.concerns(subscriber.user):
                subscriber.offer(event)

    @contextmanager
    def subscribe(self, user: str, after: int) -> Generator[Subscriber | None]:
        """A subscriber that already has what came after `after`; None where that has expired."""
        oldest = self._kept[0].seq if self._kept else self.seq + 1
        if after < oldest - 1 or after > self.seq:
            yield None
            return
        subscriber = Subscriber(user)
        for event in self._kept:
            if event.seq > after and event.concerns(user):
                subscriber.offer(event)
        self._subscribers.add(subscriber)
        try:
            yield subscriber
        finally:
            self._subscribers.discard(subscriber)

    def close(self) -> None:
        """End every stream."""
        for subscriber in self._subscribers:
            subscriber.offer(None)
            subscriber.is_cut_off = True
