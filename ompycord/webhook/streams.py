"""Server-sent events: the log as it grows, resumable by position; counterpart of `store/features/streaming.py`.

A stream has no queue of its own: the log is the queue, and a reader that is too far behind restarts with a snapshot. So
a slow reader costs a page of memory. `http/event_stream.py` handles the connection.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

from ompycord.conductor import Bus
from ompycord.conductor.bus import Subscription
from ompycord.domain.base import Frozen
from ompycord.domain.deliveries import streamed
from ompycord.domain.events import RunEvent
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.errors import StorageError
from ompycord.http.event_stream import EventStreamResponse, StreamConnection
from ompycord.http.problems import Problem

__all__ = ["StreamReset", "StreamedLog", "Streams"]

HEARTBEAT_S = 15.0
WRITE_S = 30.0
"""Seconds after which a reader that accepts nothing is disconnected."""
PAGE = 100
MOST_BEHIND = 1_000
"""Events that a reader may be behind before it restarts (docs/contracts/http.md, *Event streams*)."""
MOST_STREAMS = 64
RETRY_MS = 2_000


class StreamedLog(Protocol):
    """Implemented by `store.SqliteStore`."""

    async def page(self, run: RunId | None, after: int, *, limit: int, most: int) -> tuple[list[RunEvent], int] | None:
        """Events after a position and how far was read; None when more than `most` wait."""
        ...

    async def base(self, run: RunId | None) -> tuple[int, list[StatusSnapshot]]:
        """A position and the snapshots there."""
        ...


class StreamReset(Frozen):
    """Where a stream begins: forget what you know; these are the runs at `position`."""

    position: int
    snapshots: tuple[StatusSnapshot, ...]


class Streams:
    """Every open stream. `drain` ends them all."""

    def __init__(
        self,
        *,
        log: StreamedLog,
        bus: Bus,
        heartbeat_s: float = HEARTBEAT_S,
        write_s: float = WRITE_S,
        most_behind: int = MOST_BEHIND,
        most_streams: int = MOST_STREAMS,
    ) -> None:
        self._log = log
        self._bus = bus
        self._heartbeat_s = heartbeat_s
        self._write_s = write_s
        self._most_behind = most_behind
        self._most_streams = most_streams
        self._open: set[Subscription] = set()
        self._is_ended = False

    @property
    def count(self) -> int:
        """How many are open now."""
        return len(self._open)

    def drain(self) -> None:
        """End every stream, and open no other."""
        self._is_ended = True
        for changes in self._open:
            changes.wake()

    def open(self, run: RunId | None, after: int | None, *, is_allowed: Callable[[], bool]) -> EventStreamResponse:
        """The response that streams. Without a position it starts with a `reset`.

        `is_allowed` is asked again during the stream, so that a key's end ends it. Raises Problem: draining,
        rate-limited.
        """
        if self._is_ended:
            raise Problem("draining", retry_after_s=RETRY_MS / 1000)
        if len(self._open) >= self._most_streams:
            raise Problem("rate-limited", f"At most {self._most_streams} streams at a time.", retry_after_s=5)
        return EventStreamResponse(feed=partial(self._serve, run, after, is_allowed), write_s=self._write_s)

    async def _serve(
        self, run: RunId | None, after: int | None, is_allowed: Callable[[], bool], reader: StreamConnection
    ) -> None:
        """Serve one stream, until its reader disconnects, its key ends, or the database does not answer.

        Then the reader connects again.
        """
        with self._bus.subscribe() as changes:
            reader.on_disconnect = changes.wake
            self._open.add(changes)
            try:
                with suppress(StorageError):
                    await reader.write(f"retry: {RETRY_MS}\n\n")
                    await self._feed(run, after, reader, lambda: not reader.is_disconnected and is_allowed(), changes)
            finally:
                self._open.discard(changes)

    async def _feed(
        self,
        run: RunId | None,
        after: int | None,
        reader: StreamConnection,
        may_continue: Callable[[], bool],
        changes: Subscription,
    ) -> None:
        loop = asyncio.get_running_loop()
        written_at = loop.time()
        while may_continue() and not self._is_ended:
            text, after, is_more = await self._next(run, after)
            if not text and not is_more and loop.time() - written_at >= self._heartbeat_s:
                text = ": alive\n\n"
            if text:
                await reader.write(text)
                written_at = loop.time()
            if not is_more and not self._is_ended:
                await changes.take(max(0.0, written_at + self._heartbeat_s - loop.time()))

    async def _next(self, run: RunId | None, after: int | None) -> tuple[str, int | None, bool]:
        """What to send, the position after it, and whether more waits already."""
        if after is None:
            position, snapshots = await self._log.base(run)
            reset = StreamReset(position=position, snapshots=tuple(snapshots))
            return f"id: {position}\nevent: reset\ndata: {reset.model_dump_json()}\n\n", position, True
        page = await self._log.page(run, after, limit=PAGE, most=self._most_behind)
        if page is None:
            return "", None, True
        events, upto = page
        text = "".join(f"id: {event.position}\ndata: {streamed(event).model_dump_json()}\n\n" for event in events)
        return text, upto, len(events) == PAGE
