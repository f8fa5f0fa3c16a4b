"""Keeps shared accounts true beside the model gateway, as one task: what agents report, warnings, runs to pause.

An agent that asks models by itself reports what it used; that becomes rows of the same ledger. An account that has
used so much of its limit is told of once, in the thread of the run that used it; a run whose account is used up is
paused, within one turn of its agent where the gateway does not see its requests.
"""

from typing import Final

from ompycord.conductor.budgeting.accounts import SharedAccounts
from ompycord.conductor.bus import Bus
from ompycord.conductor.run_access import RunAccess
from ompycord.conductor.snapshots import Snapshots
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import SpendingAccount, payer_of
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.ports.model_ledger import SpentSoFar
from ompycord.domain.ports.team.budgets import BudgetWarning
from ompycord.domain.records import Commit, OutboxKind, OutboxRow
from ompycord.domain.run import RunKind, RunRecord, SuspendReason
from ompycord.errors import StorageError
from ompycord.render.money.budgets import used_up_account
from ompycord.render.money.notice import budget_ref
from ompycord.telemetry import get_logger

__all__ = ["SharedBudgetKeeper"]

POLL_S: Final = 30.0
"""Seconds between two checks of all runs, for the case that a notice was missed."""
_RECENT: Final = 200
"""Runs, the newest, that are looked at when the process starts: an agent may have reported just before it ended."""
_KEPT: Final = 2000
"""Runs whose usage is remembered, so that only a change is looked at."""
_NANO: Final = 1_000_000_000

log = get_logger(__name__)

_Usage = tuple[float | None, int]


class SharedBudgetKeeper:
    """Runs as one task for the life of the process. It reads snapshots, so a restart forgets nothing."""

    def __init__(
        self, *, accounts: SharedAccounts, access: RunAccess, transitions: Transitions, snapshots: Snapshots, bus: Bus
    ) -> None:
        self._accounts = accounts
        self._access = access
        self._transitions = transitions
        self._snapshots = snapshots
        self._bus = bus
        self._seen: dict[RunId, _Usage] = {}

    async def run(self) -> None:
        """Check each run that changed, and those at work at intervals, until cancelled."""
        with self._bus.subscribe() as changes:
            runs = await self._recent()
            while True:
                for run in runs:
                    await self._check(run)
                runs = await changes.take(POLL_S) or await self._at_work()

    async def pause(self, run: RunId, account: SpendingAccount) -> None:
        """Pause a run whose account does not cover what its agent asks of a model."""
        try:
            await self._pause(run, account, await self._snapshots.of(run))
        except StorageError as error:
            log.warning("budget.waits", run=run, cause=str(error))

    async def _recent(self) -> list[RunId]:
        try:
            found = await self._access.store.runs(RunFilter(kind=RunKind.HOSTED, limit=_RECENT))
        except StorageError as error:
            log.warning("budget.waits", cause=str(error))
            return []
        return [RunId(one.id) for one in found]

    async def _at_work(self) -> list[RunId]:
        try:
            return await self._access.at_work()
        except StorageError as error:
            log.warning("budget.waits", cause=str(error))
            return []

    async def _check(self, run: RunId) -> None:
        """Bring the accounts of a run up to what it used. A database that refuses is asked again at its next event."""
        try:
            snapshot = await self._snapshots.of(run)
            used = None if snapshot is None else _used(snapshot)
            if snapshot is None or used is None or self._seen.get(run) == used:
                return
            record = await self._access.store.run(run)
            if record is None or record.kind is not RunKind.HOSTED:
                return
            await self._charge(record, snapshot)
            self._seen = dict(list(self._seen.items())[1 - _KEPT :]) if len(self._seen) >= _KEPT else self._seen
            self._seen[run] = used
        except StorageError as error:
            log.warning("budget.waits", run=run, cause=str(error))

    async def _charge(self, record: RunRecord, snapshot: StatusSnapshot) -> None:
        run, payer = RunId(record.id), payer_of(record)
        if not snapshot.usage.requests:  # else each request is a row already
            usage = snapshot.usage
            total = SpentSoFar(tokens=_tokens(snapshot), nano_usd=round((usage.cost_usd or 0.0) * _NANO))
            await self._accounts.report(run, payer, total, at=snapshot.last_event_at)
        now = self._access.clock.now_ms()
        for account in await self._accounts.of(payer, now):
            if account.used_percent() >= self._accounts.options.warn_percent:
                await self._warn(record, account, now)
        used_up = await self._accounts.used_up(payer, now)
        if used_up is not None:
            await self._pause(run, used_up, snapshot)

    async def _warn(self, record: RunRecord, account: SpendingAccount, now: Millis) -> None:
        """Tell of it once: the warning's row and the message's are stored together."""
        shared = account.shared
        if shared is None or record.channel is None:
            return
        limit = "/".join(str(one) for one in (account.usd, account.tokens) if one is not None)
        percent = self._accounts.options.warn_percent
        warning = BudgetWarning(
            key=shared.key, period=shared.period, start=shared.span.start, percent=percent, limit=limit, at=now
        )
        place, run = {"channel": record.channel}, RunId(record.id)
        row = OutboxRow(run=run, kind=OutboxKind.NOTICE, ref=str(budget_ref(account)), body=place, created_at=now)
        await self._access.store.commit(Commit(writes=(warning, row)))

    async def _pause(self, run: RunId, account: SpendingAccount, snapshot: StatusSnapshot | None) -> None:
        person = snapshot.origin.requester_name if snapshot is not None else None
        words = used_up_account(account, person=person or "the requester")
        body = ev.RunStopped(by="Ompycord", reason=words, cause=SuspendReason.ACCOUNT)
        await self._transitions.stop_agent(run, body)


def _used(snapshot: StatusSnapshot) -> _Usage | None:
    """None where nothing was used."""
    found = (snapshot.usage.cost_usd, _tokens(snapshot))
    return found if found[0] or found[1] else None


def _tokens(snapshot: StatusSnapshot) -> int:
    usage = snapshot.usage
    return usage.input + usage.output + usage.cache_read + usage.cache_write
