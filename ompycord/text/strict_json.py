r"""JSON from untrusted senders, as strict as docs/contracts/ingestion.md, *JSON*. Pure.

The webhook and the dialects use it. pydantic's parser, the strictest that was tried, still accepts 1e999, repeated keys
and `\u0000`, so the standard library's is used with hooks that refuse, and its result is walked once.
"""

import json
import math
import re
from typing import Any, NoReturn, cast

__all__ = ["NotJson", "has_plain_texts", "is_within_limits", "parse_json", "require_within_limits"]

DEPTH = 16
NODES = 2000
STRING = 32 * 1024
KEY = 128
HIGHEST = 2**53
DIGITS = 17
"""More than 2^53 has; longer literals are refused unread."""
SURELY_LOW = 15
"""Characters of a literal that cannot be beyond 2^53, which has sixteen digits."""

_BAD_TEXT = re.compile("[\0\ud800-\udfff]")


class NotJson(ValueError):
    """The text is not JSON that we accept; the message has the rule, never the value."""


def parse_json(raw: bytes) -> Any:
    """The value of a UTF-8 JSON text, without any limit on its shape. Raises NotJson."""
    try:
        return _DECODER.decode(raw.decode())
    except UnicodeDecodeError:
        raise NotJson("not UTF-8") from None
    except RecursionError:
        raise NotJson("too deep") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON at character {error.pos}") from None


def has_plain_texts(raw: bytes) -> bool:
    """Whether no text in this JSON can be too long or unshowable; true for most, and cheaper than checking each."""
    return len(raw) <= STRING and raw.isascii() and b"\\u" not in raw


def is_within_limits(raw: bytes) -> bool:
    """Whether the value of this JSON, which `parse_json` took, needs no `require_within_limits`: true for most events.

    A text of so few bytes holds no more values, and one with so few brackets is no deeper.
    """
    return len(raw) <= NODES and raw.count(b"{") + raw.count(b"[") <= DEPTH and has_plain_texts(raw)


def require_within_limits(value: Any, *, is_plain: bool = False, most: int = NODES, longest: int = STRING) -> None:
    """Checks depth, number of values, lengths, and that every text can be shown. Raises NotJson.

    With `is_plain` only keys are measured: all other texts are known to be harmless (`has_plain_texts`). `most` is the
    limit of values and `longest` that of characters in a text.
    """
    nodes = 0
    level: list[Any] = [value]
    for _ in range(DEPTH + 1):
        children: list[Any] = []
        nodes += len(level)
        if nodes > most:
            raise NotJson(f"more than {most:,} values")
        for node in level:
            if isinstance(node, str):
                if not is_plain:
                    _require_text(node, longest)
            elif isinstance(node, dict):
                entries = cast("dict[str, Any]", node)
                for key in entries:
                    if not is_plain or len(key) > KEY:
                        _require_text(key, KEY)
                children.extend(entries.values())
            elif isinstance(node, list):
                children.extend(cast("list[Any]", node))
        if not children:
            return
        level = children
    raise NotJson("deeper than 16 levels")


def _require_text(text: str, longest: int) -> None:
    if len(text) > longest:
        raise NotJson(f"a text or key is longer than {longest} characters")
    if (not text.isascii() or "\0" in text) and _BAD_TEXT.search(text):
        raise NotJson("a NUL character or a lone surrogate")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise NotJson("a key is repeated")
    for key in result:
        if len(key) > KEY:
            raise NotJson(f"a text or key is longer than {KEY} characters")
    return result


def _integer(text: str) -> int:
    if len(text) <= SURELY_LOW:
        return int(text)
    number = int(text) if len(text) <= DIGITS else HIGHEST + 1
    if abs(number) > HIGHEST:
        raise NotJson("an integer beyond 2^53")
    return number


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise NotJson("a number beyond the range of floats")
    return number


def _constant(text: str) -> NoReturn:
    raise NotJson("NaN or an infinity")


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_integer, parse_float=_float, parse_constant=_constant)
