"""Texts of a run's clone that say what a command means, read without following links; for `conductor/risk`."""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ompycord.domain.risk.judging import UNREAD
from ompycord.processes.safe_open import NotGranted, safe_path, safe_read

__all__ = ["read_text_in"]

_LARGEST: Final = 262_144
"""Bytes of a file that are judged; a larger one is not read."""


def read_text_in(root: Path) -> Callable[[str], str | None]:
    """How a file below `root` is read: its text, None where it is not there, UNREAD for a link or a huge one.

    Of one that is no text, or too large to be judged, its hash behind a zero: a change of it shows. Blocks.
    """

    def read(path: str) -> str | None:
        if sys.platform == "win32":
            return None
        try:
            data = safe_read(root, safe_path(root, path))
        except FileNotFoundError:
            return None
        except (NotGranted, OSError):
            return UNREAD
        try:
            text = data.decode() if len(data) <= _LARGEST else None
        except UnicodeDecodeError:
            text = None
        return f"\0{hashlib.sha256(data).hexdigest()}" if text is None else text

    return read
