"""Takes the one event out of a stream of chat completions that we asked for and the agent did not: its usage. Pure."""

import re
from typing import Any, Final, cast

from pydantic_core import from_json

__all__ = ["UsageFilter"]

_BLANK: Final = re.compile(rb"(?:\r\n|\n|\r)(?:\r\n|\n|\r)")
_DATA: Final = b"data:"


class UsageFilter:
    """Gives every byte back but those of the event with usage and without choices."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> bytes:
        """The bytes of the events that are whole by now."""
        whole = self._rest + chunk
        kept: list[bytes] = []
        start = 0
        for end in _BLANK.finditer(whole):
            if end.end() == len(whole) and whole.endswith(b"\r"):
                break  # its line feed may be still to come
            event = whole[start : end.end()]
            if not _is_usage(event):
                kept.append(event)
            start = end.end()
        self._rest = whole[start:]
        return b"".join(kept)

    def finish(self) -> bytes:
        """What is left at the end of the stream."""
        rest, self._rest = self._rest, b""
        return b"" if _is_usage(rest) else rest


def _is_usage(event: bytes) -> bool:
    lines = event.splitlines()
    data = b"\n".join(line[len(_DATA) :].removeprefix(b" ") for line in lines if line.startswith(_DATA))
    if b'"usage"' not in data:
        return False
    try:
        content: Any = from_json(data)
    except ValueError:
        return False
    if not isinstance(content, dict):
        return False
    found = cast("dict[str, Any]", content)
    return found.get("choices") == [] and isinstance(found.get("usage"), dict)
