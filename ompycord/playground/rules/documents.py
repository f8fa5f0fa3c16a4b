"""Discord objects as JSON documents; keys that begin with an underscore are private to the playground."""

import json
import math
from typing import Any, Final, cast

EXACT: Final = 1 << 53
"""Up to here a number of two kinds is the same number."""
Json = dict[str, Any]
"""One Discord object. Its shape belongs to Discord's OpenAPI description, against which the tests hold every answer."""


def encode(value: object) -> bytes:
    """The value as compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def parse(raw: bytes | str) -> Any:
    """The JSON value in `raw`. Raises ValueError, and RecursionError for what nests too deep.

    Whole numbers may be written as 5.0, as by clients whose language has one kind of number; Discord takes them too.
    """
    return json.loads(raw, parse_float=_number, parse_constant=_refuse_constant)


def _number(text: str) -> int | float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return int(value) if value.is_integer() and abs(value) <= EXACT else value


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def decode_object(raw: bytes | str) -> Json | None:
    """The JSON object in `raw`, or None where it is no object or no JSON."""
    try:
        return as_object(parse(raw))
    except (ValueError, RecursionError):
        return None


def as_object(value: object) -> Json | None:
    """The value itself if it is a JSON object, else None."""
    return cast("Json", value) if isinstance(value, dict) else None


def as_objects(value: object) -> list[Json]:
    """The objects in a JSON array; anything else in it is left out, and anything else than an array is empty."""
    return [item for item in cast("list[Any]", value) if isinstance(item, dict)] if isinstance(value, list) else []


def as_list(value: object) -> list[Any]:
    """The value if it is a JSON array, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def public(document: Json) -> Json:
    """A copy without the private keys, which Discord's API never shows."""
    return {key: value for key, value in document.items() if not key.startswith("_")}
