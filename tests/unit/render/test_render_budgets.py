"""Shared accounts in words: what is used, of how much, when it begins again, who raises it."""

from datetime import date
from decimal import Decimal

from ompycord.domain.budgets.accounts import AccountKey, AccountScope, SharedAccount, SpendingAccount
from ompycord.domain.budgets.periods import Period, PeriodSpan
from ompycord.render.money.budgets import account_lines, days_chart, used_up_account

END = 1_798_758_000_000  # 2026-12-31 23:00 UTC


def account(scope: AccountScope, name: str = "", *, spent: str = "6", tokens: int | None = None) -> SpendingAccount:
    shared = SharedAccount(
        key=AccountKey("g", scope, name),
        period=Period.DAY,
        span=PeriodSpan(END - 86_400_000, END),
        zone="Europe/Berlin",
    )
    return SpendingAccount(
        name=scope, usd=Decimal(10), tokens=tokens, spent_usd=Decimal(spent), spent_tokens=900, shared=shared
    )


def test_a_limit_that_is_used_up_says_whose_when_it_begins_again_and_who_raises_it() -> None:
    words = used_up_account(account(AccountScope.PERSON, "1"), person="Ada")
    assert words == (
        "Ada's limit of $10.00 a day is used up. It begins again on 2027-01-01 at 00:00 (Europe/Berlin). "
        "An admin raises it: Raise… on a stopped card, or /omp-admin budget."
    )
    assert used_up_account(account(AccountScope.SERVER), person="").startswith("This server's limit of $10.00 a day")
    assert used_up_account(account(AccountScope.REPOSITORY, "shop"), person="").startswith("shop's limit")


def test_a_line_has_a_bar_for_the_tighter_limit_and_is_never_longer_than_full() -> None:
    [line] = account_lines([account(AccountScope.SERVER)], whose="This server")
    assert line == "`▓▓▓▓▓▓░░░░` This server today: $6.00 of $10.00 (60 %) · begins again <t:1798758000:R>"
    [both] = account_lines([account(AccountScope.SERVER, tokens=1000)])
    assert both.startswith("`▓▓▓▓▓▓▓▓▓░` today: $6.00 and 900 tokens of $10.00 and 1k tokens (90 %)")
    [over] = account_lines([account(AccountScope.SERVER, spent="25")])
    assert over.startswith("`▓▓▓▓▓▓▓▓▓▓` today: $25.00 of $10.00 (250 %)")


def test_a_chart_has_a_bar_for_each_day_and_names_the_dearest() -> None:
    days = [(date(2027, 1, 1), Decimal(0)), (date(2027, 1, 2), Decimal(1)), (date(2027, 1, 3), Decimal(8))]
    assert days_chart(days) == "` ▂█` 01 Jan to 03 Jan, most on 03 Jan: $8.00"
    assert days_chart([(date(2027, 1, 1), Decimal(0))]) == ""
