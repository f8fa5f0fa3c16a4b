"""Requests read by httptools (llhttp) under the bounds of `bounds.py`, and what that parser leaves to its users.

llhttp has no limit for a request's line and headers, nor for what stands behind its chunks; it takes a request without
a Host or with two, and lets the path of an absolute address pass for its own. Behind a request for another protocol it
reads nothing more. Source: docs/platform/uvicorn.md, *HTTP parsers*.
"""

from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ompycord.http.connections.bounds import BoundedProtocol, answer_and_close
from ompycord.http.problems import Problem

__all__ = ["HEAD_BYTES", "MOST_PIPELINED", "BoundedHttptools"]

HEAD_BYTES: Final = 16 * 1024
"""A request's line and headers, also those behind a chunked body; h11's own bound is the same."""
MOST_PIPELINED: Final = 32
"""Requests that wait behind the one that is answered: each is a hundred times as large as its bytes."""
_INVALID: Final = "Invalid HTTP request received."


class _InvalidRequest(Exception):
    """Raised in a callback of the parser, whose error it becomes: the answer is 400, and the connection ends."""


class BoundedHttptools(BoundedProtocol, HttpToolsProtocol):
    """Subclassed for each server."""

    _head_bytes = 0
    """Of the line and headers that were parsed."""
    _unparsed = 0
    """Bytes of whole pieces that came since anything of the request was parsed."""
    _is_in_head = False
    _is_in_body = False

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._begin_parser()

    def data_received(self, data: bytes) -> None:
        had_unread_body = self.has_unread_body()
        self._unset_keepalive_if_required()
        for at in range(0, len(data), HEAD_BYTES):
            if not self.transport.is_closing():
                self._feed(data[at : at + HEAD_BYTES])
        self.bounds_received(had_unread_body=had_unread_body)

    # -- what the bounds ask

    def has_unread_body(self) -> bool:
        return self._is_in_body and self.is_between()

    def has_part_of_next(self) -> bool:
        return self._is_in_head

    # -- the parser's callbacks

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._is_in_body, self._head_bytes, self._unparsed = True, False, 0, 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)  # colon, space and end of line
        if self._is_in_head:  # what stands behind a chunked body is no header
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        assert self.parser is not None  # until the connection is lost
        if not self._is_fit(self.parser.get_http_version()) or len(self.pipeline) >= MOST_PIPELINED:
            raise _InvalidRequest
        if self.parser.should_upgrade():
            return  # asked again without, below
        self._is_in_head, self._is_in_body = False, True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unparsed = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self._is_in_head:  # for another protocol
            return
        self._is_in_body, self._unparsed = False, 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if self._is_in_head and self._has_two_lengths():  # as the dispatcher says it, to which h11 leaves this
            answer_and_close(self.transport, Problem("length"), "Bad Request")
        else:
            super().send_400_response(msg)

    # -- one piece

    def _begin_parser(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        # Behind a request that ends the connection more may come, which is dropped; two lengths are refused in words.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True, lenient_chunked_length=True)

    def _feed(self, data: bytes) -> None:
        assert self.parser is not None  # until the connection is lost
        self._unparsed += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._feed(self._without_upgrade() + data[upgrade.args[0] :])
        except httptools.HttpParserError:
            self._refuse()
        else:
            if self._unparsed > HEAD_BYTES:
                self._refuse()

    def _without_upgrade(self) -> bytes:
        """The head of this request without the wish for another protocol, for a parser of its own: we have none.

        llhttp takes all that follows for the other protocol, the body too, which would be read as the next request.
        """
        assert self.parser is not None
        line = b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        rest = (name + b": " + value for name, value in self.headers if name != b"upgrade")
        self._begin_parser()
        return b"\r\n".join([line, *rest, b"", b""])

    def _refuse(self) -> None:
        self.logger.warning(_INVALID)
        self.send_400_response(_INVALID)

    def _is_fit(self, version: str) -> bool:
        hosts = sum(name == b"host" for name, _ in self.headers)
        least = 1 if version == "1.1" else 0
        is_path = self.url.startswith(b"/") and b"#" not in self.url
        encodings = [value.strip().lower() for name, value in self.headers if name == b"transfer-encoding"]
        return (
            version in {"1.0", "1.1"}
            and least <= hosts <= 1
            and (is_path or self.url == b"*")
            and encodings in ([], [b"chunked"])
            and self.parser.get_method() != b"CONNECT"
            and not self._has_two_lengths()
        )

    def _has_two_lengths(self) -> bool:
        return {b"content-length", b"transfer-encoding"} <= {name for name, _ in self.headers}

    def _count(self, size: int) -> None:
        self._head_bytes += size
        self._unparsed = 0
        if self._head_bytes > HEAD_BYTES:
            raise _InvalidRequest
