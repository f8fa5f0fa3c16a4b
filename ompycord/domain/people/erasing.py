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
_PROSE: Final = _OWN_WORDS - {"action", "change"}
"""Fields in which a single word is prose, too."""
_NAMES: Final = frozenset(
    {"by", "by_name", "requester_name", "author_name", "person_name", "owner_name", "who", "pause_by", "approved_by"}
    | {"accepted_by", "ready_by", "revoked_by", "decided_by"}
)
_NO_NAMES: Final = frozenset({"gateway", "key", "login", "agent"})
"""What stands in such a field and is no person: by whom models are asked."""


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
        """Texts of which one is in everything that names them; names as JSON writes them, too."""
        escaped = (json.dumps(name, ensure_ascii=is_ascii)[1:-1] for name in self._names for is_ascii in (True, False))
        return tuple(dict.fromkeys((self.person, *self._names, *escaped)))

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

    def _word(self, text: str) -> str:
        """A text that may be a word of ours, such as a state, an agent or a path: a name in it is none without `@`."""
        if any(map(str.isspace, text)) or text.startswith(("@", "<@")):
            return self.text(text)
        return self._id.sub(self.pseudonym, text)

    @cached_property
    def _id(self) -> "regex.Pattern[str]":
        return regex.compile(rf"(?<!\d){self.person}(?!\d)")

    def value(self, value: Any, *, is_theirs: bool = False) -> Any:
        """The same of JSON. `is_theirs`: they wrote it, so their words go whole."""
        if isinstance(value, str):
            return self._word(value)
        if isinstance(value, Mapping):
            known = cast("Mapping[str, Any]", value)
            is_named = known.get("person") == self.person
            return {
                self._word(name): SOMEONE if is_named and name == "name" else self.field(name, one, is_theirs=is_theirs)
                for name, one in known.items()
            }
        if isinstance(value, list):
            items = cast("list[Any]", value)
            return [self.value(one, is_theirs=is_theirs) for one in items]
        return value

    def field(self, name: str, value: Any, *, is_theirs: bool = False) -> Any:
        """The same of what stands under a name, in JSON or in a column."""
        if isinstance(value, list):
            return [self.field(name, one, is_theirs=is_theirs) for one in cast("list[Any]", value)]
        if not isinstance(value, str):
            return self.value(value, is_theirs=is_theirs)
        if name in _NAMES and value in self.names and value not in _NO_NAMES:
            return SOMEONE
        if is_theirs and name in _OWN_WORDS and value:
            return ERASED_WORDS
        return self.text(value) if name in _PROSE else self._word(value)

    def wrote(self, body: Mapping[str, Any]) -> bool:
        """Whether an event, a task or a decision is theirs: by id where it has one, else by name."""
        for name in ("person", "requester"):
            if isinstance(body.get(name), str):
                return bool(body[name] == self.person)
        inner = body.get("origin", body.get("task"))
        if isinstance(inner, Mapping):
            return self.wrote(cast("Mapping[str, Any]", inner))
        return body.get("by") in self.names and bool(self.names)

    def json(self, text: str, *, column: str = "", is_theirs: bool | None = None) -> str:
        """A stored JSON text, or a plain text where it is none."""
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if not isinstance(value, dict | list):
            return cast("str", self.field(column, text))
        theirs = bool(is_theirs)
        if is_theirs is None and isinstance(value, dict):
            theirs = self.wrote(cast("dict[str, Any]", value))
        done = self.value(cast("Any", value), is_theirs=theirs)
        return text if done == value else json.dumps(done, ensure_ascii=False, separators=(",", ":"))
