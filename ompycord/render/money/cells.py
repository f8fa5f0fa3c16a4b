"""Amounts as block characters: one bar in cells, or a row of bars."""

from collections.abc import Sequence
from typing import Final

__all__ = ["filled", "spark"]

_FULL, _EMPTY, _PART = "▓", "░", "▒"
_STEPS: Final = "▁▂▃▄▅▆▇█"
_HALF: Final = 0.5


def filled(part: float, cells: int) -> str:
    """A part of a whole, 0 to 1, as so many cells; more than the whole is full."""
    whole, rest = divmod(min(part, 1.0) * cells, 1)
    full = int(whole)
    return (_FULL * full + (_PART if rest >= _HALF and full < cells else "")).ljust(cells, _EMPTY)


def spark(amounts: Sequence[float]) -> str:
    """A bar for each amount, the highest for the largest; nothing is a space."""
    most = max(amounts, default=0.0)
    return "".join(_step(amount, most) for amount in amounts)


def _step(amount: float, most: float) -> str:
    if amount <= 0:
        return " "
    return _STEPS[min(len(_STEPS) - 1, int(amount / most * len(_STEPS)))]
