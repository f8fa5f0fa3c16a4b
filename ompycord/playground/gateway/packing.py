"""How the gateway writes frames on the wire: as text, or packed as the client asked; `connection.py` sends them.

Discord, "Gateway", *Encoding and Compression*. zlib packs. A zstd stream is written in raw blocks (RFC 8878), which
every zstd reader takes, so that the playground needs no library for it.
"""

import zlib
from collections.abc import Mapping
from typing import Final, Protocol

PAYLOAD_FROM: Final = 512
"""Bytes from which a payload is packed by itself where a client asked for that: small ones only grow."""
ZSTD_HEADER: Final = bytes.fromhex("28b52ffd") + bytes([0, 0x38])
"""Magic number; no content size, no checksum, no dictionary; a window of 128 KiB (RFC 8878, 3.1.1)."""
ZSTD_BLOCK: Final = 128 * 1024
"""The largest block (RFC 8878, 3.1.1.2.4)."""
STREAMS: Final = ("zlib-stream", "zstd-stream")


class Packing(Protocol):
    """Writes one connection's frames in their order."""

    def pack(self, frame: bytes) -> str | bytes:
        """What is sent for a frame: text, or bytes for a binary message."""
        ...


class UnsupportedError(Exception):
    """A version, an encoding or a compression that the playground does not speak; the message names it."""


class Text:
    """Frames as JSON text."""

    def pack(self, frame: bytes) -> str | bytes:
        return frame.decode()


class PackedPayloads:
    """Each large frame packed by itself, where IDENTIFY asked for `compress`."""

    def pack(self, frame: bytes) -> str | bytes:
        return zlib.compress(frame) if len(frame) >= PAYLOAD_FROM else frame.decode()


class ZlibStream:
    """One zlib stream over the connection, flushed after each frame."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj()

    def pack(self, frame: bytes) -> str | bytes:
        return self._compressor.compress(frame) + self._compressor.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """One zstd frame over the connection, its blocks raw; it never ends."""

    def __init__(self) -> None:
        self._header = ZSTD_HEADER

    def pack(self, frame: bytes) -> str | bytes:
        header, self._header = self._header, b""
        parts = [frame[start : start + ZSTD_BLOCK] for start in range(0, len(frame), ZSTD_BLOCK)]
        return header + b"".join((len(part) << 3).to_bytes(3, "little") + part for part in parts)


def packing_for(query: Mapping[str, str]) -> Packing:
    """The packing that a connection's address asks for. Raises UnsupportedError."""
    version, encoding, compress = query.get("v", "10"), query.get("encoding", "json"), query.get("compress")
    if version not in ("9", "10"):
        raise UnsupportedError(f"Invalid API version: v={version[:20]} is not spoken, use v=10.")
    if encoding != "json":
        raise UnsupportedError(f"encoding={encoding[:20]} is not spoken, use encoding=json.")
    if compress == "zlib-stream":
        return ZlibStream()
    if compress == "zstd-stream":
        return ZstdStream()
    if compress:
        raise UnsupportedError(f"compress={compress[:20]} is not spoken, use {' or '.join(STREAMS)}.")
    return Text()
