"""A forecast and its score as text."""

from ompycord.domain.forecasting.forecast import Forecast, Score, Span
from ompycord.render.phrases import duration, money

__all__ = ["forecast_words", "score_words"]

_MINUTE_MS = 60_000


def forecast_words(forecast: Forecast | None) -> str:
    """`like tasks here: $0.40 to $1.90, 6 to 20 min (n = 14)`; empty where nothing is known."""
    if forecast is None:
        return ""
    cost = "" if forecast.cost is None else f"{_between(money(forecast.cost.low), money(forecast.cost.high))}, "
    return f"like tasks here: {cost}{_times(forecast.duration)} (n = {forecast.n})"


def score_words(score: Score) -> str:
    """How often it was right; empty where there was nothing to be right about."""
    if not score.durations:
        return ""
    cost = f"cost {score.costs_right} of {score.costs}, " if score.costs else ""
    return f"Forecast held: {cost}time {score.durations_right} of {score.durations}"


def _times(span: Span) -> str:
    low, high = round(span.low), round(span.high)
    if low >= _MINUTE_MS and high < 60 * _MINUTE_MS:
        return f"{_between(str(round(low / _MINUTE_MS)), str(round(high / _MINUTE_MS)))} min"
    return _between(duration(low), duration(high))


def _between(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
