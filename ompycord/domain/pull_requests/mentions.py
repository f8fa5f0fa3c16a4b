"""Whether a comment calls us: in its own new words, not in a quotation, in code or in a comment of HTML; pure."""

import re
from typing import Final

__all__ = ["is_mentioned", "own_words"]

_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_TICKS: Final = re.compile(r"`+")
_HTML: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)


def own_words(text: str) -> str:
    """The text without quotations, fenced and indented code, code in lines, and comments of HTML."""
    kept: list[str] = []
    fence = ""
    was_blank = True
    for line in _HTML.sub(" ", text.replace("\r\n", "\n")).split("\n"):
        if fence:
            if line.strip() and set(line.strip()) == {fence[0]} and len(line.strip()) >= len(fence):
                fence = ""
            continue
        if found := _FENCE.match(line):
            fence = found[1]
            continue
        is_code = was_blank and line.startswith(("    ", "\t"))
        was_blank = not line.strip() or is_code
        if not is_code and not line.lstrip().startswith(">"):
            kept.append(line)
    return _without_code("\n".join(kept))


def _without_code(text: str) -> str:
    """Without what stands between two runs of as many backticks. One pass: anybody can write sixty thousand of them."""
    runs = [found.span() for found in _TICKS.finditer(text)]
    closing: dict[int, int] = {}
    ends: list[int | None] = []
    for place in range(len(runs) - 1, -1, -1):
        size = runs[place][1] - runs[place][0]
        ends.append(closing.get(size))
        closing[size] = place
    ends.reverse()
    kept: list[str] = []
    at = place = 0
    while place < len(runs):
        end = ends[place]
        if end is not None:
            kept.append(text[at : runs[place][0]])
            at, place = runs[end][1], end
        place += 1
    return " ".join((*kept, text[at:]))


def is_mentioned(text: str, login: str) -> bool:
    """Whether `@login` stands in it as a word: `@ompycord-bot2` is someone else."""
    name = re.escape(login.removesuffix("[bot]"))
    return re.search(rf"(?<![\w/@.-])@{name}(?:\[bot\])?(?![\w/-])", own_words(text), re.IGNORECASE) is not None
