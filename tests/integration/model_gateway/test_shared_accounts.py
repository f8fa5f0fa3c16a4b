"""Fifty runs of five people over three repositories and two servers: no limit is passed by more than one answer.

Done by the purse, the accounts, the queue and the ledger of the product over its real store; time, costs and answers
are the test's, from a seed.
"""

import heapq
import random
from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from ompycord.conductor.budgeting import FairQueue, SharedAccounts
from ompycord.domain.budgets.accounts import AccountKey, AccountScope, SpendingAccount, limits_of, payer_of
from ompycord.domain.budgets.options import BudgetOptions
from ompycord.domain.budgets.periods import PeriodSpan
from ompycord.domain.events import EventBody
from ompycord.domain.ids import RunId
from ompycord.domain.records import Commit
from ompycord.domain.run import RunRecord
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.metering.usage import TokenUsage
from ompycord.model_gateway.price import TokenPrices
from ompycord.model_gateway.purse import Reservation, UsedUp
from ompycord.model_gateway.spending import RunSpending, nano_usd, settle_what_was_open
from ompycord.store import SqliteStore, open_store
from tests.integration.store.world import NOW, CountingIds, HandClock, People

PRICES = TokenPrices(input=Decimal(3), output=Decimal(15))
GUILDS = ("200000000000000001", "200000000000000002")
PEOPLE = [f"10000000000000000{n}" for n in range(5)]
REPOSITORIES = ("shop", "shop-api", "bare")
OPTIONS = BudgetOptions.model_validate(
    {
        "zone": "Europe/Berlin",
        "person": {"day_usd": "1.10", "month_tokens": 2_000_000},
        "people": {PEOPLE[0]: {"day_usd": "0.60"}},
        "repository": {"day_usd": "1.90"},
        "server": {"day_usd": "4.50", "month_usd": "5"},
        "servers": {GUILDS[1]: {"zone": "Asia/Tokyo", "day_usd": "3.00"}},
    }
)
SLOTS = 4
GIVEN = 900
"""Tokens that a request is reckoned to have; the provider counts up to 30 more."""
MOST_CALL = PRICES.cost(TokenUsage(input=GIVEN + 30))
"""What one answer may cost beyond a limit: its input, which only the provider knows for certain."""


Coming = tuple[int, int, RunRecord, RunSpending, int, Reservation | None, str]
"""When what of which run comes next: its order, the calls that it has left, and what is under way."""


class Unlimited:
    """A run without a limit of its own."""

    run_tokens: int | None = None

    async def budget_usd(self, run: RunId) -> float | None:
        return None

    async def used_up(self, run: RunId, spent_usd: float, *, usd: float | None, tokens: int | None) -> None:
        raise AssertionError(run)


class Shared:
    """The accounts that a run shares, and which run was refused by which of them."""

    def __init__(self, accounts: SharedAccounts, store: SqliteStore) -> None:
        self._accounts = accounts
        self._store = store
        self.parked: dict[RunId, SpendingAccount] = {}

    async def accounts(self, run: RunId, now: int) -> tuple[SpendingAccount, ...]:
        record = await self._store.run(run)
        assert record is not None
        return await self._accounts.of(payer_of(record), now)

    async def used_up(self, run: RunId, account: SpendingAccount) -> None:
        self.parked[run] = account


async def unheard(run: RunId, *bodies: EventBody) -> None:
    return


