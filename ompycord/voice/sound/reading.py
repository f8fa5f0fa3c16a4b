"""A recording's kind by its first bytes, then its length by the rest; counterpart of the kinds beside it."""

from typing import NamedTuple

from ompycord.domain.voice.recordings import AudioKind
from ompycord.voice.sound import ogg, wav
from ompycord.voice.sound.found import FoundSound
from ompycord.voice.sound.mp4 import read_mp4
from ompycord.voice.sound.mpeg import TAG, begins_with_frame, read_mpeg
from ompycord.voice.sound.ogg import read_ogg
from ompycord.voice.sound.wav import is_wave, read_wav

__all__ = ["ReadSound", "kind_of", "read_sound"]

_READERS = {
    AudioKind.OGG: read_ogg,
    AudioKind.WAV: read_wav,
    AudioKind.MP3: read_mpeg,
    AudioKind.MP4: read_mp4,
}


class ReadSound(NamedTuple):
    """A kind, and what was found; None where a file of this kind is broken, holds something else, or says no length."""

    kind: AudioKind
    found: FoundSound | None


def read_sound(data: bytes) -> ReadSound | None:
    """None for what is no recording of a kind that is taken. Raises nothing, whatever the bytes are."""
    kind = kind_of(data)
    return None if kind is None else ReadSound(kind, _READERS[kind](data))


def kind_of(data: bytes) -> AudioKind | None:
    """By the magic bytes alone."""
    if data.startswith(ogg.MAGIC):
        return AudioKind.OGG
    if data.startswith(wav.MAGIC):
        return AudioKind.WAV if is_wave(data) else None
    if data[4:8] == b"ftyp":
        return AudioKind.MP4
    if data.startswith(TAG) or begins_with_frame(data):
        return AudioKind.MP3
    return None
