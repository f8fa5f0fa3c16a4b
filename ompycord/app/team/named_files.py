"""Whether a file names a person: its text is searched, and what is compressed is unpacked for it.

Compressed bytes spell a short name by chance, so they are never searched as they are. Counterpart: `person.py`.
"""

import gzip
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final, Protocol

import zstandard

__all__ = ["NameSearch"]

LARGEST: Final = 64 * 1024 * 1024
"""Of a file, and of what it unpacks to."""
_PIECE: Final = 1024 * 1024
_HEAD: Final = 64 * 1024
_APART: Final = rb"[^0-9A-Za-z_\x80-\xff]|\xc2[\xa0-\xbf]|\xe2\x80[\x80-\xbf]|\xe3\x80[\x80-\xbf]"
"""What stands beside a word. Bytes of UTF-8 beyond ASCII are letters but for « “ – 「 and their neighbours (Unicode:
U+00A0 to U+00BF, U+2000 to U+203F, U+3000 to U+303F)."""
_BEFORE: Final = re.compile(rb"(?:\A|%b)\Z" % _APART)
_BEHIND: Final = re.compile(rb"\Z|%b" % _APART)
_BESIDE: Final = 3
"""Bytes beside a name that tell whether it is a word."""
_LONG: Final = 6
"""Bytes of a name that 64 MiB of chance do not spell: once in some millions of files."""
_RUN: Final = 16
_TEXT_RUN: Final = re.compile(rb"[\x09\x0a\x0d\x20-\x7e\x80-\xff]{%d,}" % _RUN)
"""Text between other bytes, as `strings` finds it."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD: Final = struct.Struct(">I4s")
_PNG_TEXT: Final = frozenset({b"tEXt", b"zTXt", b"iTXt", b"eXIf"})


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class NameSearch:
    """For the names and ids of one person."""

    def __init__(self, needles: Iterable[str]) -> None:
        self._needles = [needle.encode() for needle in needles]
        self._kept_bytes = max(map(len, self._needles)) + 2 * _BESIDE

    def finds(self, path: Path) -> bool:
        """Whether one of these stands in a file, as a word of its own. One that cannot be read names no one."""
        try:
            if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
                return False
            with path.open("rb") as file:
                head = file.read(_HEAD)
                file.seek(0)
                return self._in_file(file, head)
        except OSError:
            return False

    def _in_file(self, file: IO[bytes], head: bytes) -> bool:
        try:
            if head.startswith(b"PK\x03\x04"):
                return self._in_zip(file)
            if head.startswith(b"\x1f\x8b"):
                with gzip.GzipFile(fileobj=file) as unpacked:
                    return self._in_text(_pieces(unpacked))
            if head.startswith(zstandard.FRAME_HEADER):
                with zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True, closefd=False) as frames:
                    return self._in_text(_pieces(frames))
            if head.startswith(_PNG):
                return any(self._in_text([text]) for text in _png_texts(file))
        except Exception:  # noqa: BLE001  # unpackers share no class of errors: damaged, encrypted, or packed otherwise
            file.seek(0)
            return self._in_binary(file.read(LARGEST))
        return self._in_binary(file.read(LARGEST)) if b"\0" in head else self._in_text(_pieces(file))

    def _in_zip(self, file: IO[bytes]) -> bool:
        left = LARGEST
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                if self._in_text([member.filename.encode("utf-8", "surrogateescape"), member.comment]):
                    return True
                if member.is_dir() or member.file_size > left:
                    continue
                left -= member.file_size
                with archive.open(member) as unpacked:
                    if self._in_text(_pieces(unpacked, member.file_size)):
                        return True
        return False

    def _in_text(self, pieces: Iterable[bytes]) -> bool:
        kept, start = b"", 0
        for piece in pieces:
            window = kept + piece
            if any(end + _BESIDE <= len(window) for _, end in self._words(window, start)):
                return True
            kept = window[-self._kept_bytes :]
            start = _BESIDE if len(kept) == self._kept_bytes else 0  # the bytes before it are not here
        return any(True for _ in self._words(kept, start))

    def _in_binary(self, content: bytes) -> bool:
        """Long names anywhere, short ones where text stands between the other bytes."""
        return any(
            end - at >= _LONG or _TEXT_RUN.search(content[max(at - _RUN + 1, 0) : end + _RUN - 1])
            for at, end in self._words(content)
        )

    def _words(self, content: bytes, start: int = 0) -> Iterator[tuple[int, int]]:
        """Where one of them stands as a word. What looks through all bytes is `find`, which is over in no time: while
        a regular expression does, nothing else of this process goes on.
        """
        for needle in self._needles:
            at = content.find(needle, start)
            while at >= 0:
                end = at + len(needle)
                if _BEFORE.search(content[max(at - _BESIDE, 0) : at]) and _BEHIND.match(content[end : end + _BESIDE]):
                    yield at, end
                at = content.find(needle, at + 1)


def _pieces(file: _Readable, most: int = LARGEST) -> Iterator[bytes]:
    while most > 0 and (piece := file.read(min(_PIECE, most))):
        most -= len(piece)
        yield piece


def _png_texts(file: IO[bytes]) -> Iterator[bytes]:
    """What stands in the chunks of a PNG that hold text, a NUL between keyword and text (PNG 1.2, 4.2.3)."""
    file.seek(len(_PNG))
    while len(head := file.read(_PNG_HEAD.size)) == _PNG_HEAD.size:
        size, kind = _PNG_HEAD.unpack(head)
        if kind not in _PNG_TEXT:
            file.seek(size + 4, 1)
            continue
        content = file.read(min(size, LARGEST))
        file.seek(4, 1)
        keyword, _, text = content.partition(b"\0")
        if kind == b"zTXt" and text:
            text = zlib.decompressobj().decompress(text[1:], LARGEST)
        elif kind == b"iTXt" and text[:1] == b"\1":
            text = zlib.decompressobj().decompress(text[2:].split(b"\0", 2)[-1], LARGEST)
        yield b"%b\0%b" % (keyword, text)
