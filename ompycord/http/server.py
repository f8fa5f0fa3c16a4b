"""uvicorn beside discord.py: our signals, our socket, our deadlines; counterpart of `dispatcher.py`, which it serves.

`uvicorn.Config(handle_signals=False)` never existed, so `SidecarServer` has that keyword. A taken port would end the
process by SystemExit, so the socket is bound first. Half a header would stay open forever, so it has a deadline.
Source: docs/platform/uvicorn.md, *Timeouts*.
"""

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import Generator

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from ompycord.errors import BusyError, ConfigurationError, UnavailableError
from ompycord.http.problems import Problem, problem

__all__ = ["SidecarServer", "bind", "serve"]

HEADER_S = 10.0
GRACE_S = 10
KEEP_ALIVE_S = 30
BACKLOG = 1024


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
) -> None:
    """Serve until `stop` is set, then let requests end for `grace_s`. `serving` is set once requests are answered.

    Cancelled, it still closes its listener. Raises BusyError (taken port), ConfigurationError, UnavailableError.
    """
    listener = bind(host, port) if sock is None else sock
    config = uvicorn.Config(
        app,
        http=_protocol(header_s),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
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
        listener.close()


def _protocol(header_s: float) -> type[H11Protocol]:
    """Uvicorn's protocol with a deadline for each request's line and headers.

    It counts from the connection or the last answer on.
    """

    class BoundedProtocol(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            self._arm()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            cycle: RequestResponseCycle | None = self.cycle
            is_between = not cycle or cycle.response_complete
            if is_between and self.conn.their_state is h11.IDLE:
                self._arm()
            else:
                self._disarm()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.conn.trailing_data[0] and self.conn.their_state is h11.IDLE:  # part of the next one came with it
                self._arm()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            super().connection_lost(exc)

        def _arm(self) -> None:
            if self._deadline is None:
                self._deadline = self.loop.call_later(header_s, self._give_up)

        def _disarm(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _give_up(self) -> None:
            status, headers, body = problem(Problem("too-slow"))
            lines = [f"HTTP/1.1 {status} Request Timeout".encode(), *(name + b": " + value for name, value in headers)]
            self.transport.write(b"\r\n".join([*lines, b"connection: close", b"", body]))
            self.transport.close()

    return BoundedProtocol
