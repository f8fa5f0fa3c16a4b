"""What the classes of events share: the base that names who may send one, and kinds of fields."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Frozen

__all__ = ["Count", "KnownEvent", "Latest", "OnlyOurs", "OpaqueId", "Path", "RequestName", "Url"]


class KnownEvent(Frozen):
    """The base of every event's class, which names its senders: `class Note(KnownEvent, senders=OBSERVERS)`."""

    senders: ClassVar[frozenset[SourceKind]]
    """Kinds of sources that may record it; `policy.py` decides by it."""

    def __init_subclass__(cls, *, senders: frozenset[SourceKind], **options: Any) -> None:
        """Refuse a class without senders: without an explicit list, its type would be open to agents."""
        super().__init_subclass__(**options)
        cls.senders = senders


@dataclass(frozen=True)
class Latest:
    """Marks a text of an event of which the snapshot keeps the latest, whichever event and source it came from.

    `StatusSnapshot` has a field of that name. It holds the text as it is where `folds/merge.py` does not say otherwise.
    """

    name: str = ""
    """The field's name in the snapshot; left out, it is the field's own."""
    most: int | None = None
    """Characters that are kept."""


@dataclass(frozen=True)
class OnlyOurs:
    """Marks a field that Ompycord fills in itself where it read what an agent does; from anyone else it is refused."""


Count = Annotated[int, Field(ge=0, le=2**53, strict=True)]
OpaqueId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
"""A name that an agent or a sender gives to something of its own; kept as it is."""
RequestName = Annotated[str, StringConstraints(min_length=1, max_length=120)]
"""The name of a question or an approval; shorter, so that a row's ref that holds it has at most 128 characters."""
Path = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Url = Annotated[str, StringConstraints(min_length=8, max_length=2048, pattern=r"^https?://")]
