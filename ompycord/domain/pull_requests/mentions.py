"""Whether a comment calls us: in its own new words, not in a quotation, in code or in a comment of HTML; pure."""

import re
from typing import Final

__all__ = ["is_mentioned", "own_words"]

_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")
_CODE: Final = re.compile(r"(`+)(?:(?!\1).)+?\1", re.DOTALL)
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
    return _CODE.sub(" ", "\n".join(kept))


def is_mentioned(text: str, login: str) -> bool:
    """Whether `@login` stands in it as a word: `@ompycord-bot2` is someone else."""
    name = re.escape(login.removesuffix("[bot]"))
    return re.search(rf"(?<![\w/@.-])@{name}(?:\[bot\])?(?![\w/-])", own_words(text), re.IGNORECASE) is not None
