"""A plan or a review out of what an agent said: the last JSON object in it, or sentences that say what is wrong.

Counterparts: `domain/reports/`, which has the shapes and compares them with a repository, and `dialects/prompts/`,
which asks for them.
"""

import re
from collections.abc import Iterator
from typing import Final, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ompycord.dialects.strict_json import JsonError, JsonValue, parse_json
from ompycord.text import cut

__all__ = ["read_report"]

R = TypeVar("R", bound=BaseModel)

_FENCE: Final = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*([A-Za-z0-9_+-]*)[ \t]*\n(.*?)^[ \t]*\1[ \t]*$", re.MULTILINE | re.DOTALL
)
_LONGEST: Final = 100_000
"""Characters that are looked at, the last ones."""
_MOST: Final = 20
_NONE: Final = "The answer holds no JSON object: the {what} is one JSON object in a block that begins with ```json."


def read_report(text: str, shape: type[R], what: str) -> R | tuple[str, ...]:
    """The report, or at most 20 sentences on what its author must correct. `what`: `plan`, `review`."""
    text = text[-_LONGEST:]
    source = _object(text)
    if source is None:
        return (_NONE.format(what=what),)
    try:
        value = parse_json(source)
    except JsonError as error:
        return (f"The JSON of the {what} cannot be read: {error}. Close every bracket and quote; write no comments.",)
    if not isinstance(value, dict):
        return (f"The {what} must be one JSON object, not {_kind(value)}.",)
    try:
        return shape.model_validate(_tupled(value))
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True)
        return tuple(cut(_fault(one, what), 600) for one in found[:_MOST])


def _object(text: str) -> str | None:
    """The last fenced block that holds an object, else what stands between the first { and the last }."""
    blocks = [match[3].strip() for match in _FENCE.finditer(f"{text}\n") if match[2].lower() in {"", "json", "jsonc"}]
    fenced = [block for block in blocks if block.startswith(("{", "["))]
    if fenced:
        return fenced[-1]
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        return None
    return text[start : end + 1] if end > start else text[start:]


def _tupled(value: JsonValue) -> object:
    """The value with tuples for lists, which is what the shapes hold."""
    if isinstance(value, list):
        return tuple(_tupled(one) for one in value)
    if isinstance(value, dict):
        return {name: _tupled(one) for name, one in value.items()}
    return value


_SENTENCES: Final = {
    "missing": "is missing",
    "extra_forbidden": "is no field of a {what}: leave it out",
    "string_too_short": "is empty",
    "string_too_long": "is longer than {max_length} characters",
    "too_short": "is empty: name at least {min_length}",
    "too_long": "has more than {max_length} entries: name the most important ones",
    "literal_error": "must be one of {expected}",
    "string_type": "must be a text, not {given}",
    "tuple_type": "must be a list, not {given}",
    "model_type": "must be an object, not {given}",
    "int_type": "must be a whole number, not {given}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
}
"""By pydantic's type of an error."""


def _fault(error: ErrorDetails, what: str) -> str:
    where = _where(error["loc"]) or f"the {what}"
    context = cast("dict[str, object]", error.get("ctx") or {})
    sentence = _SENTENCES.get(error["type"])
    if sentence is None:
        return f"{where}: {error['msg']}."
    return f"{where} {sentence.format(**context, what=what, given=_kind(error['input']))}."


def _where(loc: tuple[int | str, ...]) -> str:
    """`steps[2].title`."""
    return "".join(_parts(loc)).lstrip(".")


def _parts(loc: tuple[int | str, ...]) -> Iterator[str]:
    for part in loc:
        yield f"[{part}]" if isinstance(part, int) else f".{cut(part, 60)}"


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list() | tuple():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "something else"
