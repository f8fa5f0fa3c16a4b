"""Sanitizes all text of agents and people before it is shown; its counterpart is `text.sanitise`, which escapes.

The order is `clean`, redact, then cut and escape: a secret hidden by invisible characters is whole again after `clean`,
and one halved by a cut would no longer be found.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final
from unicodedata import bidirectional
from urllib.parse import quote

import regex

from ompycord.text import sanitise
from ompycord.text.graphemes import cut
from ompycord.text.limits import CARD_LINK

__all__ = ["Redact", "Sanitizer", "forget_lines", "isolated"]

Redact = Callable[[str], str]
"""Takes secrets out of text: `text.Redactor.redact` of the process, or the identity where there are none."""

# Printable ASCII with a host and without a user part: a name before an @ in an address misleads people.
_LINK: Final = regex.compile(r"https?://[A-Za-z0-9._:-]++(?:[/?#][\x21-\x7e]*)?")
_LINK_SAFE: Final = "%/:?#&+,;=.~-_"  # brackets, stars, ticks and @ would be markup

_NO_ADDRESS: Final = ":\u2215\u2215"


_SHORT: Final = 320
"""Longer texts are few on a card; shorter ones are lines, which stay the same from one edit to the next."""
_KEPT: Final = 2048

# Pure functions of short texts: between two edits of a card one line of thirty changes.
_clean = lru_cache(_KEPT)(sanitise.clean)
_excerpt = lru_cache(_KEPT)(partial(sanitise.excerpt, is_clean=True))
_label = lru_cache(_KEPT)(partial(sanitise.label, is_clean=True))


def forget_lines() -> None:
    """Forget all rendered lines; for measurements."""
    for kept in (_clean, _excerpt, _label):
        kept.cache_clear()


def isolated(text: str) -> str:
    """Right-to-left text between isolates (UAX #9), so that it does not turn what stands beside it."""
    is_right_to_left = any(bidirectional(letter) in {"R", "AL"} for letter in text)
    return f"\u2068{text}\u2069" if is_right_to_left else text


class Sanitizer:
    """Sanitizes foreign text. Limits are in UTF-16 units and hold for the result.

    For `terminal` text nothing is escaped, since nothing there reads markup; controls are removed in either.
    """

    def __init__(self, redact: Redact, *, terminal: bool = False) -> None:
        self._redact = redact
        self._terminal = terminal

    def source(self, text: str) -> str:
        """Cleaned and redacted, not yet cut nor escaped: for text whose length is decided later."""
        cleaned = _clean(text) if len(text) <= _SHORT else sanitise.clean(text)
        redacted = self._redact(cleaned)
        return cleaned if redacted == cleaned else sanitise.clean(redacted)

    def line(self, text: str, limit: int) -> str:
        """One line of escaped prose."""
        source = self.source(text)
        if self._terminal:
            return cut(" ".join(source.split()), limit)
        return _excerpt(source, limit) if len(source) <= _SHORT else sanitise.excerpt(source, limit, is_clean=True)

    def prose(self, text: str, limit: int) -> str:
        """Escaped prose that keeps its lines."""
        source = self.source(text)
        return cut(source.strip(), limit) if self._terminal else sanitise.plain(source, limit, is_clean=True)

    def dead(self, text: str, limit: int) -> str:
        """A line for a message's content, where an address would become a link with a preview.

        Look-alikes replace its slashes, since the sanitiser removes invisible characters.
        """
        return sanitise.excerpt(self.source(text).replace("://", _NO_ADDRESS), limit)

    def label(self, text: str, limit: int) -> str:
        """One line without markup, for titles, field names, buttons, footers."""
        if self._terminal:
            return self.line(text, limit)
        source = self.source(text)
        return _label(source, limit) if len(source) <= _SHORT else sanitise.label(source, limit, is_clean=True)

    def code(self, text: str, limit: int) -> str:
        """Text for the inside of a fence."""
        return sanitise.code(self.source(text), limit, is_clean=True)

    def link(self, url: str | None, limit: int = CARD_LINK) -> str | None:
        """`url` if it can be shown as it is and opens what it shows, else None.

        A link is never cut: that would break it.
        """
        if url is None or not url.isascii() or self.source(url) != url or _LINK.fullmatch(url) is None:
            return None
        shown = quote(url, safe=_LINK_SAFE)
        return shown if len(shown) <= limit else None
