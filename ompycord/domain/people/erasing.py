"""How a person is taken out of what is kept: their id becomes a pseudonym, their name *someone*, their words go; pure.

Counterpart: `store/features/team/person.py`, which does it to every table.
"""

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast

import regex

__all__ = ["ERASED_WORDS", "SOMEONE", "Scrub", "is_pseudonym", "pseudonym_of"]

ERASED_WORDS: Final = "(erased)"
"""What stands where their words were."""
SOMEONE: Final = "someone"
"""What stands where their name was."""
SHORTEST_NAME: Final = 3
"""Characters of a name that is looked for in texts; a shorter one is in too many words."""
_PREFIX: Final = "erased-"
_DIGITS: Final = 16
_OWN_WORDS: Final = frozenset(
    {"text", "answer", "reason", "words", "prompt", "done_when", "title", "change", "message", "note", "action"}
)
"""Fields of events, tasks and decisions that hold what a person wrote."""
_NAMES: Final = frozenset({"by", "by_name", "requester_name", "author_name", "person_name"})


def pseudonym_of(key: bytes, person: str) -> str:
    """What stands for a person who was erased: the same each time, and worth nothing without the key."""
    return _PREFIX + hmac.new(key, f"ompycord person {person}".encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def is_pseudonym(text: str | None) -> bool:
    """Whether this stands for a person who was erased."""
    return text is not None and text.startswith(_PREFIX) and len(text) == len(_PREFIX) + _DIGITS


@dataclass(frozen=True)
class Scrub:
    """Takes one person out of texts and JSON."""

    person: str
    """Their Discord id."""
    names: Collection[str]
    """The names under which they were stored."""
    pseudonym: str

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """Texts of which one is in everything that names them."""
        return (self.person, *self._names)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(sorted((name for name in self.names if len(name) >= SHORTEST_NAME), key=len, reverse=True))

    @cached_property
    def _pattern(self) -> "regex.Pattern[str]":
        names = "|".join(regex.escape(name) for name in self._names)
        named = rf"|@?(?<!\w)(?P<name>{names})(?!\w)" if names else ""
        return regex.compile(rf"<@!?{self.person}>|(?<!\d)(?P<id>{self.person})(?!\d){named}")

    def text(self, text: str) -> str:
        """A text of somebody else, or of ours, that may name them."""

        def other(found: "regex.Match[str]") -> str:
            return self.pseudonym if found["id"] is not None else SOMEONE

        return self._pattern.sub(other, text)

    def value(self, value: Any, *, is_theirs: bool = False) -> Any:
        """The same of JSON. `is_theirs`: they wrote it, so their words go whole."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            known = cast("Mapping[str, Any]", value)
            return {self.text(name): self._field(name, one, is_theirs) for name, one in known.items()}
        if isinstance(value, list):
            items = cast("list[Any]", value)
            return [self.value(one, is_theirs=is_theirs) for one in items]
        return value

    def _field(self, name: str, value: Any, is_theirs: bool) -> Any:
        if name in _NAMES and isinstance(value, str):
            return SOMEONE if value in self.names else self.text(value)
        if is_theirs and name in _OWN_WORDS and isinstance(value, str) and value:
            return ERASED_WORDS
        return self.value(value, is_theirs=is_theirs)

    def wrote(self, body: Mapping[str, Any]) -> bool:
        """Whether an event, a task or a decision is theirs: by id where it has one, else by name."""
        for name in ("person", "requester"):
            if isinstance(body.get(name), str):
                return bool(body[name] == self.person)
        inner = body.get("origin", body.get("task"))
        if isinstance(inner, Mapping):
            return self.wrote(cast("Mapping[str, Any]", inner))
        return body.get("by") in self.names and bool(self.names)

    def json(self, text: str, *, is_theirs: bool | None = None) -> str:
        """A stored JSON text, or a plain text where it is none."""
        try:
            value = json.loads(text)
        except ValueError:
            return self.text(text)
        if not isinstance(value, dict | list):
            return self.text(text)
        theirs = bool(is_theirs)
        if is_theirs is None and isinstance(value, dict):
            theirs = self.wrote(cast("dict[str, Any]", value))
        done = self.value(cast("Any", value), is_theirs=theirs)
        return text if done == value else json.dumps(done, ensure_ascii=False, separators=(",", ":"))
