"""Deadlines and a bound of connections for one server's connections; counterpart of `bounded_protocol.py`.

Both protocols of uvicorn keep them, by `BoundedProtocol`. Half a header would stay open forever, so it has a deadline.
Source: docs/platform/uvicorn.md, *Timeouts*.
"""

import asyncio
import logging
from collections.abc import Sized
from typing import Any, Protocol, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from ompycord.http.problems import Problem, problem

__all__ = ["BoundedConnection", "BoundedProtocol", "ConnectionBounds", "Waiting", "answer_and_close"]

LOGGED_S = 60.0
"""Seconds between two lines of the log about too many connections."""

log = logging.getLogger(__name__)


class Waiting:
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


class BoundedConnection(Protocol):
    """What is asked of a connection's parser."""

    def is_between(self) -> bool:
        """Whether no request is being answered."""
        ...

    def has_unread_body(self) -> bool:
        """Whether more of a body is to come whose request was answered without it."""
        ...

    def has_part_of_next(self) -> bool:
        """Whether a request has begun whose headers have not come to their end."""
        ...


def answer_and_close(transport: asyncio.Transport, refused: Problem, reason: str) -> None:
    """Answer a request that never came to the application, with the reason phrase of its status, and close."""
    status, headers, body = problem(refused)
    lines = [f"HTTP/1.1 {status} {reason}".encode(), *(name + b": " + value for name, value in headers)]
    transport.write(b"\r\n".join([*lines, b"connection: close", b"", body]))
    transport.close()


class ConnectionBounds:
    """Those of one connection: for each request's line and headers, and for a body that nobody reads.

    The deadline counts from the connection, from the last answer, and where the body is still to come, from its answer
    on.
    """

    def __init__(
        self,
        connection: BoundedConnection,
        transport: asyncio.Transport,
        *,
        waiting: Waiting,
        header_s: float,
        count: int,
    ) -> None:
        """`count` connections are open, this one too."""
        self._connection = connection
        self._transport = transport
        self._waiting = waiting
        self._header_s = header_s
        self._loop = asyncio.get_running_loop()
        self._deadline: asyncio.TimerHandle | None = None
        self._arm()
        waiting.add(transport)
        waiting.make_room(count, self._loop.time())

    def received(self, *, had_unread_body: bool) -> None:
        """Bytes were parsed; `had_unread_body` is what the connection said before."""
        if not self._connection.is_between():
            self._disarm()
            self._waiting.discard(self._transport)
            return
        if had_unread_body and not self._connection.has_unread_body():
            self._disarm()  # the whole time for the next request
        self._arm()

    def answered(self) -> None:
        """An answer is complete."""
        if not self._connection.is_between() or self._transport.is_closing():
            return
        self._waiting.add(self._transport)
        if self._connection.has_part_of_next() or self._connection.has_unread_body():
            self._arm()

    def lost(self) -> None:
        """The connection is gone."""
        self._disarm()
        self._waiting.discard(self._transport)

    def _arm(self) -> None:
        if self._deadline is None:
            self._deadline = self._loop.call_later(self._header_s, self._give_up)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self._connection.has_unread_body():  # it is answered already
            self._transport.close()
            return
        answer_and_close(self._transport, Problem("too-slow"), "Request Timeout")


class BoundedProtocol(asyncio.BaseProtocol):
    """What both of uvicorn's protocols have of it; stands before one of them among the bases of a class.

    That has the two questions of `BoundedConnection` which only its parser can answer.
    """

    header_s: float
    waiting: Waiting
    connections: Sized
    cycle: Any
    """The newest request and its answer, of either protocol's own type."""
    _bounds: ConnectionBounds | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._bounds = ConnectionBounds(
            cast("BoundedConnection", self), cast("asyncio.Transport", transport),
            waiting=self.waiting, header_s=self.header_s, count=len(self.connections),
        )  # fmt: skip

    def connection_lost(self, exc: Exception | None) -> None:
        if self._bounds is not None:
            self._bounds.lost()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        cast("H11Protocol", super()).on_response_complete()
        if self._bounds is not None:
            self._bounds.answered()

    def bounds_received(self, *, had_unread_body: bool) -> None:
        """Called once bytes were parsed; `had_unread_body` is what was true before."""
        if self._bounds is not None:
            self._bounds.received(had_unread_body=had_unread_body)

    def is_between(self) -> bool:
        return not self.cycle or self.cycle.response_complete
