"""Changes text in an answer of a model, also where a stream has it in pieces. Pure.

A path or a word that one event begins and the next one ends is seen by joining what stands at the same place of events
of the same kind: the pieces of one text, or of the arguments of one tool. Where the joined text changes, the first
piece gets all of it and the others nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from pydantic_core import from_json, to_json

__all__ = ["events_of", "rewritten"]

_EVENT_END: Final = re.compile(r"(?<=\n\n)|(?<=\r\n\r\n)")
_DATA: Final = re.compile(r"^data: ?(.*?)\r?$", re.MULTILINE)
_PLACES: Final = ("index", "output_index", "content_index", "item_id")
"""What tells the pieces of one text from those of another."""
Change = Callable[[str], str]


def events_of(text: str) -> list[str]:
    """The events of a stream, each with the empty line that ends it; their sum is `text`."""
    return [one for one in _EVENT_END.split(text) if one]


def rewritten(parts: Sequence[str], change: Change) -> list[str]:
    """The parts of an answer with `change` made in every text; those without any are the same."""
    contents = [_content(part) for part in parts]
    texts_by_place: dict[tuple[str, ...], list[tuple[Any, Any]]] = {}
    for content in contents:
        if content is not None:
            _gather(content[1], (), (), texts_by_place)
    touched: set[int] = set()
    for places in texts_by_place.values():
        _change(places, change, touched)
    return [_put_back(part, content, change, touched) for part, content in zip(parts, contents, strict=True)]


def _change(places: Sequence[tuple[Any, Any]], change: Change, touched: set[int]) -> None:
    texts = [owner[key] for owner, key in places]
    if len(set(texts)) == 1:  # each says the same, such as the model's name: no pieces
        pieces = [change(texts[0])] * len(texts)
    else:
        joined = "".join(texts)
        changed = change(joined)
        if changed == joined:
            return
        pieces = [change(text) for text in texts]
        if "".join(pieces) != changed:  # it stood across two pieces
            pieces = [changed, *([""] * (len(places) - 1))]
    for (owner, key), piece in zip(places, pieces, strict=True):
        if owner[key] != piece:
            owner[key] = piece
            touched.add(id(owner))


def _content(part: str) -> "tuple[re.Match[str] | None, Any] | None":
    """Where the JSON of a part stands, and what it holds; None for a part without."""
    found = _DATA.search(part)
    raw = part if found is None else found[1]
    if not raw.lstrip().startswith(("{", "[")):
        return None
    try:
        return found, from_json(raw)
    except (ValueError, TypeError):  # TypeError: a byte of it is no UTF-8, such as where a character was cut
        return None


def _put_back(part: str, content: "tuple[re.Match[str] | None, Any] | None", change: Change, touched: set[int]) -> str:
    if content is None:
        return change(part)
    found, value = content
    if not _is_touched(value, touched):
        return part
    raw = to_json(value).decode()
    return raw if found is None else f"{part[: found.start(1)]}{raw}{part[found.end(1) :]}"


def _is_touched(value: Any, touched: set[int]) -> bool:
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return id(named) in touched or any(_is_touched(inner, touched) for inner in named.values())
    if isinstance(value, list):
        listed = cast("list[Any]", value)
        return id(listed) in touched or any(_is_touched(inner, touched) for inner in listed)
    return False


def _gather(
    value: Any,
    path: tuple[str, ...],
    places: tuple[str, ...],
    texts_by_place: dict[tuple[str, ...], list[tuple[Any, Any]]],
) -> None:
    """Put every text below `value` to the others of its place."""
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        kind = None if path else named.get("type")  # of the event: below it the first piece alone may have one
        here = (*places, *_places_of(named), *((kind,) if isinstance(kind, str) else ()))
        for key, inner in named.items():
            if isinstance(inner, str):
                texts_by_place.setdefault((*path, key, *here), []).append((named, key))
            else:
                _gather(inner, (*path, key), here, texts_by_place)
    elif isinstance(value, list):
        listed = cast("list[Any]", value)
        for at, inner in enumerate(listed):
            if isinstance(inner, str):
                texts_by_place.setdefault((*path, str(at), *places), []).append((listed, at))
            else:
                _gather(inner, path, (*places, str(at)), texts_by_place)


def _places_of(named: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{name}={named[name]}" for name in _PLACES if isinstance(named.get(name), int | str))
