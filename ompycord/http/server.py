"""uvicorn beside discord.py: our signals, our socket, our deadlines; counterpart of `dispatcher.py`, which it serves.

`uvicorn.Config(handle_signals=False)` never existed, so `SidecarServer` has that keyword. A taken port would end the
process by SystemExit, so the socket is bound first. Half a header would stay open forever, so it has a deadline.
Source: docs/platform/uvicorn.md, *Timeouts*.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import sys
from collections.abc import Generator

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from ompycord.errors import BusyError, ConfigurationError, UnavailableError
from ompycord.http.problems import Problem, problem

if sys.platform == "win32":  # pragma: no cover  # exercised on Windows only
    resource = None
else:
    import resource

__all__ = ["SidecarServer", "bind", "connections_here", "serve"]

HEADER_S = 10.0
GRACE_S = 10
KEEP_ALIVE_S = 30
BACKLOG = 1024
ACCEPTED = 32
"""Connections that asyncio accepts in one go, before any of them is counted."""
MOST_CONNECTIONS = 1000
OTHERS = 128
"""Descriptors that are not for connections."""
LOGGED_S = 60.0
"""Seconds between two lines of the log about too many connections."""

log = logging.getLogger(__name__)


class SidecarServer(uvicorn.Server):
    """A server that leaves signals alone unless `handle_signals` is set.

    It ends when `stop` is set, and reports when it serves.
    """

    def __init__(self, config: uvicorn.Config, *, stop: asyncio.Event, handle_signals: bool = False) -> None:
        super().__init__(config)
        self._stop = stop
        self._handle_signals = handle_signals
        self.is_serving = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Install no handlers.

        Uvicorn's own would swallow SIGTERM and end the process before anything is cleaned up.
        """
        if not self._handle_signals:
            yield
            return
        with super().capture_signals():
            yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)  # asyncio takes one number for this queue and for what it accepts in one go
        self.is_serving.set()

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second."""
        self.should_exit = self.should_exit or self._stop.is_set()
        return await super().on_tick(counter)


def bind(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one. Raises BusyError naming the port, or ConfigurationError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY on what it accepts: without it each answer waits 40 ms for an
    # ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there it would let two programs share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise BusyError(f"Port {port} is taken by another program: end it, or choose another port.") from error
        raise ConfigurationError(f"The sidecar cannot listen on port {port} ({error.strerror}).") from error
    listener.setblocking(False)
    return listener


async def serve(
    app: ASGIApp,
    *,
    stop: asyncio.Event,
    sock: socket.socket | None = None,
    host: str = "127.0.0.1",
    port: int = 8787,
    serving: asyncio.Event | None = None,
    header_s: float = HEADER_S,
    grace_s: int = GRACE_S,
    handle_signals: bool = False,
    most_connections: int | None = None,
) -> None:
    """Serve until `stop` is set, then let requests end for `grace_s`. `serving` is set once requests are answered.

    At most `most_connections` are open, by default as many as the descriptors of this process allow: one more ends the
    one that has been without a request for longest. Cancelled, it still closes its listener. Raises BusyError (taken
    port), ConfigurationError, UnavailableError.
    """
    listener = bind(host, port) if sock is None else sock
    config = uvicorn.Config(
        app,
        http=_protocol(header_s, most_connections or connections_here()),
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
    server = SidecarServer(config, stop=stop, handle_signals=handle_signals)
    if serving is not None:
        server.is_serving = serving
    try:
        await server.serve(sockets=[listener])
    except SystemExit as error:
        raise UnavailableError("The sidecar's web server could not start; its log says why.") from error
    finally:
        for one in getattr(server, "servers", []):
            one.close()
        for connection in list(server.server_state.connections):  # what did not end within the grace
            connection.transport.abort()
        listener.close()


def connections_here() -> int:
    """What is left of the descriptors that this process may have once programs, files and the database have theirs."""
    if resource is None:
        return MOST_CONNECTIONS
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return max(ACCEPTED, min(MOST_CONNECTIONS, soft - max(OTHERS, soft // 4)))


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
