"""Changes one value in the JSON of a request and leaves every other byte as it is. Pure.

Providers cache prompts by their bytes, so a request is never written again as a whole.
"""

import re
from collections.abc import Iterator
from typing import Final

from pydantic_core import from_json, to_json

__all__ = ["with_value"]

_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s"{}\[\]:,]+', re.DOTALL)
_OPEN, _CLOSE = (b"{", b"["), (b"}", b"]")


def with_value(body: bytes, path: tuple[str, ...], value: object) -> bytes:
    """`body`, an object of JSON, with `value` at this path; objects on the way that are missing are made.

    Of a name that is there twice the last one is changed, which is the one that counts.
    """
    name, *inner = path
    span = _span(body, name)
    if span is None:
        made = value
        for one in reversed(inner):
            made = {one: made}
        at = body.index(b"{") + 1
        comma = b"" if body[at:].lstrip().startswith(b"}") else b","
        return body[:at] + to_json(name) + b":" + to_json(made) + comma + body[at:]
    start, end = span
    found = body[start:end]
    if inner and found.startswith(b"{"):
        new = with_value(found, tuple(inner), value)
    else:
        made = value
        for one in reversed(inner):
            made = {one: made}
        new = to_json(made)
    return body[:start] + new + body[end:]


def _span(body: bytes, name: str) -> tuple[int, int] | None:
    """Where the value of this name stands, the last one there is."""
    found = None
    for key, start, end in _values(body):
        if from_json(key) == name:
            found = (start, end)
    return found


def _values(body: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Each name of the outer object, with where its value stands."""
    depth, key, start, end = 0, b"", -1, -1
    is_name = True
    for token in _TOKEN.finditer(body):
        word = token[0]
        if depth == 1 and word in {b",", b"}"}:
            if start >= 0:
                yield key, start, end
            start, is_name = -1, True
        elif depth == 1 and word == b":" and start < 0:
            is_name = False
        elif depth == 1 and is_name and word.startswith(b'"'):
            key = word
        elif depth >= 1 and not is_name:
            start = token.start() if start < 0 else start
            end = token.end()
        depth += (word in _OPEN) - (word in _CLOSE)
