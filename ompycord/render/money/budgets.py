"""Shared accounts in words and as a chart of text: what is used, of how much, until when, who may raise it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from ompycord.domain.budgets.accounts import AccountScope, SharedAccount, SpendingAccount
from ompycord.domain.budgets.periods import Period
from ompycord.render.money.cells import filled, spark
from ompycord.render.phrases import money, stamp, tokens

__all__ = [
    "EACH",
    "RAISES",
    "account_lines",
    "amounts_of",
    "begins_again",
    "days_chart",
    "limit_name",
    "unpriced_words",
    "used_up_account",
    "used_words",
]

_CELLS: Final = 10
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
    bar = filled(account.used_percent() / 100, _CELLS)
    return f"`{bar}` {limit_name(account, whose)}: {used_words(account)} · begins again {stamp(shared.span.end)}"


def limit_name(account: SpendingAccount, whose: str) -> str:
    """`shop today`; `today` where it is clear whose."""
    return f"{whose} {_SPANS[_shared_of(account).period]}".strip()


def used_words(account: SpendingAccount) -> str:
    """`$6.00 of $10.00 (60 %)`, what is reserved for requests under way, and whether the limit was raised."""
    words = f"{_used(account)} of {_limit(account)} ({account.used_percent()} %)"
    if reserved := _reserved(account):
        words += f" · {reserved} reserved"
    return f"{words} · raised" if _shared_of(account).is_raised else words


def days_chart(days: Sequence[tuple[date, Decimal]]) -> str:
    """What each of some days cost, as one line of bars, with the first and the last day and the dearest one.

    Empty where nothing was spent.
    """
    most = max((usd for _, usd in days), default=Decimal(0))
    if most <= 0:
        return ""
    bars = spark([float(usd) for _, usd in days])
    dearest, usd = max(days, key=lambda one: one[1])
    spread = f"{days[0][0]:%d %b} to {days[-1][0]:%d %b}"
    return f"`{bars}` {spread}, most on {dearest:%d %b}: {money(float(usd))}"


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


def _reserved(account: SpendingAccount) -> str:
    usd = None if account.usd is None else account.reserved_usd
    return _amounts(usd or None, None if account.tokens is None else account.reserved_tokens or None)


def _amounts(usd: Decimal | None, used: int | None) -> str:
    parts = [] if usd is None else [money(float(usd))]
    parts += [] if used is None else [f"{tokens(used)} tokens"]
    return " and ".join(parts)


def _shared_of(account: SpendingAccount) -> SharedAccount:
    """Raises TypeError for a run's own account, which has other words."""
    if account.shared is None:
        raise TypeError(f"{account.name} is no shared account")
    return account.shared
