"""The server's own protocol: deadlines that uvicorn has not, and a bound of connections; counterpart of `server.py`.

Half a header would stay open forever, so it has a deadline. Source: docs/platform/uvicorn.md, *Timeouts*.
"""

import asyncio
import logging

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from ompycord.http.problems import Problem, problem

__all__ = ["ACCEPTED", "GRACE_S", "HEADER_S", "server_config"]

HEADER_S = 10.0
GRACE_S = 10
KEEP_ALIVE_S = 30
ACCEPTED = 32
"""Connections that asyncio accepts in one go, before any of them is counted."""
LOGGED_S = 60.0
"""Seconds between two lines of the log about too many connections."""

log = logging.getLogger(__name__)


def server_config(app: ASGIApp, header_s: float, most: int, *, grace_s: int = GRACE_S) -> uvicorn.Config:
    """How `app` is served: at most `most` connections, `header_s` seconds for a request's line and headers."""
    return uvicorn.Config(
        app,
        http=_protocol(header_s, most),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=ACCEPTED,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=grace_s,
    )


class _Waiting:
    """Connections without a request, the one that has been so for longest first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._transports: dict[asyncio.Transport, None] = {}
        self._logged_at: float | None = None

    def add(self, transport: asyncio.Transport) -> None:
        """It has no request, from now on."""
        self._transports.pop(transport, None)
        self._transports[transport] = None

    def discard(self, transport: asyncio.Transport) -> None:
        """It has one, or is gone."""
        self._transports.pop(transport, None)

    def make_room(self, count: int, now_s: float) -> None:
        """End one, the new one too, where there are more than the most."""
        if count <= self._most:
            return
        if self._logged_at is None or now_s - self._logged_at >= LOGGED_S:
            self._logged_at = now_s
            log.warning("%d connections are open: those without a request for longest are ended", self._most)
        oldest = next(iter(self._transports))
        self.discard(oldest)
        oldest.abort()


class _BoundedProtocol(H11Protocol):
    """A deadline for each request's line and headers, and for a body that nobody reads; and a bound of connections.

    The deadline counts from the connection, from the last answer, and where the body is still to come, from its answer
    on. Subclassed for each server.
    """

    header_s: float
    waiting: _Waiting
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._arm()
        self.waiting.add(transport)
        self.waiting.make_room(len(self.connections), self.loop.time())

    def data_received(self, data: bytes) -> None:
        had_unread_body = self._has_unread_body()
        super().data_received(data)
        if not self._is_between():
            self._disarm()
            self.waiting.discard(self.transport)
            return
        if had_unread_body and not self._has_unread_body():
            self._disarm()  # the whole time for the next request
        self._arm()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._is_between() or self.transport.is_closing():
            return
        self.waiting.add(self.transport)
        has_part_of_next = self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        if has_part_of_next or self._has_unread_body():
            self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self.waiting.discard(self.transport)
        super().connection_lost(exc)

    def _is_between(self) -> bool:
        """Whether no request is being answered."""
        cycle: RequestResponseCycle | None = self.cycle
        return not cycle or cycle.response_complete

    def _has_unread_body(self) -> bool:
        """Whether more of a body is to come whose request was answered without it."""
        return self._is_between() and self.conn.their_state is h11.SEND_BODY

    def _arm(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.header_s, self._give_up)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self._has_unread_body():  # it is answered already
            self.transport.close()
            return
        status, headers, body = problem(Problem("too-slow"))
        lines = [f"HTTP/1.1 {status} Request Timeout".encode(), *(name + b": " + value for name, value in headers)]
        self.transport.write(b"\r\n".join([*lines, b"connection: close", b"", body]))
        self.transport.close()


def _protocol(header_s: float, most: int) -> type[H11Protocol]:
    """The protocol of one server."""
    return type("BoundedProtocol", (_BoundedProtocol,), {"header_s": header_s, "waiting": _Waiting(most)})
