"""Recordings of every kind that is taken, made byte by byte: right in their frames, and without any speech in them.

Simulated: no microphone, no codec. What is between the frames is noise of a fixed seed.
"""

import json
import math
import struct
from collections.abc import Sequence
from email import message_from_bytes
from email.policy import HTTP
from random import Random
from typing import NamedTuple

from ompycord.playground.client.views import File
from tests.support.stub_provider import Asked, Reply

__all__ = ["SentForm", "m4a", "mp3", "ogg", "sent_form", "text_reply", "voice_message", "vorbis", "wav"]

_OPUS_HEAD = b"OpusHead\x01\x01" + struct.pack("<HIhB", 312, 48_000, 0, 0)
_VORBIS_HEAD = b"\x01vorbis" + struct.pack("<IBIiiiBB", 0, 1, 44_100, 0, 0, 0, 0xB8, 1)


def ogg(seconds: float, *, packet: int = 80, head: bytes = _OPUS_HEAD, rate: int = 48_000, serial: int = 7) -> bytes:
    """A stream of packets of 20 ms, fifty a page."""
    noise, pages = Random(1), [_page(head, 0, serial, flags=2), _page(b"OpusTags" + bytes(8), 0, serial)]
    for start in range(0, math.ceil(seconds * 50), 50):
        packets = [noise.randbytes(packet) for _ in range(start, min(start + 50, math.ceil(seconds * 50)))]
        position = 312 + round(min(start + 50, seconds * 50) * rate / 50)
        pages.append(_page(b"".join(packets), position, serial, sizes=[packet] * len(packets)))
    return b"".join(pages)


def vorbis(seconds: float) -> bytes:
    return ogg(seconds, head=_VORBIS_HEAD, rate=44_100)


def _page(content: bytes, position: int, serial: int, *, flags: int = 0, sizes: Sequence[int] = ()) -> bytes:
    lacing = b"".join(b"\xff" * (one // 255) + bytes([one % 255]) for one in sizes or [len(content)])
    return b"OggS\0" + struct.pack("<BqIIIB", flags, position, serial, 0, 0, len(lacing)) + lacing + content


def wav(seconds: float, *, loud: int = 8000, rate: int = 8000) -> bytes:
    """A tone, or silence with `loud=0`."""
    count = round(seconds * rate)
    samples = struct.pack(f"<{count}h", *(round(loud * math.sin(n / 3)) for n in range(count)))
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    body = (
        b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"LIST\x03\0\0\0abc\0data" + struct.pack("<I", len(samples))
    )
    return b"RIFF" + struct.pack("<I", len(body) + len(samples)) + body + samples


def mp3(seconds: float, *, tag: bytes = b"") -> bytes:
    """Frames of MPEG 1, layer III, 128 kbit/s, 44.1 kHz: 417 bytes for 1,152 samples."""
    noise = Random(2)
    frames = math.ceil(seconds * 44_100 / 1152)
    return tag + b"".join(b"\xff\xfb\x90\x00" + noise.randbytes(413) for _ in range(frames))


def m4a(seconds: float, *, handler: bytes = b"soun", brand: bytes = b"M4A ") -> bytes:
    header = bytes(12) + struct.pack(">II", 1000, round(seconds * 1000)) + bytes(80)
    media = _box(b"mdhd", header) + _box(b"hdlr", bytes(8) + handler + bytes(12))
    movie = _box(b"mvhd", header) + _box(b"trak", _box(b"tkhd", bytes(84)) + _box(b"mdia", media))
    return _box(b"ftyp", brand + bytes(4)) + _box(b"moov", movie) + _box(b"mdat", Random(3).randbytes(500))


def _box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def voice_message(content: bytes, seconds: float = 2.0, *, waveform: str = "AAwkPG4A") -> File:
    """As Discord's own programs send one."""
    return File("voice-message.ogg", content, {"duration_secs": seconds, "waveform": waveform})


class SentForm(NamedTuple):
    """What a transcriber sent."""

    fields: dict[str, str]
    name: str
    media_type: str
    content: bytes


def sent_form(asked: Asked) -> SentForm:
    """Read by another library than the one that wrote it."""
    head = f"content-type: {asked.headers['content-type']}\r\n\r\n".encode()
    fields: dict[str, str] = {}
    form = SentForm(fields, "", "", b"")
    for part in message_from_bytes(head + asked.body, policy=HTTP).iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if (file := part.get_filename()) is not None:
            form = SentForm(fields, file, part.get_content_type(), content)
        else:
            fields[str(part.get_param("name", header="content-disposition"))] = content.decode()
    return form


def text_reply(text: str, **more: object) -> Reply:
    """An answer of `/audio/transcriptions`; `more` beside its text."""
    body = json.dumps({"text": text, **more}).encode()
    return Reply(parts=[body], headers={"content-type": "application/json"})
