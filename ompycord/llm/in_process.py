"""The way from a client library to the model gateway inside of this process: no socket, no copy of a stream.

Imported with the library, on its first use. A connection that the gateway breaks off, since its provider's broke, is
one for the client too. An answer that the gateway ends in its midst is a refusal, with the gateway's words.
"""

import asyncio
from collections.abc import AsyncGenerator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx2
from starlette.types import ASGIApp

from ompycord.http.adopted_socket import ABORT, ENDS_EARLY

__all__ = ["HOST", "gateway_client"]

HOST: Final = "http://ompycord"
_STOPPED: Final = 402
_ANSWER_S: Final = 1200.0
"""For the whole of it: a request may wait for its provider, and a model may write for long. The gateway bounds both,
and not an answer that comes byte by byte."""


@asynccontextmanager
async def gateway_client(gateway: ASGIApp) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client whose every request is answered by `gateway`."""
    async with httpx2.AsyncClient(transport=_Gateway(gateway), trust_env=False) as client:
        yield client


class _Gateway(httpx2.AsyncBaseTransport):
    def __init__(self, gateway: ASGIApp) -> None:
        self._gateway = gateway

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = _Answer(await request.aread())
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": "http",
            "path": request.url.path,
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "query_string": request.url.query,
            "server": ("ompycord", 80),
            "client": None,
            "root_path": "",
            "state": {ABORT: answer.abort, ENDS_EARLY: answer.end_early},
        }
        try:
            async with asyncio.timeout(_ANSWER_S):
                await self._gateway(scope, answer.receive, answer.send)
        except TimeoutError:
            words = f"The provider's answer was not whole after {_ANSWER_S:.0f} s."
            raise httpx2.ReadTimeout(words, request=request) from None
        if answer.end_words is not None:
            return httpx2.Response(_STOPPED, json={"error": {"message": answer.end_words}}, request=request)
        if answer.is_broken or answer.status is None:
            raise httpx2.RemoteProtocolError("The provider's answer was cut off.", request=request)
        return httpx2.Response(answer.status, headers=answer.headers, content=bytes(answer.body), request=request)


class _Answer:
    """One request and what comes back."""

    def __init__(self, body: bytes) -> None:
        self._sent = body
        self._is_sent = False
        self._is_over = asyncio.Event()
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()
        self.is_broken = False
        self.end_words: str | None = None
        """Why it ended early, in words."""

    async def receive(self) -> MutableMapping[str, Any]:
        if not self._is_sent:
            self._is_sent = True
            return {"type": "http.request", "body": self._sent, "more_body": False}
        await self._is_over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", ()))
            return
        self.body += message.get("body", b"")
        if not message.get("more_body", False):
            self._is_over.set()

    def end_early(self, words: str) -> None:
        self.end_words = words

    def abort(self) -> None:
        self.is_broken = True
        self._is_over.set()
