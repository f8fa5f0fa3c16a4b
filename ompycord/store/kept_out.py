"""Values that are in no row: secrets that people gave a run's agent, which may print what it has.

Other secrets are taken out where texts leave (docs/decisions/050-one-set-of-secrets.md). Here they are taken out of
all that agents report before it is stored: of events, and of a run's sentence about itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ValidationError

from ompycord.domain.events import EffectFinished, EventBody, Note, Opaque, dump_data
from ompycord.domain.records import Commit, NewEvent, Post, Transition
from ompycord.text.known_values import KnownValues
from ompycord.text.redact import REDACTED

__all__ = ["KeptOut"]

M = TypeVar("M", bound=BaseModel)


class KeptOut:
    """One for a store. While it knows no value it hands everything back as it is."""

    def __init__(self) -> None:
        self._known = KnownValues()

    def add(self, values: Iterable[str | bytes]) -> None:
        """Keep these out from now on."""
        self._known.add(("", value) for value in values)

    def bodies(self, bodies: Sequence[EventBody]) -> Sequence[EventBody]:
        """These events without the values."""
        return [self._event(body) for body in bodies] if self._known else bodies

    def posts(self, posts: Sequence[Post]) -> Sequence[Post]:
        """These posts without them."""
        return [post.with_body(self._event(post.body)) for post in posts] if self._known else posts

    def commit(self, commit: Commit) -> Commit:
        """The same commit without them."""
        if not self._known:
            return commit
        return replace(commit, writes=tuple(self._write(one) for one in commit.writes))

    def _write(self, write: Any) -> Any:  # a record of any kind
        if isinstance(write, NewEvent):
            body = self._event(write.body)
            return write if body is write.body else replace(write, body=body)
        if isinstance(write, Transition):
            message, verdict = write.machine.message, write.machine.verdict
            clean = {"message": message and self._text(message), "verdict": verdict and self._text(verdict)}
            return write.model_copy(update={"machine": write.machine.model_copy(update=clean)})
        return write

    def _event(self, body: EventBody) -> EventBody:
        """The body without them; where it is none any more without them, a remark that it was left out."""
        data = dump_data(body)
        clean = self._without(data)
        if clean == data:
            return body
        if isinstance(body, Opaque):
            return Opaque(type=body.type, data=clean)
        try:
            return type(body).model_validate(clean)
        except ValidationError:
            if isinstance(body, EffectFinished):  # what follows depends on it
                return body.model_copy(update={"message": None, "facts": {}})
            return Note(text=f"A report of its agent ({body.type}) repeated a secret and was left out.")

    def _without(self, value: Any) -> Any:  # JSON
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            named = cast("dict[str, Any]", value)
            return {self._text(name): self._without(inner) for name, inner in named.items()}
        if isinstance(value, list):
            return [self._without(inner) for inner in cast("list[Any]", value)]
        return value

    def _text(self, text: str) -> str:
        """The text without them, and no longer than before: what is stored has been measured already."""
        parts: list[str] = []
        at = 0
        for start, end in sorted((found.start, found.end) for found in self._known.find(text)):
            if end > at:
                parts += (text[at : max(start, at)], REDACTED[: end - max(start, at)])
                at = end
        return "".join((*parts, text[at:]))
