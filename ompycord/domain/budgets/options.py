"""What accounts may spend in a day and a month; the section `budgets` of the settings."""

from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

from ompycord.domain.access import Snowflake
from ompycord.domain.base import Frozen
from ompycord.domain.budgets.periods import Period
from ompycord.domain.configuration.written import Slug

__all__ = ["AccountLimits", "BudgetOptions", "ServerLimits"]


def _existing(zone: str) -> str:
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the zone database
        raise ValueError("is no time zone: give one such as Europe/Berlin or UTC") from None
    return zone


ZoneName = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_existing)]
"""IANA, such as `Europe/Berlin`."""
Usd = Annotated[Decimal, Field(gt=0, le=1_000_000)]
TokenLimit = Annotated[int, Field(ge=1, le=2**53)]


class AccountLimits(Frozen):
    """What one account may spend; what is left out has no limit."""

    day_usd: Usd | None = None
    """US dollars from midnight to midnight."""
    month_usd: Usd | None = None
    """US dollars from the first day of a month to its end."""
    day_tokens: TokenLimit | None = None
    month_tokens: TokenLimit | None = None

    def usd(self, period: Period) -> Decimal | None:
        """The limit of money of a period."""
        return self.day_usd if period is Period.DAY else self.month_usd

    def tokens(self, period: Period) -> int | None:
        """The limit of tokens of a period."""
        return self.day_tokens if period is Period.DAY else self.month_tokens


class ServerLimits(AccountLimits):
    """Those of one server, which has a time zone of its own."""

    zone: ZoneName | None = None
    """Left out, the general one."""


class BudgetOptions(Frozen):
    """Limits beside those of runs. Each server has its own accounts; the tightest one binds."""

    zone: ZoneName = "UTC"
    """Where a day begins at midnight and a month on its first day."""
    warn_percent: Annotated[int, Field(ge=1, le=99)] = 80
    """How much of a limit is used when its runs' threads are told, once."""
    when_reached: Literal["refuse", "queue"] = "refuse"
    """What becomes of a new run whose account is used up: refused in words, or queued until there is room again."""
    unknown_prices: Literal["refuse", "allow"] = "refuse"
    """Whether a model without a known price may be asked where an account has a limit in dollars; it then counts 0."""
    person: AccountLimits = AccountLimits()
    """Each person, by the runs that they asked for."""
    repository: AccountLimits = AccountLimits()
    """Each repository."""
    server: AccountLimits = AccountLimits()
    """Each server."""
    people: dict[Snowflake, AccountLimits] = Field(default_factory=dict[str, AccountLimits])
    """Other limits for single people, by their Discord id: what is set here counts in place of `person`."""
    repositories: dict[Slug, AccountLimits] = Field(default_factory=dict[str, AccountLimits])
    """Other limits for single repositories."""
    servers: dict[Snowflake, ServerLimits] = Field(default_factory=dict[str, ServerLimits])
    """Other limits, and a time zone, for single servers, by their Discord id."""

    def zone_of(self, guild: str) -> str:
        """The time zone of a server's days and months."""
        own = self.servers.get(guild)
        return self.zone if own is None or own.zone is None else own.zone
