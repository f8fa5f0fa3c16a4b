"""A line of JSON from an agent as a typed value.

The rules are those of `text/strict_json.py`, which the webhook shares.
"""

from typing import cast

from ompycord.text.strict_json import NotJson, require_within_limits
from ompycord.text.strict_json import parse_json as parse

__all__ = ["JsonError", "JsonValue", "parse_json"]

JsonValue = dict[str, "JsonValue"] | list["JsonValue"] | str | int | float | bool | None


class JsonError(ValueError):
    """The text is no JSON that we take; the message names the rule, never the value."""


def parse_json(text: str) -> JsonValue:
    """The value. Raises JsonError for what is malformed or beyond a bound."""
    try:
        value = cast("JsonValue", parse(text.encode()))
        require_within_limits(value)
    except UnicodeEncodeError:
        raise JsonError("a lone surrogate") from None
    except NotJson as error:
        raise JsonError(str(error)) from None
    return value
