"""Server-sent events: the log as it grows, resumable by position; counterpart of `store/streaming.py`.

A stream has no queue of its own: the log is the queue, and a reader that is too far behind begins anew with a snapshot. So a
slow reader costs a page of memory. https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ompycord.conductor import Bus
from ompycord.conductor.bus import Subscription
from ompycord.domain.base import Frozen
from ompycord.domain.events import Opaque, RunEvent
from ompycord.domain.ids import RunId
from ompycord.domain.snapshot import StatusSnapshot
from ompycord.errors import StorageError
from ompycord.webhook.problems import Problem

__all__ = ["EventLog", "StreamReset", "StreamedEvent", "Streams"]

HEARTBEAT_S = 15.0
WRITE_S = 30.0
"""A reader that takes nothing for so long is gone."""
PAGE = 100
MOST_BEHIND = 1_000
"""Events that a reader may be behind before it begins anew (docs/contracts/http.md, *Event streams*)."""
MOST_STREAMS = 64
RETRY_MS = 2_000


class EventLog(Protocol):
    """Implemented by `store.SqliteStore`."""

    async def page(self, run: RunId | None, after: int, *, limit: int, most: int) -> tuple[list[RunEvent], int] | None:
        """Events after a position and how far was read; None when more than `most` wait."""
        ...

    async def base(self, run: RunId | None) -> tuple[int, list[StatusSnapshot]]:
        """A position and the snapshots there."""
        ...


class StreamedEvent(Frozen):
    """One event of a stream; its position is the `id` to resume from."""

    position: int
    run: RunId
    source: str
    seq: int
    id: str | None
    at: datetime
    type: str
    data: dict[str, Any]


class StreamReset(Frozen):
    """Where a stream begins: forget what you know; these are the runs at `position`."""

    position: int
    snapshots: tuple[StatusSnapshot, ...]


class Streams:
    """Every open stream. `drain` ends them all."""

    def __init__(
        self,
        *,
        log: EventLog,
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

    def open(self, run: RunId | None, after: int | None, *, is_allowed: Callable[[], bool]) -> Response:
        """The response that streams. Without a position it begins with a `reset`. Raises Problem: draining, rate-limited.

        `is_allowed` is asked again as the stream goes on, so that a key that ends, ends it.
        """
        if self._is_ended:
            raise Problem("draining", retry_after_s=RETRY_MS / 1000)
        if len(self._open) >= self._most_streams:
            raise Problem("rate-limited", f"At most {self._most_streams} streams at a time.", retry_after_s=5)
        return _EventStream(self, run, after, is_allowed)

    async def feed(
        self,
        run: RunId | None,
        after: int | None,
        send: Callable[[str], Any],
        may_go_on: Callable[[], bool],
        changes: Subscription,
    ) -> None:
        """Send until it may not go on, the reader stalls, or the database does not answer: then it comes again."""
        loop = asyncio.get_running_loop()
        spoken_at = loop.time()
        while may_go_on() and not self._is_ended:
            text, after, is_more = await self._next(run, after)
            if not text and not is_more and loop.time() - spoken_at >= self._heartbeat_s:
                text = ": alive\n\n"
            if text:
                async with asyncio.timeout(self._write_s):
                    await send(text)
                spoken_at = loop.time()
            if not is_more and not self._is_ended:
                await changes.take(max(0.0, spoken_at + self._heartbeat_s - loop.time()))

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
        text = "".join(f"id: {event.position}\ndata: {_wire(event).model_dump_json()}\n\n" for event in events)
        return text, upto, len(events) == PAGE

    async def run(self, stream: "_EventStream", receive: Receive, send: Send) -> None:
        """One connection, from its headers to its end."""
        is_gone = False

        async def write(text: str) -> None:
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})

        async def listen(changes: Subscription) -> None:
            nonlocal is_gone
            while (await receive())["type"] != "http.disconnect":
                pass
            is_gone = True
            changes.wake()

        await send({"type": "http.response.start", "status": 200, "headers": stream.raw_headers})
        with self._bus.subscribe() as changes:
            self._open.add(changes)
            try:
                async with asyncio.TaskGroup() as group:
                    listener = group.create_task(listen(changes))
                    with suppress(StorageError, TimeoutError):
                        await write(f"retry: {RETRY_MS}\n\n")
                        await self.feed(
                            stream.run, stream.after, write, lambda: not is_gone and stream.is_allowed(), changes
                        )
                    listener.cancel()
            finally:
                self._open.discard(changes)
        if not is_gone:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._write_s):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})


class _EventStream(Response):
    """What the route returns; `Streams.run` speaks."""

    def __init__(self, streams: Streams, run: RunId | None, after: int | None, is_allowed: Callable[[], bool]) -> None:
        super().__init__(media_type="text/event-stream", headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._streams = streams
        self.run = run
        self.after = after
        self.is_allowed = is_allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._streams.run(self, receive, send)


def _wire(event: RunEvent) -> StreamedEvent:
    body = event.body
    data = body.data if isinstance(body, Opaque) else body.model_dump(mode="json", exclude={"type"}, exclude_none=True)
    return StreamedEvent(
        position=event.position,
        run=event.run,
        source=event.source,
        seq=event.seq,
        id=event.id,
        at=datetime.fromtimestamp(event.at / 1000, UTC),
        type=body.type,
        data=data,
    )
