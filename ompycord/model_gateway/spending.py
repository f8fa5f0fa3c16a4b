"""What one run spends at models during one step: its account, its ledger rows, and the events that its card shows.

Nothing is forwarded before its row is on disk, and each row is settled with the event in one transaction: so the sum of
the rows is the sum on the card.
"""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Final, Protocol

from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import SpendingAccount
from ompycord.domain.events import EventBody, RetryCleared, UsageUpdated
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.ports import Clock, Ids, ModelLedger
from ompycord.domain.ports.model_ledger import (
    MeteredTokens,
    ModelRequestMetered,
    ModelRequestOpened,
    ModelRequestSettled,
    OpenModelRequest,
)
from ompycord.domain.records import Commit, NewEvent
from ompycord.errors import StorageError
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.metering.reckoning import Reckoning
from ompycord.model_gateway.metering.usage import TokenUsage
from ompycord.model_gateway.price import TokenPrices
from ompycord.model_gateway.purse import Purse, Reservation, UsedUp
from ompycord.telemetry import get_logger

__all__ = [
    "KEPT_TOKENS",
    "RunSpending",
    "SharedSpending",
    "SpendingLimits",
    "metered_so_far",
    "nano_usd",
    "settle_what_was_open",
    "usage_event",
]

_NANO: Final = Decimal(1_000_000_000)
KEPT_TOKENS: Final = 256
"""Tokens of output after which what a stream used is stored again, if no second has passed."""
_MOST_USD: Final = 1e6
"""The most that one event may report."""


log = get_logger(__name__)


class SpendingLimits(Protocol):
    """What a run may spend, and what is done once it is spent."""

    async def budget_usd(self, run: RunId) -> float | None:
        """The run's limit of money now; None without one."""
        ...

    @property
    def run_tokens(self) -> int | None:
        """The most tokens that a run may use; None without a limit."""
        ...

    async def used_up(self, run: RunId, spent_usd: float, *, usd: float | None, tokens: int | None) -> None:
        """Pause the run: its limit of `usd` dollars does not cover what its agent asks, or that of `tokens`."""
        ...


class SharedSpending(Protocol):
    """The accounts that a run shares with others, and what is done once one is spent."""

    async def accounts(self, run: RunId, now: Millis) -> Sequence[SpendingAccount]:
        """Those that this run spends from at this moment. Raises StorageError."""
        ...

    async def used_up(self, run: RunId, account: SpendingAccount) -> None:
        """Pause the run: this account does not cover what its agent asks."""
        ...


class RunSpending:
    """One step's. Used by one loop."""

    def __init__(
        self,
        *,
        run: RunId,
        ledger: ModelLedger,
        limits: SpendingLimits,
        record: Callable[..., Awaitable[None]],
        wake: Callable[[], None],
        clock: Clock,
        ids: Ids,
        shared: SharedSpending | None = None,
    ) -> None:
        """`record` stores facts of ours about the run; `wake` is called when something was stored by itself.

        Without `shared` the run's own account is all that it spends from.
        """
        self.run = run
        self.clock = clock
        self.account = SpendingAccount(name="run")
        self.purse = Purse([self.account])
        self.reckoning = Reckoning()
        self._ledger = ledger
        self._limits = limits
        self._shared = shared
        self._record = record
        self._wake = wake
        self._ids = ids
        self._has_begun = False

    async def refresh(self) -> Millis:
        """Take the limits of this moment, which is returned: people raise them while an agent works.

        Raises StorageError.
        """
        now = self.clock.now_ms()
        if not self._has_begun:
            spent = await self._ledger.spent_on_models(self.run)
            if not self._has_begun:  # another request may have read it meanwhile, and have been charged since
                self.account.spent_usd, self.account.spent_tokens = Decimal(spent.nano_usd) / _NANO, spent.tokens
                self._has_begun = True
        usd = await self._limits.budget_usd(self.run)
        self.account.tokens = self._limits.run_tokens
        self.account.usd = None if usd is None else Decimal(str(usd))
        shared = () if self._shared is None else await self._shared.accounts(self.run, now)
        self.purse.accounts = (self.account, *shared)
        return now

    @property
    def needs_price(self) -> bool:
        """Whether a limit of money holds that lets nothing be asked without a price."""
        return any(one.usd is not None and one.needs_price for one in self.purse.accounts)

    def reserve(
        self, at: Millis, *, input_tokens: int, bound: int | None, least_bound: int = 0, prices: TokenPrices | None
    ) -> Reservation:
        """Keep what a request needs, right after `refresh`, whose moment `at` is. Raises UsedUp."""
        kept = self.purse.reserve(input_tokens=input_tokens, bound=bound, least_bound=least_bound, prices=prices)
        kept.at = at
        return kept

    def new_row(self) -> str:
        """The id of a request."""
        return self._ids.ulid()

    async def open(
        self, row_id: str, reservation: Reservation, *, provider: str, dialect: Dialect, model: str, given: int
    ) -> None:
        """A row for a request that goes out now. Raises StorageError, and then nothing may go out."""
        row = ModelRequestOpened(
            id=row_id,
            run=self.run,
            at=reservation.at,
            provider=provider,
            dialect=dialect,
            model=model,
            reserved_input=given,
            reserved_output=max(0, reservation.tokens - given),
            reserved_nano_usd=None if reservation.prices is None else nano_usd(reservation.usd),
        )
        await self._ledger.commit(Commit(writes=(row,)))

    async def give_up(self, row: str, reservation: Reservation, *, provider: str, model: str) -> None:
        """Close a row of which nothing was sent, whether it is on disk yet or not. Raises StorageError."""
        self.purse.settle(reservation, TokenUsage())
        await self.settle(row, provider=provider, usage=TokenUsage(), usd=Decimal(0), is_exact=True, model=model)

    async def settle(
        self, row: str, *, provider: str, usage: TokenUsage, usd: Decimal | None, is_exact: bool, model: str,
        status: int | None = None, answered_model: str | None = None, request_id: str | None = None,
    ) -> None:  # fmt: skip
        """What it used, as a row and as an event; nothing is shown of what used nothing. Raises StorageError."""
        settled = ModelRequestSettled(
            id=row,
            at=self.clock.now_ms(),
            status=status,
            provider=provider,
            answered_model=(answered_model or "")[:128].strip() or None,
            request_id=(request_id or "")[:128].strip() or None,
            nano_usd=None if usd is None else nano_usd(usd),
            exactness="exact" if is_exact else "estimated",
            **_by_class(usage),
        )
        shown = [usage_event(usage, usd, is_exact=is_exact, model=model, provider=provider)] if usage.total else []
        events = [
            NewEvent(
                run=self.run, source=OMPYCORD, kind=SourceKind.OMPYCORD, at=settled.at, body=one, id=self._ids.ulid()
            )
            for one in shown
        ]
        await self._ledger.commit(Commit(writes=(settled, *events)))
        self._wake()

    async def keep(self, row: str, usage: TokenUsage, prices: TokenPrices | None) -> None:
        """Store what a request that is under way has used, for the case that the process ends now.

        What comes until the next time counts as `KEPT_TOKENS`. A database that does not take it takes it later.
        """
        try:
            await self._ledger.commit(Commit(writes=(metered_so_far(row, usage, prices),)))
        except StorageError as error:
            log.warning("models.unkept", run=self.run, row=row, cause=str(error))

    async def record(self, body: EventBody) -> None:
        """A fact about the run that costs nothing; one that the database does not take is not shown, and no more."""
        try:
            await self._record(self.run, body)
        except StorageError as error:
            log.warning("models.unshown", run=self.run, cause=str(error))

    async def used_up(self, shortage: UsedUp) -> None:
        """Its limit, or one that it shares, does not cover what is asked."""
        if self._shared is not None and shortage.account.shared is not None:
            await self._shared.used_up(self.run, shortage.account)
            return
        tokens = shortage.account.tokens if shortage.is_tokens else None
        usd = None if tokens is not None or shortage.account.usd is None else float(shortage.account.usd)
        await self._limits.used_up(self.run, float(self.account.spent_usd), usd=usd, tokens=tokens)


