"""Runs and accounts to the numbers of a chart; `words.py` and `drawing.py` show them and add none of their own."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import SpendingAccount
from ompycord.domain.budgets.charts import MOST_BARS, MOST_SHARES, CostShare, LimitBar, TimeBar
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.schedules.zones import local_of
from ompycord.render.costs import spent_by
from ompycord.render.money.budgets import limit_name, used_words
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["limit_bar", "shares_of", "time_bars"]

_NAME: Final = 60


def time_bars(
    snapshots: Sequence[StatusSnapshot], *, start: Millis, end: Millis, zone: ZoneInfo
) -> tuple[TimeBar, ...]:
    """What the runs cost by the local day in which they began, for all days that [start, end) touches.

    Every bar but the last has the same number of days; it is one where at most `MOST_BARS` are touched.
    """
    by_day: defaultdict[date, list[StatusSnapshot]] = defaultdict(list)
    for one in snapshots:
        by_day[local_of(one.created_at, zone).date()].append(one)
    days = list(_days(local_of(start, zone).date(), local_of(max(start, end - 1), zone).date()))
    each = -(-len(days) // MOST_BARS)
    spans = [days[at : at + each] for at in range(0, len(days), each)]
    return tuple(
        TimeBar(first=span[0], last=span[-1], usd=spent_by(one for day in span for one in by_day[day]))
        for span in spans
    )


def _days(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def shares_of(
    snapshots: Sequence[StatusSnapshot], name_of: Callable[[StatusSnapshot], str], *, redact: Redact
) -> tuple[CostShare, ...]:
    """What the runs cost by name, the dearest first; the cheapest of many are one.

    Names that cost nothing are left out.
    """
    by_name: defaultdict[str, list[StatusSnapshot]] = defaultdict(list)
    plain = Sanitizer(redact, terminal=True)
    for one in snapshots:
        by_name[plain.line(name_of(one), _NAME)].append(one)
    sums = {name: usd for name, runs in by_name.items() if (usd := spent_by(runs)) > 0}
    names = sorted(sums, key=lambda name: (-sums[name], name))
    if len(names) <= MOST_SHARES:
        return tuple(CostShare(name=name, usd=sums[name]) for name in names)
    named, others = names[: MOST_SHARES - 1], names[MOST_SHARES - 1 :]
    rest = CostShare(name=f"{len(others)} others", usd=spent_by(one for name in others for one in by_name[name]))
    return (*(CostShare(name=name, usd=sums[name]) for name in named), rest)


def limit_bar(account: SpendingAccount, *, whose: str, redact: Redact) -> LimitBar:
    """The tighter limit of an account: what is spent of it, and what is reserved for requests under way."""
    spent, reserved = max(_parts(account), default=(Decimal(0), Decimal(0)))
    whole = min(spent, Decimal(1))
    plain = Sanitizer(redact, terminal=True)
    return LimitBar(
        name=limit_name(account, plain.line(whose, _NAME)),
        amounts=used_words(account),
        spent=float(whole),
        reserved=float(min(reserved, 1 - whole)),
    )


def _parts(account: SpendingAccount) -> Iterator[tuple[Decimal, Decimal]]:
    """Spent and reserved as parts of each limit; of one of nothing everything is spent."""
    if account.usd is not None:
        yield _part(account.spent_usd, account.reserved_usd, account.usd)
    if account.tokens is not None:
        yield _part(Decimal(account.spent_tokens), Decimal(account.reserved_tokens), Decimal(account.tokens))


def _part(spent: Decimal, reserved: Decimal, limit: Decimal) -> tuple[Decimal, Decimal]:
    return (spent / limit, reserved / limit) if limit > 0 else (Decimal(1), Decimal(0))
