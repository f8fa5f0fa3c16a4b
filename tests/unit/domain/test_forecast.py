"""Forecasts from earlier runs: silent of few, right most of the time, and scored by what was known then."""

import random

import pytest

from ompycord.domain.forecasting.forecast import EndedRun, Forecast, Score, Span, forecast_of, score_of
from ompycord.render.reports.forecast import forecast_words, score_words

MINUTE = 60_000


def past(number: int, cost: float | None = 1.0, minutes: float = 10, kind: str = "shop") -> EndedRun:
    began = number * 3_600_000
    took = round(minutes * MINUTE)
    return EndedRun(kind=kind, began_at=began, ended_at=began + took, cost_usd=cost, duration_ms=took)


def test_of_fewer_than_five_nothing_is_said() -> None:
    assert forecast_of([past(n) for n in range(4)]) is None
    assert forecast_words(None) == ""
    known = forecast_of([past(n, None if n else 1.0) for n in range(5)])
    assert known is not None
    assert known.cost is None


def test_it_is_said_in_one_line() -> None:
    known = Forecast(n=14, cost=Span(low=0.4, high=1.9), duration=Span(low=6 * MINUTE, high=20 * MINUTE))
    assert forecast_words(known) == "like tasks here: $0.40 to $1.90, 6 to 20 min (n = 14)"
    short = Forecast(n=5, duration=Span(low=20_000, high=120_000))
    assert forecast_words(short) == "like tasks here: 20 s to 2 min (n = 5)"


@pytest.mark.parametrize("sigma", [0.3, 0.8, 1.5])
def test_seven_of_ten_of_the_next_ones_lie_within(sigma: float, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(22)
    runs = [past(n, chance.lognormvariate(0, sigma), chance.lognormvariate(2, sigma)) for n in range(120)]
    scored = score_of(runs, since=0)
    print(f"sigma {sigma}: {score_words(scored)}")  # noqa: T201  # a person reads how often it was right
    assert scored.durations == scored.costs >= 110
    assert scored.durations_right >= 0.7 * scored.durations
    assert scored.costs_right >= 0.7 * scored.costs
    assert "Forecast held" in capsys.readouterr().out


def test_a_forecast_knows_only_what_had_ended_before() -> None:
    runs = [past(n) for n in range(5)]
    later = [past(10, cost=50.0, minutes=200), past(11, cost=50.0, minutes=200)]
    assert score_of([*runs, *later], since=10 * 3_600_000) == Score(durations=2, costs=2)
    assert score_of([*runs, past(10, kind="other")], since=10 * 3_600_000) == Score()
