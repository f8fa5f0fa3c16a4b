"""The numbers of a chart and its text: sums agree, spans tile, names are whole, rows fit a phone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ompycord.domain.budgets.accounts import AccountKey, AccountScope, SharedAccount, SpendingAccount
from ompycord.domain.budgets.charts import MOST_BARS, MOST_SHARES, Chart, CostShare, LimitBar, TimeBar
from ompycord.domain.budgets.periods import Period, PeriodSpan
from ompycord.domain.folds.snapshot import StatusSnapshot, Usage
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunKind, RunState
from ompycord.render.charts.numbers import limit_bar, shares_of, time_bars
from ompycord.render.charts.words import bars_words, chart_block, chart_description, shares_words
from ompycord.render.costs import spent_by

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3_600_000
DAY = 24 * HOUR
START = round(datetime(2027, 3, 22, 8, tzinfo=UTC).timestamp() * 1000)
MONDAY = date(2027, 3, 22)


def run(number: int, usd: float | None, *, at: int = START, repository: str | None = "shop") -> StatusSnapshot:
    return StatusSnapshot(
        run=RunId(f"01JD00000000000000000{number:05}"), kind=RunKind.HOSTED, state=RunState.COMPLETE, title="x",
        repository=repository, usage=Usage(cost_usd=usd), created_at=at, last_event_at=at,
    )  # fmt: skip


def repository_of(one: StatusSnapshot) -> str:
    return one.repository or "no repository"


def account(
    usd: str | None = "10", *, spent: str = "0", reserved: str = "0", tokens: int | None = None, used: int = 0
) -> SpendingAccount:
    shared = SharedAccount(
        key=AccountKey("g", AccountScope.SERVER, ""), period=Period.DAY, span=PeriodSpan(0, DAY), zone="UTC"
    )
    return SpendingAccount(
        name="server", usd=None if usd is None else Decimal(usd), spent_usd=Decimal(spent),
        reserved_usd=Decimal(reserved), tokens=tokens, spent_tokens=used, shared=shared,
    )  # fmt: skip


@pytest.mark.parametrize(("days", "bars", "each"), [(0, 1, 1), (7, 8, 1), (30, 31, 1), (31, 16, 2), (366, 31, 12)])
def test_bars_tile_the_span_and_hold_every_run_once(days: int, bars: int, each: int) -> None:
    runs = [run(number, 0.5 * (number + 1), at=START + number * DAY) for number in range(days + 1)]
    found = time_bars(runs, start=START, end=START + days * DAY + 1, zone=BERLIN)
    assert (len(found), (found[0].last - found[0].first).days + 1) == (bars, each)
    assert len(found) <= MOST_BARS
    assert (found[0].first, found[-1].last) == (MONDAY, MONDAY + timedelta(days=days))
    assert all(one.last + timedelta(days=1) == after.first for one, after in pairwise(found))
    assert sum(bar.usd for bar in found) == spent_by(runs)


def test_a_run_counts_in_the_local_day_in_which_it_began_and_an_unknown_cost_in_none() -> None:
    midnight = round(datetime(2027, 3, 28, tzinfo=BERLIN).timestamp() * 1000)  # this day has 23 hours
    runs = [run(1, 1.0, at=midnight - 1), run(2, 2.0, at=midnight), run(3, 4.0, at=midnight + 23 * HOUR), run(4, None)]
    found = time_bars(runs, start=midnight - DAY, end=midnight + 23 * HOUR, zone=BERLIN)
    assert [(bar.first.day, bar.usd) for bar in found] == [(27, 1.0), (28, 2.0)]


def test_shares_are_the_dearest_first_and_the_cheapest_of_many_one() -> None:
    runs = [run(number, float(number), repository=f"r{number % 9}") for number in range(1, 18)] + [
        run(99, 0, repository="z")
    ]
    shares = shares_of(runs, repository_of, redact=str)
    assert len(shares) == MOST_SHARES
    assert [share.name for share in shares] == ["r8", "r7", "r6", "r5", "r4", "4 others"]
    assert sum(share.usd for share in shares) == spent_by(runs)
    assert shares_of([], repository_of, redact=str) == ()
    assert shares_of([run(1, 1, repository="s3cret")], repository_of, redact=lambda text: "…")[0].name == "…"


@pytest.mark.parametrize(
    ("one", "spent", "reserved", "amounts"),
    [
        (account(spent="2.5", reserved="5"), 0.25, 0.5, "$2.50 of $10.00 (25 %) · $5.00 reserved"),
        (account(spent="8", reserved="5"), 0.8, 0.2, "$8.00 of $10.00 (80 %) · $5.00 reserved"),
        (account(spent="25"), 1, 0, "$25.00 of $10.00 (250 %)"),
        (account("0"), 1, 0, "$0.00 of $0.00 (0 %)"),
        (account(spent="1", tokens=1000, used=900), 0.9, 0, "$1.00 and 900 tokens of $10.00 and 1k tokens (90 %)"),
        (account(None, tokens=2**53), 0, 0, "0 tokens of over 1,000,000M tokens (0 %)"),
    ],
)
def test_a_limit_shows_its_tighter_part_and_never_more_than_the_whole(
    one: SpendingAccount, spent: float, reserved: float, amounts: str
) -> None:
    bar = limit_bar(one, whose="This server", redact=str)
    assert bar == LimitBar(name="This server today", amounts=amounts, spent=spent, reserved=reserved)


def day(number: int, usd: float) -> TimeBar:
    return TimeBar(first=MONDAY + timedelta(days=number), last=MONDAY + timedelta(days=number), usd=usd)


def week(**changes: object) -> Chart:
    amounts = (1.2, 4.5, 0.0, 12.75, 0.004)
    fields: dict[str, object] = {
        "title": "Runs", "figures": ("$18.45 · 5 runs", "One is not included."), "shares_by": "repository",
        "bars": [day(number, usd) for number, usd in enumerate(amounts)],
        "shares": [
            CostShare(name="shop", usd=12.2), CostShare(name="магазин-`ы`-имя", usd=5),
            CostShare(name="商店商店商店", usd=1.254),
        ],
        "limits": [LimitBar(name="today", amounts="$1.00 of $2.00 (50 %)", spent=0.5)],
    }  # fmt: skip
    return Chart.model_validate(fields | changes)


def test_the_block_of_few_days_has_a_row_for_each_and_fits_a_phone() -> None:
    assert chart_block(week()) == [
        "```",
        "Mon 22     ▒░░░░░░░ $1.20",
        "Tue 23     ▓▓▒░░░░░ $4.50",
        "Wed 24     ░░░░░░░░ $0.00",
        "Thu 25     ▓▓▓▓▓▓▓▓ $12.75",
        "Fri 26     ░░░░░░░░ under $0.01",
        "",
        "By repository",
        "shop       ▓▓▓▓▓▓▓▓ $12.20",
        "магазин-\u02cb… ▓▓▓░░░░░ $5.00",
        "商店商店…  ▒░░░░░░░ $1.25",
        "```",
    ]


def test_many_bars_are_one_row_with_the_dearest_named() -> None:
    bars = [day(number, number / 10) for number in range(31)]
    block = chart_block(week(bars=bars, shares=()))
    assert block == [
        "```",
        " ▁▁▁▂▂▂▂▃▃▃▃▄▄▄▅▅▅▅▆▆▆▆▇▇▇▇████",
        "22 Mar                   21 Apr",
        "most on 21 Apr: $3.00",
        "```",
    ]
    long = [TimeBar(first=MONDAY, last=MONDAY + timedelta(days=11), usd=999_999_999)] * 31
    wide = chart_block(week(bars=long, shares=[CostShare(name="n" * 500, usd=999_999_999)]))
    assert "most from 22 Mar to 2 Apr: $999,999,999.00" in wide
    assert max(map(len, wide[:2] + wide[-2:])) <= 36


def test_the_description_has_all_numbers_and_whole_names_within_discords_limit() -> None:
    assert chart_description(week()) == (
        "Runs. $18.45 · 5 runs. One is not included. 22 Mar $1.20, 23 Mar $4.50, 25 Mar $12.75, 26 Mar under $0.01. "
        "By repository: shop $12.20, магазин-`ы`-имя $5.00, 商店商店商店 $1.25. today: $1.00 of $2.00 (50 %)"
    )
    long = [CostShare(name="n" * 500, usd=1)] * 6
    assert len(chart_description(week(shares=long))) == 1024


def test_a_line_has_the_same_amounts_and_nothing_spent_is_nothing() -> None:
    assert bars_words(week()) == "`▁▃ █▁` Mon 22 $1.20, Tue 23 $4.50, Wed 24 $0.00, Thu 25 $12.75, Fri 26 under $0.01"
    assert shares_words(week()) == "shop $12.20, магазин-`ы`-имя $5.00, 商店商店商店 $1.25"
    empty = week(bars=[day(0, 0)], shares=())
    assert (bars_words(empty), chart_block(empty), empty.is_empty) == ("", [], False)
    assert chart_description(empty) == "Runs. $18.45 · 5 runs. One is not included. today: $1.00 of $2.00 (50 %)"
    assert week(bars=(), limits=()).is_empty
