"""A forecast from earlier runs of the same kind: between which costs and times most of the next ones end.

Its bounds are two of the earlier values: with n of them the next one lies between the r-th from below and the r-th from
above with the probability (n + 1 - 2 r) / (n + 1), whatever their distribution is (Wilks, 1941). r is a tenth, at
least the outermost; of few values the outermost are stretched, since between them the next one lies too seldom.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.base import Frozen, Millis

__all__ = ["FEWEST", "NEWEST", "EndedRun", "Forecast", "Score", "Span", "forecast_of", "score_of"]

FEWEST: Final = 5
"""Earlier runs below which nothing is said."""
NEWEST: Final = 50
"""Earlier runs that count."""
_OUTSIDE: Final = 0.1
_FEW: Final = 9
_STRETCH: Final = 1.25


class EndedRun(Frozen):
    """What one run cost and took."""

    kind: str
    """Runs of the same kind are compared: their repository and mode, and their agent."""
    began_at: Millis
    ended_at: Millis
    cost_usd: float | None = None
    """None where it is not known whole."""
    duration_ms: Millis


class Span(Frozen):
    """Between what and what."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether it lies between them."""
        return self.low <= value <= self.high


class Forecast(Frozen):
    """What the next one will probably cost and take."""

    n: int
    cost: Span | None = None
    """US dollars; None where too few costs are known."""
    duration: Span
    """Milliseconds."""


class Score(Frozen):
    """How often forecasts were right: between their bounds."""

    durations: int = 0
    durations_right: int = 0
    costs: int = 0
    costs_right: int = 0


def forecast_of(past: Sequence[EndedRun]) -> Forecast | None:
    """From the earlier runs of one kind, in any order; None of fewer than five."""
    newest = sorted(past, key=lambda one: one.ended_at)[-NEWEST:]
    duration = _span([one.duration_ms for one in newest])
    if duration is None:
        return None
    return Forecast(
        n=len(newest),
        cost=_span([one.cost_usd for one in newest if one.cost_usd is not None]),
        duration=duration,
    )


def score_of(past: Sequence[EndedRun], *, since: Millis) -> Score:
    """How forecasts for runs that ended since then did: each from what had ended when that run began."""
    durations = durations_right = costs = costs_right = 0
    for one in past:
        if one.ended_at < since:
            continue
        known = forecast_of(
            [earlier for earlier in past if earlier.kind == one.kind and earlier.ended_at < one.began_at]
        )
        if known is None:
            continue
        durations += 1
        durations_right += known.duration.holds(one.duration_ms)
        if known.cost is not None and one.cost_usd is not None:
            costs += 1
            costs_right += known.cost.holds(one.cost_usd)
    return Score(durations=durations, durations_right=durations_right, costs=costs, costs_right=costs_right)


def _span(values: Sequence[float]) -> Span | None:
    if len(values) < FEWEST:
        return None
    ordered = sorted(values)
    if len(ordered) < _FEW:
        return Span(low=ordered[0] / _STRETCH, high=ordered[-1] * _STRETCH)
    r = max(int((len(ordered) + 1) * _OUTSIDE), 1)
    return Span(low=ordered[r - 1], high=ordered[-r])
