"""Ogg with Opus, as Discord records voice messages, or with Vorbis (RFC 3533, RFC 7845; Vorbis I, appendix A)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ompycord.voice.sound.found import FoundSound, milliseconds

__all__ = ["MAGIC", "read_ogg"]

MAGIC: Final = b"OggS"
_HEADER: Final = 27
_FIRST: Final = 2
"""The flag of a stream's first page."""
_OPUS_RATE: Final = 48_000
_UNKNOWN: Final = 2**63
"""Positions from here on are negative numbers: on this page no packet ends."""
_WHOLE_SEGMENT: Final = 255
_HEADERS: Final = {"opus": 2, "vorbis": 3}
"""Packets of a stream that hold no sound."""
_LEAST_SPEECH: Final = 12
"""Bytes of a packet. Speech in Opus begins at 6 kbit/s, 15 bytes for 20 ms (RFC 6716, 2.1.1); silence has 1 to 3."""


class _Page(NamedTuple):
    is_first: bool
    position: int
    serial: int
    sizes: bytes
    content: bytes


@dataclass(slots=True)
class _Stream:
    codec: str
    rate: int
    skipped: int
    last: int = 0
    packets: int = 0
    unfinished: int = 0
    largest: int = 0

    def add(self, page: _Page) -> None:
        if page.position < _UNKNOWN:
            self.last = max(self.last, page.position)
        for size in page.sizes:
            self.unfinished += size
            if size < _WHOLE_SEGMENT:
                self.packets += 1
                if self.packets > _HEADERS[self.codec]:
                    self.largest = max(self.largest, self.unfinished)
                self.unfinished = 0

    @property
    def duration_ms(self) -> int:
        return milliseconds(max(0, self.last - self.skipped), self.rate)

    @property
    def is_silent(self) -> bool:
        return self.codec == "opus" and self.largest <= _LEAST_SPEECH


def read_ogg(data: bytes) -> FoundSound | None:
    """The length of all its streams together. None for other codecs, and for one that is broken."""
    streams: dict[int, _Stream] = {}
    ended: list[_Stream] = []
    for page in _pages(data):
        if page is None:
            return None
        if page.is_first:
            made = _stream(page.content)
            if made is None:
                return None
            if (before := streams.pop(page.serial, None)) is not None:
                ended.append(before)
            streams[page.serial] = made
        if (stream := streams.get(page.serial)) is None:
            return None
        stream.add(page)
    whole = [*ended, *streams.values()]
    if not whole:
        return None
    return FoundSound(sum(one.duration_ms for one in whole), all(one.is_silent for one in whole))


def _pages(data: bytes) -> Iterator[_Page | None]:
    """Every page; None and the end where there is something else. The last one may be cut."""
    at = 0
    while at < len(data):
        header = data[at : at + _HEADER]
        if not header.startswith(MAGIC) or len(header) < _HEADER or header[4]:
            yield None
            return
        sizes = data[at + _HEADER : at + _HEADER + header[26]]
        start = at + _HEADER + header[26]
        at = start + sum(sizes)
        yield _Page(
            is_first=bool(header[5] & _FIRST),
            position=int.from_bytes(header[6:14], "little"),
            serial=int.from_bytes(header[14:18], "little"),
            sizes=sizes,
            content=data[start : start + 64],
        )


def _stream(head: bytes) -> _Stream | None:
    if head.startswith(b"OpusHead"):
        return _Stream("opus", _OPUS_RATE, int.from_bytes(head[10:12], "little"))
    if head.startswith(b"\x01vorbis"):
        rate = int.from_bytes(head[12:16], "little")
        return _Stream("vorbis", rate, 0) if rate else None
    return None
