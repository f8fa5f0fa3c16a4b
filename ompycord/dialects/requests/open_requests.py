"""How many requests of one agent can wait for people, and what is said of those beyond."""

import hashlib
from typing import Final

from ompycord.dialects.frames import ref
from ompycord.domain.events import Note

__all__ = ["MOST_OPEN", "OpenRequests", "request_name"]

_NAME: Final = 120
"""Characters of a request's name (`domain/events/fields.py`)."""
_HASH: Final = 16

MOST_OPEN: Final = 64
"""Requests of one agent that people can be asked at the same time."""


def request_name(*parts: str) -> str:
    """Our reference for a request, by the agent's own id: where that is long or unusual, its hash keeps it apart."""
    whole = ":".join(filter(None, parts))
    name = ref(whole)
    if name == whole and len(name) <= _NAME:
        return name
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    return f"{name[: _NAME - _HASH - 1]}-{digest}"


class OpenRequests:
    """Refuses requests beyond `MOST_OPEN`: people read a note, the agent a reason; nothing is cancelled silently."""

    reason: Final = (
        f"Not asked: {MOST_OPEN} requests of yours wait for people already. Wait for their decisions, then ask again."
    )

    def __init__(self, *, agent: str) -> None:
        self._agent = agent
        self._refused = 0

    def has_room(self, waiting: int, wanted: int = 1) -> bool:
        """Whether `wanted` more can wait beside those that do."""
        if waiting + wanted <= MOST_OPEN:
            self._refused = 0
            return True
        return False

    def refused(self, title: str) -> tuple[Note, ...]:
        """The note for people; one for all that follow each other without room between them."""
        self._refused += 1
        if self._refused > 1:
            return ()
        text = (
            f"{self._agent} asked for more while {MOST_OPEN} of its requests wait for a decision; it was told to wait"
        )
        return (Note(text=f"{text}: {title}"),)