@dataclass
class Simulated:
    """The work of all runs: slots are given in turn, calls come and are answered in a time of their own."""

    store: SqliteStore
    clock: HandClock
    seed: int
    shared: Shared = field(init=False)
    accounts: SharedAccounts = field(init=False)
    records: list[RunRecord] = field(default_factory=list[RunRecord])
    waits: dict[str, int] = field(default_factory=dict[str, int])
    killed: int = 0
    """Requests that were under way when the process ended."""
    used: dict[str, int] = field(default_factory=lambda: defaultdict[str, int](int))

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)  # repeatable, no secret
        self.ids = CountingIds(1_000_000)
        self.restart()

    def restart(self) -> None:
        """What a new process knows: nothing but the ledger."""
        self.accounts = SharedAccounts(options=OPTIONS, ledger=self.store)
        self.shared = Shared(self.accounts, self.store)

    async def submit(self, count: int) -> None:
        people = People(CountingIds())
        for number in range(count):
            task, at = people.task(), NOW + number * 1000
            place = {"guild": GUILDS[number % 2], "repository": REPOSITORIES[number % 3], "channel": "c"}
            run = people.run(task, requester=PEOPLE[number % 5], created_at=at, **place)
            await self.store.commit(Commit(writes=(task, run)))
            self.records.append(run)

    def spending(self, record: RunRecord) -> RunSpending:
        return RunSpending(
            run=RunId(record.id), ledger=self.store, limits=Unlimited(), record=unheard, wake=lambda: None,
            clock=self.clock, ids=self.ids, shared=self.shared,
        )  # fmt: skip

    async def run_all(self, *, restart_after: int) -> None:
        """Each run makes its calls one after another; those of several runs are under way at once."""
        queue, waiting, working = FairQueue(), list(self.records), list[RunRecord]()
        coming: list[Coming] = []
        order = started = 0
        while waiting or coming:
            while waiting and len(working) < SLOTS:
                chosen = queue.next_of(waiting, working)
                waiting.remove(chosen)
                working.append(chosen)
                queue.started(chosen, waiting)
                started += 1
                self.waits[chosen.id] = max(0, self.clock.wall_ms - chosen.created_at)
                calls = self.random.randint(3, 9)
                heapq.heappush(
                    coming, (self.clock.wall_ms, order := order + 1, chosen, self.spending(chosen), calls, None, "")
                )
            at, _, record, spending, left, open_, row = heapq.heappop(coming)
            self.clock.wall_ms = max(self.clock.wall_ms, at)
            if open_ is not None:
                await self._answered(spending, open_, row)
                left -= 1
            asked = await self._asked(spending) if left else None
            if asked is None:
                working.remove(record)
                if started >= restart_after and not self.killed:
                    await self._kill()
                    coming = [self._again(one) for one in coming]
                continue
            later = self.clock.wall_ms + self.random.randint(2_000, 90_000)
            heapq.heappush(coming, (later, order := order + 1, record, spending, left, *asked))

    async def _kill(self) -> None:
        """The process ends: the next one settles what was under way, by what was reserved."""
        for found in await self.store.open_model_requests():
            self.killed += 1
            self.used[found.run] += found.reserved_nano_usd or 0
        await settle_what_was_open(self.store, clock=self.clock, ids=self.ids)
        self.restart()

    def _again(self, one: Coming) -> Coming:
        """The run as the next process goes on with it."""
        at, order, record, _, left, _, row = one
        return at, order, record, self.spending(record), left - 1 if row else left, None, ""

    async def _asked(self, spending: RunSpending) -> tuple[Reservation, str] | None:
        """A request that goes out; None where an account does not cover it."""
        try:
            at = await spending.refresh()
            kept = spending.reserve(
                at, input_tokens=GIVEN, bound=self.random.randint(500, 6000), least_bound=0, prices=PRICES
            )
        except UsedUp as error:
            await spending.used_up(error)
            return None
        row = spending.new_row()
        await spending.open(row, kept, provider="p", dialect=Dialect.CHAT, model="m", given=GIVEN)
        return kept, row

    async def _answered(self, spending: RunSpending, kept: Reservation, row: str) -> None:
        """It comes in two parts; where the first is not covered, the second never comes."""
        most = min(kept.bound or 6000, 6000)
        output = self.random.randint(1, most)
        usage = TokenUsage(input=GIVEN + self.random.randint(0, 30), output=output)
        if not spending.purse.covers(kept, usage):
            usage = TokenUsage(input=usage.input, output=min(output, kept.tokens - GIVEN))
        usd = spending.purse.settle(kept, usage)
        await spending.settle(row, provider="p", usage=usage, usd=usd, is_exact=True, model="m")
        self.used[spending.run] += nano_usd(usd or Decimal(0))


@pytest.fixture
async def simulated(tmp_path: Path, seed: int) -> AsyncGenerator[Simulated]:
    clock = HandClock()
    async with open_store(tmp_path / "o.db", clock=clock, ids=CountingIds(9_000_000), readers=1) as store:
        yield Simulated(store, clock, seed)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long), pytest.param(3, marks=pytest.mark.long)])
async def test_no_limit_is_passed_by_more_than_one_answer_the_ledger_is_exact_and_nobody_starves(
    simulated: Simulated, seed: int
) -> None:
    await simulated.submit(50)
    await simulated.run_all(restart_after=25)
    parked = {one.shared.key.scope for one in simulated.shared.parked.values() if one.shared}
    assert simulated.killed
    assert parked, "nothing reached a limit, so nothing was tried"
    month = PeriodSpan(0, 2**52)
    for guild in GUILDS:
        keys = [AccountKey(guild, AccountScope.SERVER, "")]
        keys += [AccountKey(guild, AccountScope.PERSON, one) for one in PEOPLE]
        keys += [AccountKey(guild, AccountScope.REPOSITORY, one) for one in REPOSITORIES]
        for key in keys:
            mine = [one for one in simulated.records if key in payer_of(one).accounts()]
            assert (await simulated.store.spent_by(key, month)).nano_usd == sum(simulated.used[one.id] for one in mine)
            for account, limit in zip(
                await simulated.accounts.of_key(key, simulated.clock.wall_ms), limits_of(OPTIONS, key), strict=True
            ):
                assert account.shared is not None
                held = await simulated.store.spent_by(key, account.shared.span)
                assert (nano_usd(account.spent_usd), account.spent_tokens) == (held.nano_usd, held.tokens)
                assert (account.reserved_usd, account.reserved_tokens) == (0, 0)
                assert limit.usd is None or account.spent_usd <= limit.usd + MOST_CALL, key
                assert limit.tokens is None or account.spent_tokens <= limit.tokens + GIVEN
    waits = sorted(simulated.waits.values())
    assert len(waits) == 50
    assert max(waits) <= 3 * sum(waits) / len(waits)
