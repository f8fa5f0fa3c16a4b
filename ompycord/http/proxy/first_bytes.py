"""Chooses by the first bytes of a connection who answers it: our routes, or the forward proxy of a run.

One listener serves both, since a run has one. A request to a proxy names a host where one to a server names a path
(RFC 9112, 3.2). Counterpart of `server.py` and `forward_proxy.py`.
"""

import asyncio
from collections.abc import Callable
from typing import Final, cast

__all__ = ["FirstBytes"]

_MOST: Final = 32
"""Bytes in which a method and the first character behind it are; longer ones our routes refuse."""


class FirstBytes(asyncio.Protocol):
    """The protocol of a connection until it is known which one it is."""

    def __init__(
        self, *, routes: Callable[[], asyncio.Protocol], proxy: Callable[[], asyncio.Protocol], header_s: float
    ) -> None:
        self._routes = routes
        self._proxy = proxy
        self._header_s = header_s
        self._read = b""
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._deadline = asyncio.get_running_loop().call_later(self._header_s, self._transport.abort)

    def data_received(self, data: bytes) -> None:
        self._read += data
        method, space, rest = self._read.partition(b" ")
        if (not space or not rest) and len(self._read) < _MOST:
            return
        is_path = not space or rest[:1] in {b"/", b"*"} or not method.isalpha()
        self._hand_over(self._routes() if is_path else self._proxy())

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()

    def _hand_over(self, protocol: asyncio.Protocol) -> None:
        self._disarm()
        assert self._transport is not None
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        protocol.data_received(self._read)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
