"""MPEG audio, with a tag of ID3v2 before it or without (ISO/IEC 11172-3 and 13818-3; id3.org, *ID3v2.4*).

Frames are counted, since what a file says of its own length is often wrong.
"""

from typing import Final, NamedTuple

from ompycord.voice.sound.found import FoundSound, milliseconds

__all__ = ["TAG", "begins_with_frame", "read_mpeg"]

TAG: Final = b"ID3"
_TAG_HEADER: Final = 10
_HAS_FOOTER: Final = 0x10
_MOST_RATE: Final = 48_000
_BEHIND: Final = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", TAG)
"""What tags behind the sound begin with."""
_REST: Final = 2048
"""Bytes that may stand behind the last frame all the same: part of one, or zeros."""

_V1, _V2 = 3, 2
_III, _II, _I = 1, 2, 3
_RATES: Final = {_V1: (44_100, 48_000, 32_000), _V2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBITS: Final = {
    (_V1, _I): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (_V1, _II): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (_V1, _III): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (_V2, _I): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (_V2, _II): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (_V2, _III): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}


class _Frame(NamedTuple):
    size: int
    samples: int
    rate: int


def begins_with_frame(data: bytes) -> bool:
    """Whether a frame stands at the beginning, and another behind it where there is more."""
    first = _frame(data, 0)
    return first is not None and (first.size >= len(data) or _frame(data, first.size) is not None)


def read_mpeg(data: bytes) -> FoundSound | None:
    """None where no frame follows the tag, and where something else stands between frames."""
    at, micro_s, found = _behind_tag(data), 0, False
    while at < len(data) and (frame := _frame(data, at)) is not None:
        found = True
        micro_s += frame.samples * 1_000_000 // frame.rate
        at += frame.size
    rest = data[at:]
    if not found or (len(rest) > _REST and not rest.startswith(_BEHIND)):
        return None
    return FoundSound(milliseconds(micro_s, 1_000_000))


def _behind_tag(data: bytes) -> int:
    if not data.startswith(TAG) or len(data) < _TAG_HEADER:
        return 0
    size = 0
    for byte in data[6:_TAG_HEADER]:
        size = size << 7 | byte & 0x7F
    return _TAG_HEADER + size + (_TAG_HEADER if data[5] & _HAS_FOOTER else 0)


def _frame(data: bytes, at: int) -> _Frame | None:
    """The frame that begins there. None for none, for one of a free rate, and for AAC, which begins alike."""
    header = data[at : at + 4]
    if len(header) < 4 or header[0] != 0xFF or header[1] < 0xE0:  # noqa: PLR2004  # the sync of eleven bits
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    rate_index, kbit_index = header[2] >> 2 & 3, header[2] >> 4
    if version == 1 or layer == 0 or rate_index == 3 or kbit_index in {0, 15}:  # noqa: PLR2004  # reserved
        return None
    rate = _RATES[version][rate_index]
    kbits = _KBITS[_V1 if version == _V1 else _V2, layer][kbit_index - 1]
    padding = header[2] >> 1 & 1
    if layer == _I:
        return _Frame((12_000 * kbits // rate + padding) * 4, 384, rate)
    samples = 576 if layer == _III and version != _V1 else 1152
    return _Frame(samples * 125 * kbits // rate + padding, samples, rate)
