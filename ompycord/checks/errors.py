"""Pure: the first failures of a check, each with the part of its output that says most; what an agent repairs by."""

from collections.abc import Sequence
from typing import Final

from ompycord.checks.counts import ERRORS_KEPT, Counts
from ompycord.domain.events import ERROR_LENGTH, CheckFinished, FailedTest
from ompycord.text import clean

__all__ = ["errors_of"]

_LINES: Final = 60
_NAME: Final = 500
_RED: Final = frozenset({"failed", "timeout"})


def errors_of(finished: CheckFinished, counts: Counts | None, tail: Sequence[str]) -> tuple[FailedTest, ...]:
    """Each failed test with its error; of a check that counts none the end of its output. Empty where it is not red."""
    if finished.status not in _RED:
        return ()
    found = [] if counts is None else counts.errors[:ERRORS_KEPT]
    return tuple(_failed(name, text.splitlines()) for name, text in found or [(finished.check, "\n".join(tail))])


def _failed(name: str, lines: Sequence[str]) -> FailedTest:
    return FailedTest(test=clean(name)[:_NAME] or "?", error=clean("\n".join(_middle_out(lines)))[-ERROR_LENGTH:])


def _middle_out(lines: Sequence[str]) -> list[str]:
    """The end of a long text, where a traceback names its error, with the place where it begins."""
    if len(lines) <= _LINES:
        return list(lines)
    head = _LINES // 4
    left = len(lines) - _LINES
    return [*lines[:head], f"… {left} more lines …", *lines[len(lines) - (_LINES - head) :]]
