"""MP4, as telephones record (ISO/IEC 14496-12, *ISO base media file format*)."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from ompycord.voice.sound.found import FoundSound, milliseconds

__all__ = ["read_mp4"]

_LARGE: Final = 1
"""In place of a size: the size follows the name, in 64 bits."""
_TO_THE_END: Final = 0
_SOUND, _IMAGES = b"soun", b"vide"


class _Box(NamedTuple):
    name: bytes
    start: int
    end: int


def read_mp4(data: bytes) -> FoundSound | None:
    """None for one without a sound track, with pictures, or that says no length, as one that is made while it plays."""
    movie = next((box for box in _boxes(data, 0, len(data)) if box.name == b"moov"), None)
    if movie is None:
        return None
    lengths, kinds = [0], set[bytes]()
    for box in _inside(data, movie):
        if box.name == b"mvhd":
            lengths.append(_duration_ms(data, box))
        for media in (one for one in _inside(data, box) if box.name == b"trak" and one.name == b"mdia"):
            kind = next((_handler(data, one) for one in _inside(data, media) if one.name == b"hdlr"), b"")
            kinds.add(kind)
            lengths += [_duration_ms(data, one) for one in _inside(data, media) if one.name == b"mdhd"]
    if _SOUND not in kinds or _IMAGES in kinds or not max(lengths):
        return None
    return FoundSound(max(lengths))


def _inside(data: bytes, box: _Box) -> Iterator[_Box]:
    return _boxes(data, box.start, box.end)


def _boxes(data: bytes, start: int, end: int) -> Iterator[_Box]:
    """Boxes that stand one after the other, up to the first that cannot be one."""
    at = start
    while at + 8 <= end:
        size, header = int.from_bytes(data[at : at + 4]), 8
        if size == _LARGE:
            size, header = int.from_bytes(data[at + 8 : at + 16]), 16
        elif size == _TO_THE_END:
            size = end - at
        if size < header:
            return
        yield _Box(data[at + 4 : at + 8], min(at + header, end), min(at + size, end))
        at += size


def _duration_ms(data: bytes, box: _Box) -> int:
    """Of `mvhd` or `mdhd`, which begin alike; 0 where it says none."""
    wide = data[box.start : box.start + 1] == b"\x01"
    at, width = (box.start + 20, 8) if wide else (box.start + 12, 4)
    scale = int.from_bytes(data[at : at + 4])
    if at + 4 + width > box.end or not scale:
        return 0
    units = int.from_bytes(data[at + 4 : at + 4 + width])
    return 0 if units == 2 ** (8 * width) - 1 else milliseconds(units, scale)


def _handler(data: bytes, box: _Box) -> bytes:
    return data[box.start + 8 : min(box.start + 12, box.end)]
