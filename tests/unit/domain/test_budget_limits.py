"""Which limits an account has: its own before the general one, field by field."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from ompycord.domain.budgets.accounts import AccountKey, AccountScope, Payer, limits_of
from ompycord.domain.budgets.options import BudgetOptions
from ompycord.domain.budgets.periods import Period

ADA, HERE, THERE = "100000000000000001", "200000000000000001", "200000000000000002"
OPTIONS = BudgetOptions.model_validate(
    {
        "zone": "Europe/Berlin",
        "person": {"day_usd": 5, "month_usd": "50.50"},
        "people": {ADA: {"day_usd": 20}},
        "repositories": {"shop": {"month_tokens": 1000}},
        "servers": {THERE: {"day_usd": 9, "zone": "Asia/Tokyo"}},
    }
)


def limits(key: AccountKey) -> list[tuple[Period, Decimal | None, int | None]]:
    return [(one.period, one.usd, one.tokens) for one in limits_of(OPTIONS, key)]


def test_what_a_person_has_of_their_own_counts_and_the_rest_is_the_general_one() -> None:
    own = limits(AccountKey(HERE, AccountScope.PERSON, ADA))
    assert own == [(Period.DAY, Decimal(20), None), (Period.MONTH, Decimal("50.50"), None)]
    assert limits(AccountKey(HERE, AccountScope.PERSON, "3"))[0] == (Period.DAY, Decimal(5), None)


def test_an_account_without_a_limit_has_none_and_a_name_is_whole() -> None:
    assert limits(AccountKey(HERE, AccountScope.SERVER, "")) == []
    assert limits(AccountKey(HERE, AccountScope.REPOSITORY, "shop")) == [(Period.MONTH, None, 1000)]
    assert limits(AccountKey(HERE, AccountScope.REPOSITORY, "shop-api")) == []


def test_a_server_has_its_own_zone_and_its_accounts_are_no_other_servers() -> None:
    assert (OPTIONS.zone_of(HERE), OPTIONS.zone_of(THERE)) == ("Europe/Berlin", "Asia/Tokyo")
    here, there = Payer(HERE, ADA, "shop").accounts(), Payer(THERE, ADA, "shop").accounts()
    assert not {*here} & {*there}


@pytest.mark.parametrize("zone", ["europe/nowhere", "../x", "", '"Europe/Berlin"'])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(ValidationError):
        BudgetOptions(zone=zone)
