"""The choices of a person: an agent's options as buttons can show them, and the way back from an answer.

Used by every dialect whose agent asks; the limits are those of `domain/events.QuestionAsked`.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.dialects.frames import one_line, prose
from ompycord.domain.events import QuestionAsked

__all__ = ["Options", "question"]

_LABEL: Final = 80
_WHOLE: Final = 1000
"""Characters of an option that a question's text shows."""
_COMMAS: Final = 16
_DIGITS: Final = 4
_SHOWN: Final = 20
_QUESTION: Final = 4000
_HINT: Final = 60
"""Room for a sentence below the options."""


class Options:
    """Labels of at most 80 characters, no two alike, the first twenty of them as buttons.

    Where a label cannot hold all of its option, or several can be picked and one contains a comma, all are numbered and
    the question's text lists them whole.
    """

    def __init__(self, values: Sequence[str], *, several: bool = False) -> None:
        whole = [one_line(value, _WHOLE) for value in values]
        is_long = any(len(text) > _LABEL for text in whole)
        self._is_numbered = is_long or (several and any("," in text for text in whole))
        self._whole = whole if self._is_numbered else []
        self._commas = min(max((text.count(",") for text in whole), default=0), _COMMAS)
        self._values: dict[str, str] = {}
        for number, value in enumerate(values, 1):
            mark = f"{number}. " if self._is_numbered else ""
            self._values[self._free(mark + (one_line(value, _LABEL - len(mark)) or "(empty)"))] = value

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
        if self._is_numbered:
            number, values = typed.removesuffix("."), list(self._values.values())
            if number.isascii() and number.isdigit() and 0 < int(number[:_DIGITS]) <= len(values):
                return values[int(number[:_DIGITS]) - 1]
            whole = zip(self._whole, values, strict=True)
            if found := next((value for text, value in whole if text.casefold() == typed), None):
                return found
        return next((value for label, value in self._values.items() if label.casefold() == typed), None)

    def pick_several(self, answer: str) -> list[tuple[str, str | None]]:
        """The parts of an answer between commas, each with the agent's own value; None where it is no option.

        A comma may also stand inside of an option.
        """
        parts, found = answer.split(","), list[tuple[str, str | None]]()
        first = 0
        while first < len(parts):
            last = min(first + self._commas + 1, len(parts))
            while (value := self.pick(",".join(parts[first:last]))) is None and last > first + 1:
                last -= 1
            part = ",".join(parts[first:last]).strip()
            found += [(part, value)] if part else []
            first = last
        return found

    def listed(self, room: int) -> list[str]:
        """A line for each numbered option with its whole text, in `room` characters together; else none."""
        share = room // max(len(self._whole), 1)
        return [one_line(f"{number}. {text}", max(share, _LABEL)) for number, text in enumerate(self._whole, 1)]

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
    listed = options.listed(_QUESTION - sum(len(line) + 1 for line in lines) - _HINT) if options else []
    if listed:
        lines += [*listed, "Each can be typed by its number, too."]
    elif more:
        lines.append("Also possible, typed: " + "; ".join(more))
    return QuestionAsked(
        question=ref,
        text=prose("\n".join(lines), _QUESTION).strip() or "(no text)",
        options=shown,
        free_text=free_text or bool(more),
    )
