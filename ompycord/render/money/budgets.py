"""Shared accounts in words and as a chart of text: what is used, of how much, until when, who may raise it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from ompycord.domain.budgets.accounts import AccountScope, SharedAccount, SpendingAccount
from ompycord.domain.budgets.periods import Period
from ompycord.render.phrases import money, stamp, tokens

__all__ = [
    "EACH",
    "RAISES",
    "account_lines",
    "amounts_of",
    "begins_again",
    "days_chart",
    "unpriced_words",
    "used_up_account",
]

_CELLS: Final = 10
_FULL, _EMPTY, _PART = "▓", "░", "▒"
_STEPS: Final = "▁▂▃▄▅▆▇█"
_SPANS: Final = {Period.DAY: "today", Period.MONTH: "this month"}
EACH: Final = {Period.DAY: "a day", Period.MONTH: "a month"}
RAISES: Final = "An admin raises it: Raise… on a stopped card, or /omp-admin budget."


def used_up_account(account: SpendingAccount, *, person: str) -> str:
    """Which limit is used up, when it begins again, and who may raise it. `person` is whose account it is."""
    shared = _shared_of(account)
    limit = f"{_limit(account)} {EACH[shared.period]}"
    return f"{_whose(shared, person)} limit of {limit} is used up. {begins_again(shared)} {RAISES}"


def unpriced_words(account: SpendingAccount, *, person: str) -> str:
    """That a limit in dollars lets no model be asked of which nobody states the price."""
    shared = _shared_of(account)
    return (
        f"{_whose(shared, person)} limit is in dollars, and the price of this model is not known. "
        "An admin adds it to providers: prices, or sets budgets.unknown_prices."
    )


def begins_again(shared: SharedAccount) -> str:
    """When the next period begins, by the server's own clock."""
    local = datetime.fromtimestamp(shared.span.end / 1000, ZoneInfo(shared.zone))
    return f"It begins again on {local:%Y-%m-%d} at {local:%H:%M} ({shared.zone})."


def account_lines(accounts: Sequence[SpendingAccount], *, whose: str = "") -> list[str]:
    """A line for each: a bar, what is used, of how much, until when."""
    return [_line(one, whose) for one in accounts]


def _line(account: SpendingAccount, whose: str) -> str:
    shared = _shared_of(account)
    percent = account.used_percent()
    raised = " · raised" if shared.is_raised else ""
    name = f"{whose} " if whose else ""
    return (
        f"`{_bar(percent)}` {name}{_SPANS[shared.period]}: {_used(account)} of {_limit(account)} "
        f"({percent} %){raised} · begins again {stamp(shared.span.end)}"
    )


def _bar(percent: int) -> str:
    full, rest = divmod(min(percent, 100), 100 // _CELLS)
    bar = _FULL * full + (_PART if rest >= 100 // _CELLS // 2 and full < _CELLS else "")
    return bar.ljust(_CELLS, _EMPTY)


def days_chart(days: Sequence[tuple[date, Decimal]]) -> str:
    """What each of some days cost, as one line of bars, with the first and the last day and the dearest one.

    Empty where nothing was spent.
    """
    most = max((usd for _, usd in days), default=Decimal(0))
    if most <= 0:
        return ""
    bars = "".join(_step(usd, most) for _, usd in days)
    dearest, usd = max(days, key=lambda one: one[1])
    spread = f"{days[0][0]:%d %b} to {days[-1][0]:%d %b}"
    return f"`{bars}` {spread}, most on {dearest:%d %b}: {money(float(usd))}"


def _step(usd: Decimal, most: Decimal) -> str:
    if usd <= 0:
        return " "
    return _STEPS[min(len(_STEPS) - 1, int(usd * len(_STEPS) / most))]


def _whose(shared: SharedAccount, person: str) -> str:
    match shared.key.scope:
        case AccountScope.PERSON:
            return f"{person[:1].upper()}{person[1:]}'s"
        case AccountScope.REPOSITORY:
            return f"{shared.key.name}'s"
        case AccountScope.SERVER:
            return "This server's"


def amounts_of(account: SpendingAccount) -> tuple[str, str]:
    """What is used of an account, and its limit."""
    return _used(account), _limit(account)


def _limit(account: SpendingAccount) -> str:
    return _amounts(account.usd, account.tokens)


def _used(account: SpendingAccount) -> str:
    usd = None if account.usd is None else account.spent_usd
    return _amounts(usd, None if account.tokens is None else account.spent_tokens)


def _amounts(usd: Decimal | None, used: int | None) -> str:
    parts = [] if usd is None else [money(float(usd))]
    parts += [] if used is None else [f"{tokens(used)} tokens"]
    return " and ".join(parts)


def _shared_of(account: SpendingAccount) -> SharedAccount:
    """Raises TypeError for a run's own account, which has other words."""
    if account.shared is None:
        raise TypeError(f"{account.name} is no shared account")
    return account.shared
