"""What a forge's page does not show of a text that an agent reads in full; pure.

Each such part gets a mark before it, which people see and the agent reads.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["Uncovered", "uncover"]

_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_LINK_COMMENT: Final = re.compile(r"^\[(?://|comment|_|#)\]:\s*\S+.*$", re.MULTILINE | re.IGNORECASE)
_FOLDED: Final = re.compile(r"<details(?:\s[^>]*+)?>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"""<[a-z][^<>]*\s(?:alt|title|aria-label|data-[\w-]+)\s*=[^<>]*>""", re.IGNORECASE)
_PICTURE: Final = re.compile(r"!\[[^\]\n]++\]\([^)\n]*+\)")
_LINK_TITLE: Final = re.compile(r"""\]\([^)\s]*+\s++["'][^"'\n]++["']\)""")
_VISIBLE: Final = frozenset("\n\t\r")
_JOINERS: Final = frozenset("\u200d\ufe0f\ufe0e")
"""Parts of emoji and of some scripts; they are marked where they join nothing."""

_SYMBOLS: Final = 0x2000
"""Where signs begin that a joiner joins; letters of Latin, Greek and Cyrillic stand before."""
_FILLERS: Final = frozenset({0x115F, 0x1160, 0x3164, 0xFFA0, 0x2800, 0x034F, 0x17B4, 0x17B5})
_SELECTORS: Final = (range(0xFE00, 0xFE10), range(0xE0000, 0xE1000))
_UNSEEN: Final = frozenset({"Cf", "Cc", "Co", "Cn"})
"""Unicode's categories of what draws nothing."""

_PARTS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("HTML comment", _COMMENT),
    ("comment in a link", _LINK_COMMENT),
    ("folded block", _FOLDED),
    ("text in an attribute", _ATTRIBUTE),
    ("text behind a picture", _PICTURE),
    ("title of a link", _LINK_TITLE),
)


class Uncovered(NamedTuple):
    """A text with its hidden parts marked."""

    text: str
    counts: Mapping[str, int]
    """How many of each kind there are."""


def uncover(text: str) -> Uncovered:
    """Marks what is hidden: `⟨hidden: HTML comment⟩<!-- … -->`, and an invisible character as `⟨U+200B⟩`."""
    counts: dict[str, int] = {}
    marks: list[tuple[int, str]] = []
    for kind, pattern in _PARTS:
        for found in pattern.finditer(text):
            marks.append((found.start(), f"⟨hidden: {kind}⟩"))
            counts[kind] = counts.get(kind, 0) + 1
    marks.sort(key=lambda one: one[0])
    pieces: list[str] = []
    last = 0
    invisible = 0
    for at, mark in [*marks, (len(text), "")]:
        shown, number = _shown(text[last:at])
        pieces += [shown, mark]
        invisible += number
        last = at
    if invisible:
        counts["invisible character"] = invisible
    return Uncovered("".join(pieces), counts)


def _shown(text: str) -> tuple[str, int]:
    kept: list[str] = []
    number = 0
    for at, sign in enumerate(text):
        if _is_invisible(sign) and not _joins(text, at):
            kept.append(f"⟨U+{ord(sign):04X}⟩")
            number += 1
        else:
            kept.append(sign)
    return "".join(kept), number


def _is_invisible(sign: str) -> bool:
    if sign in _VISIBLE:
        return False
    code = ord(sign)
    is_listed = code in _FILLERS or any(code in some for some in _SELECTORS)
    return is_listed or unicodedata.category(sign) in _UNSEEN


def _joins(text: str, at: int) -> bool:
    """Whether a joiner or selector stands where one belongs: right after a sign that takes one."""
    if text[at] not in _JOINERS or at == 0 or _is_invisible(text[at - 1]) or text[at - 1].isspace():
        return False
    return ord(text[at - 1]) > _SYMBOLS or text[at] == "\ufe0f"
