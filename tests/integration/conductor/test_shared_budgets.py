"""Budgets that runs share: who is over one is refused or waits, is paused and told, and goes on once there is room."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from ompycord.conductor.budgeting import BudgetBook
from ompycord.domain import events as ev
from ompycord.domain.budgets.accounts import AccountKey, AccountScope, payer_of
from ompycord.domain.budgets.periods import Period
from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind, OutboxRow
from ompycord.domain.run import RunState, SuspendReason
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, ScriptedAgent
from tests.integration.conductor.conftest import ADA, CATALOG, MO, AppHarness
from tests.support.patience import until
from tests.support.refusals import refuses

SERVER = AccountKey("1", AccountScope.SERVER, "")


class Budgeted(AppHarness):
    """With the keeper of shared budgets beside the services of the conductor."""

    SERVICES = (*AppHarness.SERVICES, "shared budgets")

    @property
    def book(self) -> BudgetBook:
        return self.parts.areas.shared_budgets.book

    def next_process(self) -> "Budgeted":
        """With the same settings, over the same database."""
        budgets = self.infrastructure.settings.budgets
        return Budgeted(self.store, self.folder, self.clock, self.catalog, self.workspaces, budgets=budgets)

    async def notices(self) -> list[OutboxRow]:
        """What was said about budgets, in order."""
        rows = await self.store.outbox()
        return [row for row in rows if row.kind is OutboxKind.NOTICE and row.ref.startswith("budget:")]


def budgeted(
    store: SqliteStore, tmp_path: Path, *usd: float, clock: FakeClock | None = None, **budgets: Any
) -> Budgeted:
    """Its agent reports each of these costs, as one that asks models itself."""
    agent = ScriptedAgent(script=tuple(ev.UsageUpdated(input=10, output=1, cost_usd=one) for one in usd))
    return Budgeted(store, tmp_path, clock or FakeClock(), CATALOG, agent=agent, budgets=budgets)


async def test_a_run_whose_person_has_spent_the_days_limit_is_paused_and_goes_on_once_an_admin_raised_it(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness = budgeted(store, tmp_path, 3.0, 2.5, person={"day_usd": 5}, zone="Europe/Berlin")
    key = AccountKey("1", AccountScope.PERSON, MO.id)
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit(MO)).id)
        snapshot = await harness.in_state(run, RunState.SUSPENDED)
        assert snapshot.reason is SuspendReason.ACCOUNT
        assert (snapshot.message or "").startswith("Mo's limit of $5.00 a day is used up. It begins again on ")
        await harness.settled(run)
        harness.agent.script = ()
        harness.agent.release()
        with refuses("Mo's limit of"):
            await harness.areas.runs.resume(await harness.areas.load(run), MO)
        with refuses("Mo's limit of"):
            await harness.submit(MO)
        assert (await harness.submit(ADA)).state is RunState.QUEUED  # another person has a limit of their own
        with refuses("needs the role"):
            await harness.book.raise_limit(key, Period.DAY, usd=Decimal(9), most_tokens=None, by=MO)
        with refuses(r"\$5\.50 is spent already"):
            await harness.book.raise_limit(key, Period.DAY, usd=Decimal("5.5"), most_tokens=None, by=ADA)
        await harness.book.raise_limit(key, Period.DAY, usd=Decimal(9), most_tokens=None, by=ADA)
        await harness.areas.runs.resume(await harness.areas.load(run), MO)
        assert (await harness.ended(run)).state is RunState.COMPLETE
    [row] = await store.audit_of(f"budget:person:{MO.id}")
    assert (row.text("actor"), row.text("action")) == (ADA.id, "raise-budget")
    again = harness.next_process()
    [account] = await again.book.of_key(key)
    assert (account.usd, account.spent_usd) == (Decimal(9), Decimal("5.5"))
    harness.clock.advance(25 * 3600)
    [next_day] = await again.book.of_key(key)
    assert (next_day.usd, next_day.spent_usd) == (Decimal(5), Decimal(0))


async def test_a_waiting_run_starts_by_itself_in_the_next_month_of_the_servers_zone(
    store: SqliteStore, tmp_path: Path
) -> None:
    eve = FakeClock(int(datetime(2027, 1, 31, 23, 59, tzinfo=ZoneInfo("Asia/Tokyo")).timestamp() * 1000))
    month = {"server": {"month_usd": 7}, "zone": "Asia/Tokyo", "when_reached": "queue"}
    harness = budgeted(store, tmp_path, 7.0, clock=eve, **month)
    harness.agent.hold()
    async with harness.running():
        await harness.in_state(RunId((await harness.submit(ADA)).id), RunState.SUSPENDED)
        harness.agent.script = ()  # the next run would use the next month up
        harness.agent.release()
        [account] = await harness.book.of_key(SERVER)
        assert account.is_used_up
        waiting = await harness.submit(MO)
        assert not await harness.book.has_room(waiting)
        words = await harness.book.no_room(payer_of(waiting), "Mo")
        assert (words or "").startswith(
            "This server's limit of $7.00 a month is used up. It begins again on 2027-02-01 at 00"
        )
        started = len(harness.agent.jobs)
        harness.driver.wake()
        assert (await harness.areas.load(RunId(waiting.id))).record.state is RunState.QUEUED
        assert len(harness.agent.jobs) == started
        harness.clock.advance(60)
        harness.driver.wake()
        await harness.ended(RunId(waiting.id))


async def test_four_fifths_are_told_of_once_and_once_more_after_a_raise(store: SqliteStore, tmp_path: Path) -> None:
    harness = budgeted(store, tmp_path, 7.9, 0.2, server={"day_usd": 10})
    async with harness.running():
        await harness.ended(RunId((await harness.submit()).id))
        [account] = await harness.book.of_key(SERVER)
        await until(lambda: account.spent_usd == Decimal("8.1"))
        told = await until_told(harness, 1)
        assert told[0].ref.split("|")[:5] == ["budget:server", "day", "81", "$8.10", "$10.00"]
    again = harness.next_process()
    again.agent.script = (ev.UsageUpdated(cost_usd=0.4),)
    async with again.running():
        await again.ended(RunId((await again.submit()).id))
        [account] = await again.book.of_key(SERVER)
        await until(lambda: account.spent_usd == Decimal("8.5"))
        await again.book.raise_limit(SERVER, Period.DAY, usd=Decimal("10.6"), most_tokens=None, by=ADA)
        again.agent.script = (ev.UsageUpdated(cost_usd=0.1),)
        await again.ended(RunId((await again.submit()).id))
        told = await until_told(again, 2)
    assert [row.ref.split("|")[4] for row in told] == ["$10.00", "$10.60"]


async def until_told(harness: Budgeted, count: int) -> list[OutboxRow]:
    found: list[OutboxRow] = []

    async def look() -> bool:
        nonlocal found
        found = await harness.notices()
        return len(found) >= count

    await until(look)
    assert len(found) == count
    return found


async def test_what_an_agent_reports_is_in_the_ledger_once_however_often_it_is_looked_at(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness = budgeted(store, tmp_path, 0.1, 0.2, 0.3, repository={"day_usd": 50})
    key = AccountKey("1", AccountScope.REPOSITORY, "shop")
    async with harness.running():
        run = RunId((await harness.submit()).id)
        cost = (await harness.ended(run)).usage.cost_usd
        [account] = await harness.book.of_key(key)
        await until(lambda: account.spent_usd > Decimal("0.5"))
    for _ in range(2):
        harness = harness.next_process()
        async with harness.running():
            [account] = await harness.book.of_key(key)
            await harness.parts.areas.shared_budgets.keeper._check(run)  # pyright: ignore[reportPrivateUsage]  # its first look
            assert (account.spent_usd, cost) == (Decimal("0.6"), 0.6)
    assert (await harness.book.by_day(key, 2))[-1][1] == Decimal("0.6")
    assert await harness.book.by_day(AccountKey("2", AccountScope.REPOSITORY, "shop"), 2) == [
        (day, Decimal(0)) for day, _ in await harness.book.by_day(key, 2)
    ]
