"""The server's own protocol: deadlines that uvicorn has not, and a bound of connections; counterpart of `server.py`.

Requests are read by httptools where it is installed, which is everywhere but on Windows, else by h11.
"""

import asyncio
from typing import Final, cast

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ompycord.http.connections.bounds import BoundedProtocol, Waiting

try:
    from ompycord.http.connections.httptools_protocol import BoundedHttptools
except ModuleNotFoundError:  # pragma: no cover  # on Windows
    BoundedHttptools = None

__all__ = ["ACCEPTED", "GRACE_S", "HEADER_S", "BoundedH11", "server_config"]

HEADER_S = 10.0
GRACE_S = 10
KEEP_ALIVE_S = 30
ACCEPTED = 32
"""Connections that asyncio accepts in one go, before any of them is counted."""


class BoundedH11(BoundedProtocol, H11Protocol):
    """Without httptools. Subclassed for each server."""

    def data_received(self, data: bytes) -> None:
        had_unread_body = self.has_unread_body()
        super().data_received(data)
        self.bounds_received(had_unread_body=had_unread_body)

    def _unsupported_upgrade_warning(self) -> None:
        """No line of the log for it: anybody may ask for another protocol as often as they like."""

    def has_unread_body(self) -> bool:
        return self.is_between() and self.conn.their_state is h11.SEND_BODY

    def has_part_of_next(self) -> bool:
        return self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])


PARSERS: Final = {"h11": BoundedH11} if BoundedHttptools is None else {"httptools": BoundedHttptools, "h11": BoundedH11}
"""By name, the one that is taken first."""


def server_config(
    app: ASGIApp, header_s: float, most: int, *, grace_s: int = GRACE_S, parser: str | None = None
) -> uvicorn.Config:
    """How `app` is served: at most `most` connections, `header_s` seconds for a request's line and headers."""
    base = PARSERS[parser or next(iter(PARSERS))]
    made = type(base.__name__, (base,), {"header_s": header_s, "waiting": Waiting(most)})
    return uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", made),
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
