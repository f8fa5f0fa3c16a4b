"""The kinds of transcribers, by the name that configuration gives: Ompycord's own, and what distributions add."""

from typing import Any, Final

from ompycord.entry_points import Registry
from ompycord.voice.kind import TranscriberKind

__all__ = ["TRANSCRIBER_KINDS"]

TRANSCRIBER_KINDS: Final[Registry[TranscriberKind[Any]]] = Registry(
    group="ompycord.transcribers", record=TranscriberKind, what="kind of transcriber"
)
"""`openai`, and the records that distributions add to Ompycord by name."""
