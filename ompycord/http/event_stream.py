"""A response that lasts: server-sent events to one reader; counterpart of the edge that provides the events.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

__all__ = ["EventStreamResponse", "StreamConnection"]


class StreamConnection:
    """One reader. `is_gone` once it has disconnected; `on_gone` is called then."""

    def __init__(self, *, send: Send, write_s: float) -> None:
        self._send = send
        self._write_s = write_s
        self.is_disconnected = False
        self.on_disconnect: Callable[[], None] = lambda: None

    async def write(self, text: str) -> None:
        """Send some text. Raises TimeoutError when the reader accepts nothing for `write_s`."""
        async with asyncio.timeout(self._write_s):
            await self._send({"type": "http.response.body", "body": text.encode(), "more_body": True})

    async def end(self) -> None:
        """Send the last chunk, if the reader accepts it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._write_s):
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def observe(self, receive: Receive) -> None:
        """Wait until the reader disconnects."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.is_disconnected = True
        self.on_disconnect()


class EventStreamResponse(Response):
    """The response of a route that streams.

    `feed` writes until it returns; a reader that accepts nothing for `write_s` ends it too.
    """

    def __init__(self, *, feed: Callable[[StreamConnection], Awaitable[None]], write_s: float) -> None:
        super().__init__(media_type="text/event-stream", headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._feed = feed
        self._write_s = write_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, from its headers to its end."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        connection = StreamConnection(send=send, write_s=self._write_s)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(connection.observe(receive))
            with suppress(TimeoutError):
                await self._feed(connection)
            watching.cancel()
        if not connection.is_disconnected:
            await connection.end()
