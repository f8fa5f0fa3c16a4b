"""A request without what differs from one run to the next by itself: ids, times, paths of the run. Pure.

Two requests with one normal form ask the same.
"""

import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final, cast

from pydantic_core import from_json, to_json

from ompycord.domain.guardian.masks import mask_result

__all__ = ["normal_form", "shape_of"]

_ID: Final = re.compile(
    r"\b[0-9A-HJKMNP-TV-Z]{26}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\bompr_\w+", re.IGNORECASE
)
_DATE: Final = re.compile(
    r"\b\d{4}-\d\d-\d\d\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b"
    r"|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [A-Z][a-z]+ \d{1,2},? \d{4}\b"
)
_OWN: Final = frozenset({"metadata", "prompt_cache_key", "safety_identifier", "session_id", "user", "client_metadata"})
"""Names for who asks, which agents make at random."""


def normal_form(body: str, names: Mapping[str, str]) -> str:
    """A hash of it. `names` are texts of this one run, such as its folder, and what stands for each."""
    try:
        content = from_json(body)
    except ValueError:
        content = body
    return sha256(to_json(_normal(content, names))).hexdigest()


def shape_of(body: str) -> str:
    """What a request is for, roughly: an agent at work names its tools, a look for a title does not."""
    try:
        content = from_json(body)
    except ValueError:
        return ""
    tools = cast("dict[str, Any]", content).get("tools") if isinstance(content, dict) else None
    return " ".join(sorted(_names(tools)))


def _names(tools: Any) -> Sequence[str]:
    if isinstance(tools, dict):
        named = cast("dict[str, Any]", tools)
        own = [named["name"]] if isinstance(named.get("name"), str) else []
        return [*own, *(name for inner in named.values() if isinstance(inner, list | dict) for name in _names(inner))]
    if isinstance(tools, list):
        return [name for inner in cast("list[Any]", tools) for name in _names(inner)]
    return []


def _normal(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for text, stands in names.items():
            value = value.replace(text, stands)
        return mask_result(_DATE.sub("<date>", _ID.sub("<id>", value)))
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return {name: _normal(named[name], names) for name in sorted(named) if name not in _OWN}
    if isinstance(value, list):
        return [_normal(inner, names) for inner in cast("list[Any]", value)]
    return value
