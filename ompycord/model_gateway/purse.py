"""Money and tokens that requests may spend: reserved before, settled after, over a list of accounts. Pure.

What is reserved counts as spent until it is settled, so that many requests at once do not spend the same remainder. One
loop uses an account, so there is no lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import SpendingAccount
from ompycord.model_gateway.metering.usage import TokenUsage
from ompycord.model_gateway.price import TokenPrices

__all__ = ["Purse", "Reservation", "SpendingAccount", "UsedUp"]

RESERVED_OUTPUT: Final = 4096
"""Tokens of output that are reserved for a request which may have more; the rest as it comes."""
ZERO: Final = Decimal(0)


class UsedUp(Exception):
    """An account has too little left for the request. `is_priced` is False where its limit is money and no price is
    known; `is_tokens` where its limit of tokens is the one that binds.
    """

    def __init__(self, account: SpendingAccount, *, is_priced: bool = True, is_tokens: bool = False) -> None:
        super().__init__(account.name)
        self.account = account
        self.is_priced = is_priced
        self.is_tokens = is_tokens


@dataclass(slots=True, kw_only=True)
class Reservation:
    """What is kept for one request, until it is settled."""

    usd: Decimal
    tokens: int
    bound: int | None
    """The most tokens that may come out, where that had to be lowered; else None."""
    prices: TokenPrices | None
    accounts: tuple[SpendingAccount, ...] = ()
    """What it is charged to, also where its run spends from others since: it counts in the day in which it began."""
    at: Millis = 0
    """When it began."""
    is_open: bool = True


class Purse:
    """The accounts that one run's requests are charged to; the tightest binds."""

    def __init__(self, accounts: Sequence[SpendingAccount]) -> None:
        self.accounts = tuple(accounts)

    def reserve(
        self,
        *,
        input_tokens: int,
        bound: int | None,
        least_bound: int = 0,
        prices: TokenPrices | None,
        audio_ms: int = 0,
    ) -> Reservation:
        """Keep what a request will need. Raises UsedUp where not even one more token than `least_bound` fits.

        `bound` is what the agent asked for at most. A bound that does not fit is lowered, so that the provider itself
        keeps the limit, also while it thinks and shows nothing.
        """
        given = TokenUsage(input=input_tokens, audio_ms=audio_ms)
        most = min((self._most_output(one, given, prices) for one in self.accounts), default=None, key=_none_is_most)
        if most is not None and most <= least_bound:
            tightest = min(self.accounts, key=lambda one: _none_is_most(self._most_output(one, given, prices)))
            left = tightest.left_tokens
            raise UsedUp(tightest, is_tokens=left is not None and left - input_tokens <= least_bound)
        kept = min(RESERVED_OUTPUT if bound is None else min(bound, RESERVED_OUTPUT), _none_is_most(most))
        usage = TokenUsage(input=input_tokens, output=int(kept), audio_ms=audio_ms)
        lowered = most if most is not None and (bound is None or most < bound) else None
        reservation = Reservation(
            usd=ZERO if prices is None else prices.cost(usage),
            tokens=usage.total,
            bound=lowered,
            prices=prices,
            accounts=self.accounts,
        )
        _add(reservation, reservation.usd, reservation.tokens)
        return reservation

    def covers(self, reservation: Reservation, so_far: TokenUsage) -> bool:
        """Whether nothing is short for what a request used so far."""
        return self.shortage(reservation, so_far) is None

    def shortage(self, reservation: Reservation, so_far: TokenUsage) -> UsedUp | None:
        """Which account does not cover what a request used so far, so that it must end now; None where all do.

        More is reserved where it went over its reservation.
        """
        usd = ZERO if reservation.prices is None else reservation.prices.cost(so_far)
        more_usd, more_tokens = max(ZERO, usd - reservation.usd), max(0, so_far.total - reservation.tokens)
        if not more_usd and not more_tokens:
            return None
        for one in reservation.accounts:
            if one.left_usd is not None and more_usd > one.left_usd:
                return UsedUp(one)
            if one.left_tokens is not None and more_tokens > one.left_tokens:
                return UsedUp(one, is_tokens=True)
        reservation.usd += more_usd
        reservation.tokens += more_tokens
        _add(reservation, more_usd, more_tokens)
        return None

    def reprice(self, reservation: Reservation, prices: TokenPrices | None) -> None:
        """Another provider answers than the one that the request was reserved for: what it uses has these prices."""
        reservation.prices = prices

    def settle(self, reservation: Reservation, usage: TokenUsage) -> Decimal | None:
        """Charge what was used, and keep nothing more for it; its cost, None where no price is known. Idempotent."""
        cost = None if reservation.prices is None else reservation.prices.cost(usage)
        if not reservation.is_open:
            return cost
        reservation.is_open = False
        _add(reservation, -reservation.usd, -reservation.tokens)
        for one in reservation.accounts:
            one.spent_usd += cost or ZERO
            one.spent_tokens += usage.total
        return cost

    @staticmethod
    def _most_output(account: SpendingAccount, given: TokenUsage, prices: TokenPrices | None) -> int | None:
        """How many tokens may come out; None: no limit. Raises UsedUp where a limit of money has no price."""
        found: list[int] = []
        if (left := account.left_usd) is not None:
            if prices is None and account.needs_price:
                raise UsedUp(account, is_priced=False)
            rest = left - (ZERO if prices is None else prices.cost(given))
            if rest <= 0:
                found.append(0)
            elif prices is not None and prices.output > 0:
                found.append(int(rest * 1_000_000 / prices.output))
        if (tokens := account.left_tokens) is not None:
            found.append(max(0, tokens - given.input))
        return min(found, default=None)


def _add(reservation: Reservation, usd: Decimal, tokens: int) -> None:
    for one in reservation.accounts:
        one.reserved_usd += usd
        one.reserved_tokens += tokens


def _none_is_most(number: int | None) -> float:
    return float("inf") if number is None else number
