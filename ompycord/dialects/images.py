"""Pictures that a prompt shows, known by their first bytes; read by `agents/images.py`, sent by `acp_session.py`."""

import base64
from dataclasses import dataclass
from typing import Final

__all__ = ["Image", "image_of"]

_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
"""The kinds that models take (https://docs.claude.com/en/docs/build-with-claude/vision); WebP is found below."""


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as it travels in JSON."""

    kind: str
    """A media type."""
    base64: str


def image_of(data: bytes) -> Image | None:
    """A whole file as a picture; None where it is of no kind that models take, whatever its name says."""
    kind = next((kind for beginning, kind in _BEGINNINGS if data.startswith(beginning)), None)
    if kind is None and data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "image/webp"
    return Image(kind, base64.b64encode(data).decode()) if kind else None
