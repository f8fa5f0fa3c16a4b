"""Accounts that runs share, what each may spend, and what it has spent; pure.

An account belongs to a server: the same person or repository on another server has another one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.budgets.options import AccountLimits, BudgetOptions
from ompycord.domain.budgets.periods import Period, PeriodSpan
from ompycord.domain.run import RunRecord

__all__ = [
    "NANO",
    "AccountKey",
    "AccountLimit",
    "AccountScope",
    "BudgetRaise",
    "Payer",
    "SharedAccount",
    "SpendingAccount",
    "limits_of",
    "payer_of",
]

ZERO: Final = Decimal(0)
NANO: Final = Decimal(1_000_000_000)
"""Billionths of a dollar, in which the ledger counts."""


class AccountScope(StrEnum):
    """Whose account it is."""

    PERSON = "person"
    REPOSITORY = "repository"
    SERVER = "server"


class AccountKey(NamedTuple):
    """An account: the server, and what of it."""

    guild: str
    """Empty for runs outside of Discord."""
    scope: AccountScope
    name: str
    """A person's id, a repository's name; empty for the server itself."""


class Payer(NamedTuple):
    """For whom a run spends."""

    guild: str
    person: str
    repository: str

    def accounts(self) -> tuple[AccountKey, ...]:
        """The accounts that it is charged to, the narrowest first."""
        named = ((AccountScope.PERSON, self.person), (AccountScope.REPOSITORY, self.repository))
        own = tuple(AccountKey(self.guild, scope, name) for scope, name in named if name)
        return (*own, AccountKey(self.guild, AccountScope.SERVER, ""))


def payer_of(record: RunRecord) -> Payer:
    """For whom this run spends."""
    return Payer(record.guild or "", record.requester or "", record.repository or "")


class AccountLimit(Frozen):
    """What an account may spend in a period, as it is configured. At least one of both is set."""

    key: AccountKey
    period: Period
    usd: Decimal | None
    tokens: int | None


def limits_of(options: BudgetOptions, key: AccountKey) -> Iterator[AccountLimit]:
    """The limits of an account: its own where it has one, else the general one of its kind."""
    match key.scope:
        case AccountScope.PERSON:
            general, own = options.person, options.people.get(key.name)
        case AccountScope.REPOSITORY:
            general, own = options.repository, options.repositories.get(key.name)
        case AccountScope.SERVER:
            general, own = options.server, options.servers.get(key.guild)
    layers = (general,) if own is None else (own, general)
    for period in Period:
        usd, tokens = _first_usd(layers, period), _first_tokens(layers, period)
        if usd is not None or tokens is not None:
            yield AccountLimit(key=key, period=period, usd=usd, tokens=tokens)


def _first_usd(layers: tuple[AccountLimits, ...], period: Period) -> Decimal | None:
    return next((found for one in layers if (found := one.usd(period)) is not None), None)


def _first_tokens(layers: tuple[AccountLimits, ...], period: Period) -> int | None:
    return next((found for one in layers if (found := one.tokens(period)) is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAccount:
    """Which shared account it is, and for which time."""

    key: AccountKey
    period: Period
    span: PeriodSpan
    zone: str
    is_raised: bool = False
    """Whether its limit is not the configured one in this period."""


@dataclass(slots=True, kw_only=True)
class SpendingAccount:
    """What one run, person, repository or server may spend. A limit that is None is none."""

    name: str
    usd: Decimal | None = None
    tokens: int | None = None
    spent_usd: Decimal = ZERO
    spent_tokens: int = 0
    reserved_usd: Decimal = ZERO
    reserved_tokens: int = 0
    needs_price: bool = True
    """Whether its limit of money refuses what has no known price."""
    shared: SharedAccount | None = None
    """None for a run's own."""

    @property
    def left_usd(self) -> Decimal | None:
        """What is neither spent nor reserved; None without a limit."""
        return None if self.usd is None else max(ZERO, self.usd - self.spent_usd - self.reserved_usd)

    @property
    def left_tokens(self) -> int | None:
        """The same in tokens."""
        return None if self.tokens is None else max(0, self.tokens - self.spent_tokens - self.reserved_tokens)

    @property
    def is_used_up(self) -> bool:
        """Whether what was spent has reached the limit."""
        is_spent = self.usd is not None and self.spent_usd >= self.usd
        return is_spent or (self.tokens is not None and self.spent_tokens >= self.tokens)

    def used_percent(self) -> int:
        """How much of the tighter limit is spent, in whole percent, rounded down."""
        parts = [self.spent_usd / self.usd] if self.usd else []
        parts += [Decimal(self.spent_tokens) / self.tokens] if self.tokens else []
        return int(max(parts, default=ZERO) * 100)


class BudgetRaise(Frozen):
    """A limit that a person set for one period of an account; with the next period the configured one counts again."""

    key: AccountKey
    period: Period
    start: Millis
    """When that period begins."""
    usd: Decimal | None = None
    """In place of the configured limit; None: as that."""
    tokens: int | None = None
    by: str
    """The person's id; empty for this machine's operator."""
    by_name: str
    at: Millis