def metered_so_far(row: str, usage: TokenUsage, prices: TokenPrices | None) -> ModelRequestMetered:
    """What a request has used by now at most."""
    most = usage.plus(TokenUsage(output=KEPT_TOKENS))
    return ModelRequestMetered(
        id=row, nano_usd=None if prices is None else nano_usd(prices.cost(most)), **_by_class(most)
    )


def nano_usd(usd: Decimal) -> int:
    """Billionths of a dollar, rounded to the nearest."""
    return int((usd * _NANO).to_integral_value())


def usage_event(usage: TokenUsage, usd: Decimal | None, *, is_exact: bool, model: str, provider: str) -> UsageUpdated:
    """What a request used, as its run's card sums it."""
    return UsageUpdated(
        input=usage.input,
        output=usage.output,
        cache_read=usage.cache_read,
        cache_write=usage.cache_write,
        cost_usd=None if usd is None else min(_MOST_USD, float(nano_usd(usd) / _NANO)),
        exactness="exact" if is_exact else "estimated",
        model=model[:128],
        provider=provider,
    )


def _by_class(usage: TokenUsage) -> dict[str, int]:
    names = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning", "web_searches")
    return {name: getattr(usage, name) for name in names}


async def settle_what_was_open(ledger: ModelLedger, *, clock: Clock, ids: Ids) -> int:
    """Settle the requests that were under way when the process ended; how many there were. Raises StorageError.

    By what they had used when that was stored last, and at most used since; where nothing was, by what was reserved.
    """
    count = 0
    while rows := await ledger.open_model_requests():
        count += len(rows)
        for row in rows:
            await _settle_open(ledger, row, clock=clock, ids=ids)
    return count


async def _settle_open(ledger: ModelLedger, row: OpenModelRequest, *, clock: Clock, ids: Ids) -> None:
    usage, nano = TokenUsage(input=row.reserved_input, output=row.reserved_output), row.reserved_nano_usd
    if row.is_metered:
        usage, nano = TokenUsage(**row.model_dump(include=set(MeteredTokens.model_fields))), row.nano_usd
    usd = None if nano is None else Decimal(nano) / _NANO
    settled = ModelRequestSettled(
        id=row.id,
        at=clock.now_ms(),
        status=None,
        answered_model=None,
        request_id=None,
        provider=row.provider,
        nano_usd=nano,
        exactness="estimated",
        **_by_class(usage),
    )
    body = usage_event(usage, usd, is_exact=False, model=row.model, provider=row.provider)
    bodies = (body, RetryCleared())  # it may have waited for a provider, which its card still shows
    events = [
        NewEvent(run=row.run, source=OMPYCORD, kind=SourceKind.OMPYCORD, at=settled.at, body=one, id=ids.ulid())
        for one in bodies
    ]
    await ledger.commit(Commit(writes=(settled, *events)))
