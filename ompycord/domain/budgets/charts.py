"""What a chart shows: a few figures, costs by day and by name, limits. One value for its picture and its text.

Counterparts: `render/charts/numbers.py` makes it, `words.py` and `drawing.py` beside it show it.
"""

from datetime import date
from typing import Annotated, Final

from pydantic import Field

from ompycord.domain.base import Frozen, Line

__all__ = ["MOST_BARS", "MOST_LIMITS", "MOST_SHARES", "Chart", "CostShare", "LimitBar", "TimeBar"]

MOST_BARS: Final = 31
"""A bar is a day up to so many; then it is several."""
MOST_SHARES: Final = 6
MOST_LIMITS: Final = 8

Usd = Annotated[float, Field(ge=0)]
Ratio = Annotated[float, Field(ge=0, le=1)]


class TimeBar(Frozen):
    """What a day cost, or some days."""

    first: date
    last: date
    """The same where it is one."""
    usd: Usd


class CostShare(Frozen):
    """What one name of several cost."""

    name: Line
    """Redacted, not escaped: each renderer has its own markup."""
    usd: Usd


class LimitBar(Frozen):
    """How much of a limit is used."""

    name: Line
    """Redacted, not escaped."""
    amounts: Line
    """What is used of how much, as every text says it."""
    spent: Ratio
    reserved: Ratio = 0.0
    """Beside what is spent, for requests that are under way; both are at most the whole together."""


class Chart(Frozen):
    """A chart that is bounded in every direction."""

    title: Line
    figures: Annotated[tuple[Line, ...], Field(max_length=3)] = ()
    """Lines of numbers beneath the title."""
    bars: Annotated[tuple[TimeBar, ...], Field(max_length=MOST_BARS)] = ()
    shares: Annotated[tuple[CostShare, ...], Field(max_length=MOST_SHARES)] = ()
    """The dearest first."""
    shares_by: Line = ""
    """What the names are: *repository*, *person*."""
    limits: Annotated[tuple[LimitBar, ...], Field(max_length=MOST_LIMITS)] = ()

    @property
    def most_usd(self) -> float:
        """What the dearest bar cost."""
        return max((bar.usd for bar in self.bars), default=0.0)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not (self.most_usd or self.limits)
