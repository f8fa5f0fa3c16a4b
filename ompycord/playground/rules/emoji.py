"""Pure: what is an emoji; the guild has none of its own."""

import re
from typing import Final

_CUSTOM: Final = re.compile(r"(?:a:)?[A-Za-z0-9_]{2,32}:\d{1,20}")


def is_unicode_emoji(text: str) -> bool:
    """A rough test: short, without letters or spaces, not a custom emoji's name and id."""
    return (
        0 < len(text) <= 16
        and not _CUSTOM.fullmatch(text)
        and any(ord(char) > 0x2000 for char in text)
        and not text.isspace()
    )
