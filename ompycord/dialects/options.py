"""The choices of a person: an agent's options as buttons can show them, and the way back from an answer.

Used by every dialect whose agent asks; the limits are those of `domain/events.QuestionAsked`.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.dialects.frames import one_line, prose
from ompycord.domain.events import QuestionAsked

__all__ = ["Options", "question"]

_LABEL: Final = 80
_SHOWN: Final = 20
_QUESTION: Final = 4000


class Options:
    """Labels of at most 80 characters, no two alike, the first twenty of them as buttons."""

    def __init__(self, values: Sequence[str]) -> None:
        self._values: dict[str, str] = {}
        for value in values:
            self._values[self._free(one_line(value, _LABEL) or "(empty)")] = value

    @property
    def shown(self) -> tuple[str, ...]:
        """Labels for buttons."""
        return tuple(self._values)[:_SHOWN]

    @property
    def more(self) -> tuple[str, ...]:
        """Labels beyond the buttons; they can be typed."""
        return tuple(self._values)[_SHOWN:]

    def pick(self, answer: str) -> str | None:
        """The agent's own value behind an answer; None where the answer is no option."""
        if answer in self._values:
            return self._values[answer]
        typed = answer.strip().casefold()
        return next((value for label, value in self._values.items() if label.casefold() == typed), None)

    def _free(self, label: str) -> str:
        """The label, numbered where it is taken."""
        number, free = 2, label
        while free in self._values:
            mark = f" ({number})"
            free = one_line(label, _LABEL - len(mark)) + mark
            number += 1
        return free


def question(
    ref: str, text: str, options: Options | None = None, *, details: Sequence[str] = (), free_text: bool = True
) -> QuestionAsked:
    """The event; `details` become lines below the text, and so do options that get no button."""
    shown = options.shown if options else ()
    more = options.more if options else ()
    lines = [text, *details]
    if more:
        lines.append("Also possible, typed: " + "; ".join(more))
    return QuestionAsked(
        question=ref,
        text=prose("\n".join(lines), _QUESTION).strip() or "(no text)",
        options=shown,
        free_text=free_text or bool(more),
    )
