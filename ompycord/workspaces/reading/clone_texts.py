"""Texts of a run's clone that say what a command means, read without following links; for `conductor/risk`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ompycord.processes.safe_open import NotGranted, safe_path, safe_read

__all__ = ["read_text_in"]

_LARGEST: Final = 262_144
"""Bytes of a file that are judged; a larger one is not read."""


def read_text_in(root: Path) -> Callable[[str], str | None]:
    """How a file below `root` is read: its text, None where it is not there, no text, or too large. Blocks."""

    def read(path: str) -> str | None:
        if sys.platform == "win32":
            return None
        try:
            data = safe_read(root, safe_path(root, path))
            return data.decode() if len(data) <= _LARGEST else None
        except (NotGranted, OSError, UnicodeDecodeError):
            return None

    return read
