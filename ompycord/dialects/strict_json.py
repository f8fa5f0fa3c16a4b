r"""JSON from strangers within CONTRACTS' bounds (*Ingestion in two stages*); its users are the dialects beside it.

Python's parser lets through duplicate keys, NaN, 1e999, `\u0000`, lone surrogates and any size of number.
"""

import json
import math
from typing import Final

from ompycord.text.limits import JSON_DEPTH, JSON_INTEGER, JSON_KEY, JSON_NODES, JSON_STRING

__all__ = ["JsonError", "JsonValue", "parse_json"]

JsonValue = dict[str, "JsonValue"] | list["JsonValue"] | str | int | float | bool | None

_DIGITS: Final = len(str(JSON_INTEGER)) + 1  # with a sign


class JsonError(ValueError):
    """The text is no JSON that we take; the message names the rule, never the value."""


def parse_json(text: str) -> JsonValue:
    """The value. Raises JsonError for what is malformed or beyond a bound."""
    try:
        value: JsonValue = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_integer,
        )
    except JsonError:
        raise
    except (ValueError, RecursionError) as error:
        raise JsonError("not well-formed JSON") from error
    _bound(value)
    return value


def _object(pairs: list[tuple[str, JsonValue]]) -> JsonValue:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise JsonError("a key appears twice in one object")
    if any(len(key) > JSON_KEY for key in value):
        raise JsonError(f"a key is longer than {JSON_KEY} characters")
    return value


def _no_constant(_: str) -> JsonValue:
    raise JsonError("NaN and Infinity are no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise JsonError("a number is too large")
    return number


def _integer(digits: str) -> int:
    if len(digits) > _DIGITS or abs(int(digits)) > JSON_INTEGER:
        raise JsonError("an integer is beyond ±2^53")
    return int(digits)


def _bound(value: JsonValue) -> None:
    """Depth, number of values, strings; without recursion."""
    nodes = 0
    waiting: list[tuple[JsonValue, int]] = [(value, 1)]
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        if nodes > JSON_NODES:
            raise JsonError(f"more than {JSON_NODES} values")
        if isinstance(node, str):
            _bound_string(node)
        elif isinstance(node, dict | list):
            if depth > JSON_DEPTH:
                raise JsonError(f"nested deeper than {JSON_DEPTH}")
            if isinstance(node, dict):
                for key in node:
                    _bound_string(key)
            children = node.values() if isinstance(node, dict) else node
            waiting.extend((child, depth + 1) for child in children)


def _bound_string(text: str) -> None:
    if len(text) > JSON_STRING:
        raise JsonError(f"a string is longer than {JSON_STRING} characters")
    if "\0" in text:
        raise JsonError("a string holds U+0000")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise JsonError("a string holds half a surrogate pair") from error
