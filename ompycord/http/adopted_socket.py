"""Serves one more listening socket in this process: a run's own; counterpart of `server.py`, which serves ours.

The socket may come from a program in a network of its own (`processes/passed_socket.py`).
"""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final, cast

from starlette.types import ASGIApp
from uvicorn.server import ServerState

from ompycord.http.connections.bounded_protocol import ACCEPTED, HEADER_S, BoundedH11, server_config
from ompycord.http.proxy.first_bytes import FirstBytes
from ompycord.http.proxy.forward_proxy import ForwardProxy
from ompycord.http.proxy.proxy_request import HEAD_BYTES

__all__ = ["ABORT", "ENDS_EARLY", "serve_socket"]

ABORT: Final = "abort"
"""The name in a scope's `state` of what breaks the connection off, for half an answer that must not look whole."""
ENDS_EARLY: Final = "ends_early"
"""The name in a scope's `state` of what takes the words for which an answer ends early, where it has no place for them;
only who asks inside of this process offers it."""

_FEW_CONNECTIONS: Final = 256
"""Connections of the programs of one run."""
_END_S: Final = 2.0


@asynccontextmanager
async def serve_socket(
    app: ASGIApp,
    listening: socket.socket,
    *,
    proxy: ForwardProxy | None = None,
    header_s: float = HEADER_S,
    most_connections: int = _FEW_CONNECTIONS,
) -> AsyncGenerator[None]:
    """While the block runs, serve `listening`; with a proxy, its requests too.

    With the block the socket and all connections end at once; what answers gets two seconds to notice.
    """
    served = _Served(app, proxy, header_s, most_connections)
    group = asyncio.TaskGroup()
    await group.__aenter__()
    server = await asyncio.get_running_loop().create_server(
        lambda: served.protocol(group), sock=listening, backlog=ACCEPTED
    )
    try:
        yield
    finally:
        server.close()
        served.close()
        await served.ended()
        # Not the block's own error: the group would wrap it.
        await group.__aexit__(None, None, None)


class _Served:
    """The connections of one socket."""

    def __init__(self, app: ASGIApp, proxy: ForwardProxy | None, header_s: float, most: int) -> None:
        self._config = server_config(app, header_s, most)
        self._config.load()
        self._state = ServerState()
        self._proxy = proxy
        self._header_s = header_s
        self._most = most
        self._proxied: set[asyncio.Task[None]] = set()

    def protocol(self, group: asyncio.TaskGroup) -> asyncio.Protocol:
        """That of a new connection."""
        proxy = self._proxy
        if proxy is None:
            return self._routes()

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if len(self._proxied) >= self._most:
                writer.transport.abort()
                return
            task = group.create_task(proxy.serve(reader, writer))
            self._proxied.add(task)
            task.add_done_callback(self._proxied.discard)

        def by_proxy() -> asyncio.Protocol:
            return asyncio.StreamReaderProtocol(asyncio.StreamReader(limit=HEAD_BYTES), serve)

        return FirstBytes(routes=self._routes, proxy=by_proxy, header_s=self._header_s)

    def close(self) -> None:
        """End all connections at once."""
        for connection in list(self._state.connections):
            connection.transport.abort()
        for task in self._proxied:
            task.cancel()

    async def ended(self) -> None:
        """Returns once what answered has ended; what does not notice in time is cancelled."""
        late = set(self._state.tasks)
        if late:
            _, late = await asyncio.wait(late, timeout=_END_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=_END_S)

    def _routes(self) -> asyncio.Protocol:
        make = cast("type[BoundedH11]", self._config.http_protocol_class)  # or its sibling, made alike
        state: dict[str, Callable[[], None]] = {}
        protocol = make(config=self._config, server_state=self._state, app_state=state)

        def abort() -> None:
            protocol.transport.abort()  # it has one once it is connected

        state[ABORT] = abort
        return protocol
