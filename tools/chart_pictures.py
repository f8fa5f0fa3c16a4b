"""Draws the charts of the docs with the product's own drawing and example numbers: `python -m tools.chart_pictures`.

Counterpart: docs/images/costs.png and week.png.
"""

import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from ompycord.domain.budgets.charts import Chart, CostShare, LimitBar, TimeBar
from ompycord.render.charts.drawing import chart_png

FOLDER: Final = Path("docs/images")
FIRST: Final = date(2027, 3, 1)
MONTH: Final = (
    *(4.2, 9.8, 12.4, 7.5, 15.1, 0, 0, 8.3, 11.9, 14.6, 6.2, 18.75, 0.9, 0, 10.4, 13.3),
    *(9.1, 16.8, 12.2, 0, 0, 7.7, 14.9, 22.4, 11.3, 17.6, 1.2, 0, 12.8, 9.4, 8.2),
)
WEEK: Final = (5.1, 14.9, 22.4, 11.3, 17.6, 1.2, 0, 3.4)


def main() -> int:
    """Write both."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "costs.png").write_bytes(chart_png(month()))
    (FOLDER / "week.png").write_bytes(chart_png(week()))
    return 0


def month() -> Chart:
    """What an admin sees of `/omp cost who: server`."""
    return Chart(
        title="All runs of this server, the last 30 days",
        figures=(
            f"${sum(MONTH):.2f} · 164 runs · 61M tokens in, 4M out",
            "2 runs reported no cost and are not included.",
        ),
        bars=_bars(FIRST, MONTH),
        shares=_shares(sum(MONTH), ("shop", 0.52), ("site", 0.24), ("docs", 0.13), ("infra", 0.11)),
        shares_by="repository",
        limits=(
            _limit("This server today", "$8.20 of $40.00 (20 %) · $1.50 reserved", spent=0.205, reserved=0.0375),
            _limit(
                "This server this month", "$276.95 of $320.00 (86 %) · $1.50 reserved", spent=0.8655, reserved=0.0047
            ),
            _limit("shop today", "$8.20 of $8.00 (102 %)", spent=1),
        ),
    )


def week() -> Chart:
    """A weekly digest."""
    return Chart(
        title="Week · 22 Mar to 29 Mar 2027",
        figures=(
            f"Cost: ${sum(WEEK):.2f} for 41 runs, cost of 1 run unknown (median before: $61.40)",
            "Done: 35 runs, 31 with passed checks",
            "Broken: 3 by red checks, 1 by going in circles and 1 by silence",
        ),
        bars=_bars(FIRST + timedelta(days=21), WEEK),
        shares=_shares(sum(WEEK), ("shop", 0.55), ("site", 0.3), ("docs", 0.15)),
        shares_by="repository",
    )


def _limit(name: str, amounts: str, *, spent: float, reserved: float = 0) -> LimitBar:
    return LimitBar(name=name, amounts=amounts, spent=spent, reserved=reserved)


def _bars(first: date, amounts: Sequence[float]) -> tuple[TimeBar, ...]:
    days = [first + timedelta(days=number) for number in range(len(amounts))]
    return tuple(TimeBar(first=day, last=day, usd=usd) for day, usd in zip(days, amounts, strict=True))


def _shares(total: float, *parts: tuple[str, float]) -> tuple[CostShare, ...]:
    return tuple(CostShare(name=name, usd=total * part) for name, part in parts)


if __name__ == "__main__":
    sys.exit(main())
