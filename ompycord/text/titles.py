"""A title for a task of which only the words are known; for runs that we start, and for sessions that agents report."""

from typing import Final

__all__ = ["title_of"]

_LENGTH: Final = 80
"""Characters of a title that is made from a prompt."""
_FENCES: Final = ("```", "~~~")


def title_of(prompt: str) -> str:
    """The first sentence or line of a prompt that has a letter or digit and opens no fence, at most 80 characters.

    Where every line is of another kind, the first one; empty for a prompt without any text.
    """
    lines = [line.strip() for line in prompt.splitlines() if line.strip()]
    worded = (line for line in lines if any(map(str.isalnum, line)) and not line.startswith(_FENCES))
    line = next(worded, lines[0] if lines else "")
    sentence = line.split(". ", 1)[0].rstrip(".")
    return sentence if len(sentence) <= _LENGTH else sentence[: _LENGTH - 1].rstrip() + "…"
