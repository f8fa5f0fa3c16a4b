"""Changes one value in the JSON of a request and leaves every other byte as it is; reads a large one without its texts.

Providers cache prompts by their bytes, so a request is never written again as a whole. A picture in it is one text of
many megabytes: it is passed over by its quotes, which costs as much as a look for one byte. Pure.
"""

import re
from collections.abc import Iterator
from typing import Final

from pydantic_core import from_json, to_json

__all__ = ["with_value", "without_long_texts"]

_MARK: Final = re.compile(rb'["{}\[\]:,]|[^\s"{}\[\]:,]+')
_OPEN, _CLOSE = frozenset(b"{["), frozenset(b"}]")
_QUOTE, _BACKSLASH, _COLON, _COMMA = b'"\\:,'
_ENDS: Final = frozenset(b",}")
LONG_TEXT: Final = 4096
"""Bytes of a text from which nothing that is read of a request can be: names, numbers, kinds of tools."""


def with_value(body: bytes, path: tuple[str, ...], value: object) -> bytes:
    """`body`, an object of JSON, with `value` at this path; objects on the way that are missing are made.

    Of a name that is there twice the last one is changed, which is the one that counts.
    """
    name, *inner = path
    span = _span(body, name)
    view = memoryview(body)
    if span is None:
        at = body.index(b"{") + 1
        first = _MARK.search(body, at)
        comma = b"" if first is not None and first[0] == b"}" else b","
        return b"".join((view[:at], to_json(name), b":", to_json(_made(inner, value)), comma, view[at:]))
    start, end = span
    found = body[start:end] if inner else b""
    new = with_value(found, tuple(inner), value) if found.startswith(b"{") else to_json(_made(inner, value))
    return b"".join((view[:start], new, view[end:]))


def without_long_texts(body: bytes) -> bytes:
    """The same JSON with every text emptied that is longer than `LONG_TEXT`."""
    parts: list[bytes] = []
    kept = at = 0
    while (start := body.find(b'"', at)) >= 0:
        at = _text_end(body, start)
        if at - start > LONG_TEXT:
            parts.append(body[kept : start + 1])
            kept = at - 1
    parts.append(body[kept:])
    return b"".join(parts)


def _made(path: list[str], value: object) -> object:
    for one in reversed(path):
        value = {one: value}
    return value


def _text_end(body: bytes, start: int) -> int:
    """Behind the quote that ends the text which begins at `start`; the end of `body` where none does."""
    at = start + 1
    while (quote := body.find(b'"', at)) >= 0:
        before = quote
        while body[before - 1] == _BACKSLASH:
            before -= 1
        if (quote - before) % 2 == 0:
            return quote + 1
        at = quote + 1
    return len(body)


def _span(body: bytes, name: str) -> tuple[int, int] | None:
    """Where the value of this name stands, the last one there is."""
    found = None
    for key, start, end in _values(body):
        if from_json(key) == name:
            found = (start, end)
    return found


def _words(body: bytes) -> Iterator[tuple[int, int, int]]:
    """The first byte of each word of the JSON, and where the word stands; a text is one word."""
    at = 0
    while (mark := _MARK.search(body, at)) is not None:
        start, at = mark.span()
        first = body[start]
        if first == _QUOTE:
            at = _text_end(body, start)
        yield first, start, at


def _values(body: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each name of the outer object, with where its value stands."""
    depth, key, start, end = 0, b"", -1, -1
    is_name = True
    for first, begins, ends in _words(body):
        if depth == 1 and first in _ENDS:
            if start >= 0:
                yield key, start, end
            start, is_name = -1, True
        elif depth == 1 and first == _COLON and start < 0:
            is_name = False
        elif depth == 1 and is_name and first == _QUOTE:
            key = body[begins:ends]
        elif depth >= 1 and not is_name:
            start = begins if start < 0 else start
            end = ends
        depth += (first in _OPEN) - (first in _CLOSE)
