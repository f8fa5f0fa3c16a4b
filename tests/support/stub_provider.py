"""A provider of models on loopback whose answers a test writes, part by part; what it was asked is kept.

Simulated: no model answers. Its counterpart is the model gateway, which asks it.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Receive, Scope, Send

from ompycord.http.adopted_socket import ABORT, serve_socket
from ompycord.http.server import bind


@dataclass(kw_only=True)
class Reply:
    """One answer."""

    parts: Sequence[bytes] = ()
    by: Callable[["Asked"], Sequence[bytes]] | None = None
    """What it answers to a request, in place of `parts`."""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    waits_after: int | None = None
    """After so many parts it sends no more until `StubProvider.go` is set."""
    pause_s: float = 0.0
    """Between two parts, as a model takes it to write them."""
    pace: Callable[[], Awaitable[None]] | None = None
    """Awaited after each part."""
    breaks_after: int | None = None
    """After so many parts the connection breaks off."""


@dataclass(kw_only=True)
class Asked:
    """One request that came."""

    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


class StubProvider:
    """Gives its replies in turn; the last one again and again."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [Reply()]
        self.asked: list[Asked] = []
        self.go = asyncio.Event()
        self.open = 0
        """Answers under way."""
        self.closed = asyncio.Event()
        """Someone who asked hung up before the end."""
        self.sent_bytes = 0
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        path = (scope.get("raw_path") or b"").decode()
        self.asked.append(Asked(path=path, query=scope["query_string"].decode(), headers=headers, body=body))
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        self.open += 1
        try:
            async with asyncio.TaskGroup() as group:
                work = group.create_task(self._reply(reply, self.asked[-1], scope, send))
                watch = group.create_task(self._watch(receive, work))
                work.add_done_callback(lambda _: watch.cancel())
        finally:
            self.open -= 1

    async def _watch(self, receive: Receive, work: "asyncio.Task[None]") -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        if not work.done():
            self.closed.set()
            work.cancel()

    async def _reply(self, reply: Reply, asked: Asked, scope: Scope, send: Send) -> None:
        headers = {"content-type": "text/event-stream", "x-request-id": "req_1", **reply.headers}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        for number, part in enumerate(reply.by(asked) if reply.by else reply.parts):
            if number == reply.waits_after:
                await self.go.wait()
            if number == reply.breaks_after:
                scope["state"][ABORT]()
                return
            self.sent_bytes += len(part)
            await send({"type": "http.response.body", "body": part, "more_body": True})
            if reply.pace is not None:
                await reply.pace()
            if reply.pause_s:
                await asyncio.sleep(reply.pause_s)  # the model writes on: a test chose how fast
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def stub_provider() -> AsyncGenerator[StubProvider]:
    provider = StubProvider()
    listening = bind("127.0.0.1", 0)
    async with serve_socket(provider, listening):
        provider.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield provider
