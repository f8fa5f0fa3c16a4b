"""A kind of transcriber: its options, and what it makes of them.

Counterparts: `registry.py`, which finds them by the entry points of `ompycord.transcribers`, and `openai.py`, the one
that is part of Ompycord.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from ompycord.domain.base import Frozen
from ompycord.domain.ports.team.voice import Transcriber

__all__ = ["MakeTranscriber", "TranscriberKind"]

O_contra = TypeVar("O_contra", bound=Frozen, contravariant=True)
OptionsT = TypeVar("OptionsT", bound=Frozen)


class MakeTranscriber(Protocol[O_contra]):
    """A transcriber's class."""

    def __call__(self, options: O_contra) -> Transcriber: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class TranscriberKind(Generic[OptionsT]):
    """One kind of transcriber.

    What another package adds works in an event loop of its own; of `asyncio.to_thread` it has four threads, which
    nobody can end: give what waits there a timeout.
    """

    name: str
    """Its name in configuration: `voice.kind`."""
    options: type[OptionsT]
    """A model of pydantic that extends `ompycord.domain.base.Frozen`. A secret is named by its file."""
    transcriber: MakeTranscriber[OptionsT]
    example: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options with which `ompycord plugin check` makes one; `{folder}` in a text stands for an empty folder."""
