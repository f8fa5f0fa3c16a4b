"""Foreign JSON of any shape, read without trust: every reader returns something for every value.

Used by the agents' dialects. Its strict counterpart is `strict_json.py`: an agent's own frames are far larger than what
unknown clients may post.
"""

import hashlib
import json
import math
import re
from typing import Final

from ompycord.dialects.strict_json import JsonValue
from ompycord.text import clean, cut

__all__ = [
    "Frame",
    "boolean",
    "count",
    "dig",
    "found",
    "later",
    "listed",
    "money",
    "named",
    "objects",
    "one_line",
    "parse_frame",
    "prose",
    "ref",
    "string",
    "write_frame",
]

Frame = dict[str, JsonValue]

LINE: Final = 500
NAME: Final = 128
TEXT: Final = 32_768
"""What `domain/base.py` takes as Line, Name and Text."""
_COUNT: Final = 2**53
_USD: Final = 1e6
_REF: Final = 120
"""Characters of the name of a request (`domain/events/fields.py`)."""
_HASH: Final = 32
_BEFORE: Final = re.compile(r"(?:\ufeff|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\s)+")
_NOT_IN_REF: Final = re.compile(r"[^A-Za-z0-9._:-]")


def parse_frame(text: str) -> Frame | None:
    """The object in `text`; None for everything else.

    Programs write a byte-order mark, a title for their terminal or colours before it: that is left out.
    """
    if not text.startswith("{") and (before := _BEFORE.match(text)):
        text = text[before.end() :]
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def write_frame(frame: Frame) -> bytes:
    """The line to send; half surrogates, which no UTF-8 can hold, are escaped."""
    return json.dumps(frame, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"


def dig(value: JsonValue, *path: str | int) -> JsonValue:
    """What lies at `path` below `value`, or None where the path leads nowhere."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def string(value: JsonValue, *path: str | int) -> str:
    """The string there, or an empty one."""
    there = dig(value, *path)
    return there if isinstance(there, str) else ""


def listed(value: JsonValue, *path: str | int) -> list[JsonValue]:
    """The list there, or an empty one."""
    there = dig(value, *path)
    return there if isinstance(there, list) else []


def objects(value: JsonValue, *path: str | int) -> list[Frame]:
    """The objects in the list there; other things in it are left out."""
    return [one for one in listed(value, *path) if isinstance(one, dict)]


def found(value: JsonValue, *path: str | int) -> dict[str, JsonValue]:
    """The object there, or an empty one."""
    there = dig(value, *path)
    return there if isinstance(there, dict) else {}


def boolean(value: JsonValue, *path: str | int) -> bool:
    """True only where true stands there."""
    return dig(value, *path) is True


def count(value: JsonValue, *path: str | int) -> int:
    """The number there as a count: whole, from 0 to 2^53, 0 for everything else."""
    number = _number(dig(value, *path))
    return 0 if number is None else min(max(int(number), 0), _COUNT)


def money(value: JsonValue, *path: str | int) -> float | None:
    """The amount there in US dollars; None where none stands there."""
    number = _number(dig(value, *path))
    return None if number is None or number < 0 else float(min(number, _USD))


def _number(value: JsonValue) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if isinstance(value, int) or math.isfinite(value) else None


def later(now_ms: int, delay_ms: int) -> int:
    """`now_ms` and a delay, within what an event's time can be."""
    return min(now_ms + delay_ms, _COUNT)


def one_line(text: str, limit: int = LINE) -> str:
    """`text` as one clean line of at most `limit` characters."""
    return cut(" ".join(clean(text[: 4 * limit]).split()), limit)


def named(text: str) -> str | None:
    """A name of 1 to 128 characters, or None."""
    return one_line(text, NAME) or None


def prose(text: str, limit: int = TEXT) -> str:
    """Clean text of at most `limit` characters, its lines kept."""
    return cut(clean(text[: 2 * limit]), limit).strip("\n")


def ref(*parts: str) -> str:
    """A reference that others may name: 1 to 120 characters of a small alphabet.

    Agents give their requests ids of any length: of a longer one the end is a hash of the whole, so that two stay two.
    """
    whole = ":".join(filter(None, parts))
    text = _NOT_IN_REF.sub("_", whole)
    if len(text) > _REF:
        digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
        return f"{text[: _REF - _HASH - 1]}-{digest}"
    return text or "_"
