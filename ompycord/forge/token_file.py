"""The token of a forge, read from its file for each request: one that was renewed is used at once."""

import re
from pathlib import Path
from typing import Final

from ompycord.errors import ForgeFailed

__all__ = ["read_token"]

_TOKEN: Final = re.compile(r"[!-~]{8,512}")


def read_token(file: Path, *, setting: str) -> str:
    """The one line of the file. Raises ForgeFailed, which names the setting and never the content."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ForgeFailed("token", f"The file of {setting} cannot be read. Put the token into it.") from None
    if _TOKEN.fullmatch(text) is None:
        raise ForgeFailed("token", f"The file of {setting} holds no token. It must be one line with nothing else.")
    return text
