"""A recording that somebody made in place of writing: its kind, its length, its bytes; counterpart of
`ports/team/voice.py`.

Its bytes stand in no representation, so that no log or traceback can show them.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from ompycord.domain.base import Frozen

__all__ = ["AudioKind", "AudioRecording", "StatedAudio"]


class AudioKind(StrEnum):
    """What its bytes are, whatever its name says."""

    OGG = "ogg"
    WAV = "wav"
    MP3 = "mp3"
    MP4 = "m4a"

    @property
    def media_type(self) -> str:
        """As HTTP names it."""
        return {"ogg": "audio/ogg", "wav": "audio/wav", "mp3": "audio/mpeg", "m4a": "audio/mp4"}[self.value]


class StatedAudio(Frozen):
    """What Discord says of an attachment before anybody has read it. Its sender's program made it up."""

    size: int
    duration_s: float | None = None
    """Only of voice messages."""
    waveform: bytes = b""
    """Of a voice message: how loud it is, up to 256 values over its length."""

    @property
    def is_silent(self) -> bool:
        """Whether it says of itself that nothing can be heard in it."""
        return bool(self.waveform) and not any(self.waveform)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioRecording:
    """A recording whose kind and length were read out of its bytes."""

    kind: AudioKind
    duration_ms: int
    data: bytes = field(repr=False)
    guild: str = ""
    """The server in which it was spoken; a text of it is paid by that and by its person."""
    person: str = ""

    @property
    def name(self) -> str:
        """A usual name of a file of this kind: what makes text of it goes by the ending."""
        return f"recording.{self.kind}"
