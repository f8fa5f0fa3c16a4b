"""RIFF with WAVE (Microsoft and IBM, *Multimedia Programming Interface and Data Specifications 1.0*)."""

import sys
from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple

from ompycord.voice.sound.found import FoundSound, milliseconds

__all__ = ["MAGIC", "is_wave", "read_wav"]

MAGIC: Final = b"RIFF"
_FORM: Final = b"WAVE"
_FORMAT: Final = 16
"""Bytes of a format at least."""
_PCM: Final = frozenset({1, 0xFFFE})
"""Samples as they are; the second one says so at its end."""
_BITS: Final = 16
_MOST_RATE: Final = 384_000
_QUIET: Final = 32
"""The loudest sample of silence, of 32,767."""


class _Format(NamedTuple):
    tag: int
    rate: int
    frame: int
    bits: int


def is_wave(data: bytes) -> bool:
    """Whether it is RIFF with sound; it may hold pictures, too."""
    return data[8:12] == _FORM


def read_wav(data: bytes) -> FoundSound | None:
    """None for one without a format or sound, or with a rate that no sound has."""
    found: _Format | None = None
    for name, start, end in _chunks(data):
        if name == b"fmt " and end - start >= _FORMAT:
            found = _format(data[start : start + _FORMAT])
        elif name == b"data":
            if found is None or not found.frame or not 0 < found.rate <= _MOST_RATE:
                return None
            duration_ms = milliseconds((end - start) // found.frame, found.rate)
            return FoundSound(duration_ms, _is_silent(data[start:end], found))
    return None


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], at + 8, min(at + 8 + size, len(data))
        at += 8 + size + size % 2


def _format(content: bytes) -> _Format:
    def number(start: int, end: int) -> int:
        return int.from_bytes(content[start:end], "little")

    return _Format(tag=number(0, 2), rate=number(4, 8), frame=number(12, 14), bits=number(14, 16))


def _is_silent(samples: bytes, found: _Format) -> bool:
    """Only of 16 bits, which nearly all recordings have."""
    if found.bits != _BITS or found.tag not in _PCM or len(samples) < 2:  # noqa: PLR2004  # one sample
        return not samples
    values = array("h", samples[: len(samples) // 2 * 2])
    if sys.byteorder == "big":
        values.byteswap()
    return max(values) <= _QUIET and min(values) >= -_QUIET
