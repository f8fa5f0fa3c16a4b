"""The token of a forge, read from its file for each request: one that was renewed is used at once."""

import re
from pathlib import Path
from typing import Final

from ompycord.errors import ForgeFailed

__all__ = ["read_key", "read_token"]

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


def read_key(file: Path, *, setting: str) -> str:
    """The private key of an app, as PEM. Raises ForgeFailed, which names the setting and never the content."""
    try:
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise ForgeFailed("key", f"The file of {setting} cannot be read. Put the app's private key into it.") from None
    if "PRIVATE KEY-----" not in text:
        raise ForgeFailed("key", f"The file of {setting} holds no private key. Download one from the app's settings.")
    return f"{text}\n"
