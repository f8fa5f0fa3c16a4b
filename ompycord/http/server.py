"""uvicorn beside discord.py: our signals, our socket, our deadlines; counterpart of `dispatcher.py`, which it serves.

`uvicorn.Config(handle_signals=False)` never existed, so `SidecarServer` has that keyword. A taken port would end the
process by SystemExit, so the socket is bound first.
"""

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import Generator

import uvicorn
from starlette.types import ASGIApp

from ompycord.errors import BusyError, ConfigurationError, UnavailableError
from ompycord.http.connections.bounded_protocol import ACCEPTED, GRACE_S, HEADER_S, server_config

if sys.platform == "win32":  # pragma: no cover  # exercised on Windows only
    resource = None
else:
    import resource

__all__ = ["SidecarServer", "bind", "connections_here", "serve"]

BACKLOG = 1024
MOST_CONNECTIONS = 1000
OTHERS = 128
"""Descriptors that are not for connections."""


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
    parser: str | None = None,
) -> None:
    """Serve until `stop` is set, then let requests end for `grace_s`. `serving` is set once requests are answered.

    At most `most_connections` are open, by default as many as the descriptors of this process allow: one more ends the
    one that has been without a request for longest. Cancelled, it still closes its listener. Raises BusyError (taken
    port), ConfigurationError, UnavailableError. `parser` is a name of `PARSERS`, by default its first.
    """
    listener = bind(host, port) if sock is None else sock
    most = most_connections or connections_here()
    config = server_config(app, header_s, most, grace_s=grace_s, parser=parser)
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
