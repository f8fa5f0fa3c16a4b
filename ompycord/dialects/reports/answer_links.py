"""The places that an answer names as `path:line`, each opened in the tree of its commit; pure.

What leads nowhere is struck where it is shown: a path that the commit does not have, a line beyond its end, a path
out of the repository. A host with a port and a time of day are no places.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from ompycord.domain.events import AnswerLink
from ompycord.domain.reports.plan_faults import path_fault

__all__ = ["NamedPlace", "named_places", "opened_links"]

_PLACE: Final = re.compile(
    r"(?<![\w/.:@~-])(?P<path>(?:\.{0,2}/)?(?:[\w.@+-]+/)*[\w.@+-]*[\w@+-])"
    r"(?::|#L)(?P<line>\d{1,9})(?:(?:-L?|–)(?P<last>\d{1,9}))?(?![\w:]|\.\d)"
)
_HOSTS: Final = frozenset({"com", "org", "net", "io", "dev", "local", "localhost", "internal", "test", "example"})
_ADDRESS: Final = re.compile(r"^\d{1,3}(?:\.\d{1,3}){3}$")
_MOST: Final = 200


class NamedPlace(NamedTuple):
    """A place in a text: where it stands there, and what it names."""

    start: int
    end: int
    path: str
    line: int
    last: int | None


def named_places(text: str, paths: Collection[str]) -> tuple[NamedPlace, ...]:
    """The first 200 places that a text names; `paths` are those that the commit has."""
    return tuple(_places(text, paths))[:_MOST]


def _places(text: str, paths: Collection[str]) -> Iterator[NamedPlace]:
    for match in _PLACE.finditer(text):
        path = match["path"].removeprefix("./")
        if path in paths or _is_like_path(path):
            last = int(match["last"]) if match["last"] else None
            yield NamedPlace(match.start(), match.end(), path, int(match["line"]), last)


def _is_like_path(path: str) -> bool:
    """Whether it must be meant as a path, although the commit has no such file."""
    if "/" in path:
        return True
    name, dot, suffix = path.rpartition(".")
    if not dot or _ADDRESS.match(path) or suffix.lower() in _HOSTS:
        return False
    return not suffix.isdigit() and bool(name or suffix)


def opened_links(text: str, places: Collection[NamedPlace], lines: Mapping[str, int | None]) -> tuple[AnswerLink, ...]:
    """Every place, with why it leads nowhere where it does. `lines` are the commit's files; None: not text."""
    links: list[AnswerLink] = []
    for place in places:
        start, end = _with_quotes(text, place)
        path, fault = place.path[:400], _fault(place, lines)
        links.append(AnswerLink(start=start, end=end, path=path, line=place.line, last=place.last, fault=fault))
    return tuple(links)


def _with_quotes(text: str, place: NamedPlace) -> tuple[int, int]:
    """Where it stands with the backticks around it: what is struck inside of them would show its marks."""
    start, end = place.start, place.end
    while start > 0 and end < len(text) and text[start - 1] == "`" == text[end]:
        start, end = start - 1, end + 1
    return start, end


def _fault(place: NamedPlace, lines: Mapping[str, int | None]) -> str | None:
    if place.path.startswith("/") or ".." in place.path.split("/"):
        return "it leads out of the repository"
    if place.path not in lines:
        return "that commit has no such file" if path_fault(place.path) is None else "it is no path of a file"
    most = lines[place.path]
    if most is None:
        return "that file has no lines"
    if place.line < 1 or max(place.line, place.last or 0) > most:
        return f"that file has {most} line{'' if most == 1 else 's'}"
    if place.last is not None and place.last < place.line:
        return "its last line comes before its first"
    return None
