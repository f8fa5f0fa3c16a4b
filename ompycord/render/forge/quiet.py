"""Foreign words for a forge's Markdown: they notify no one, link nothing, close nothing; pure.

Names stand as code, texts in fences, where forges read no mention and no `Fixes #1`. A title has neither.
"""

import re
from typing import Final

from ompycord.render.phrases import count
from ompycord.text import clean, cut

__all__ = ["code", "fenced", "title_of"]

TITLE_LIMIT: Final = 256
"""Characters of a pull request's title (GitHub)."""
_ISSUE: Final = re.compile(r"(?:(pull request|issue)\s*)?(?:\bGH-|#)(?=\d)", re.IGNORECASE)
_LINK: Final = re.compile(r"https?://\S*?/(issues|pull)/(\d+)\S*", re.IGNORECASE)
"""An address by which a closing word means an issue as by its number."""
_TICKS: Final = re.compile(r"`+")


def title_of(text: str) -> str:
    """One line, cut at a character: `Fix #12, @ada` is `Fix issue 12, ada`."""
    line = _LINK.sub(r"\1 \2", " ".join(clean(text).split())).replace("@", "")
    named = _ISSUE.sub(lambda found: f" {found[1] or 'issue'} ", line)
    return cut(" ".join(named.split()), TITLE_LIMIT) or "Result"


def code(text: str, limit: int) -> str:
    """A name in a line or a cell of a table."""
    line = " ".join(clean(text).replace("`", "'").replace("|", "¦").split())
    return f"`{cut(line, limit)}`" if line else "–"


def fenced(text: str, limit: int) -> str:
    """A text with its lines; what does not fit is counted, and a fence in it ends nothing."""
    whole = clean(text).strip()
    shown = cut(whole, limit)
    longest = max((len(found[0]) for found in _TICKS.finditer(shown)), default=0)
    fence = "`" * max(3, longest + 1)
    lost = len(whole) - len(shown)
    more = f"\n\n{count(lost, 'character')} more are left out here." if lost > 0 else ""
    return f"{fence}text\n{shown}\n{fence}{more}"
