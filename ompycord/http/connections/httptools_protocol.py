"""Requests read by httptools (llhttp) under the bounds of `bounds.py`, and what that parser leaves to its users.

llhttp has no limit for a request's line and headers, takes a request without a Host or with two, and lets the path of
an absolute address pass for its own. Source: docs/platform/uvicorn.md, *HTTP parsers*.
"""

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ompycord.http.connections.bounds import ConnectionBounds, Waiting, answer_and_close
from ompycord.http.problems import Problem

__all__ = ["HEAD_BYTES", "BoundedHttptools"]

HEAD_BYTES: Final = 16 * 1024
"""A request's line and headers; h11's own bound is the same."""
_INVALID: Final = "Invalid HTTP request received."


class _InvalidRequest(Exception):
    """Raised in a callback of the parser, whose error it becomes: the answer is 400, and the connection ends."""


class BoundedHttptools(HttpToolsProtocol):
    """Subclassed for each server."""

    header_s: float
    waiting: Waiting
    _bounds: ConnectionBounds | None = None
    _head_bytes = 0
    """Of the line and headers that were parsed, and of the pieces in which they did not come to their end."""
    _is_in_head = False
    _is_in_body = False

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        assert self.parser is not None  # until the connection is lost
        self.parser.set_dangerous_leniencies(lenient_chunked_length=True)  # refused below, in words

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._bounds = ConnectionBounds(
            self, transport, waiting=self.waiting, header_s=self.header_s, count=len(self.connections)
        )

    def data_received(self, data: bytes) -> None:
        had_unread_body, was_in_head = self.has_unread_body(), self._is_in_head
        super().data_received(data)
        if was_in_head and self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES:
                self.send_400_response(_INVALID)
        if self._bounds is not None:
            self._bounds.received(had_unread_body=had_unread_body)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._bounds is not None:
            self._bounds.answered()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._bounds is not None:
            self._bounds.lost()
        super().connection_lost(exc)

    # -- what the bounds ask

    def is_between(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return not cycle or cycle.response_complete

    def has_unread_body(self) -> bool:
        return self._is_in_body and self.is_between()

    def has_part_of_next(self) -> bool:
        return self._is_in_head

    # -- the parser's callbacks

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._is_in_body, self._head_bytes = True, False, 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)  # colon, space and end of line
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        assert self.parser is not None
        hosts = sum(name == b"host" for name, _ in self.headers)
        least = 1 if self.parser.get_http_version() == "1.1" else 0
        is_path = self.url.startswith(b"/") and b"#" not in self.url
        if not least <= hosts <= 1 or not (is_path or self.url == b"*") or self._has_two_lengths():
            raise _InvalidRequest
        self._is_in_head, self._is_in_body = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._is_in_body = False
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._is_in_head and self._has_two_lengths():  # as the dispatcher says it, to which h11 leaves this
            answer_and_close(self.transport, Problem("length"), "Bad Request")
        else:
            super().send_400_response(msg)

    def _has_two_lengths(self) -> bool:
        return {b"content-length", b"transfer-encoding"} <= {name for name, _ in self.headers}

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES:
            raise _InvalidRequest

    def _unsupported_upgrade_warning(self) -> None:
        """No line of the log for it: anybody may ask for another protocol as often as they like."""
