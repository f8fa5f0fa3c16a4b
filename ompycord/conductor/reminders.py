"""Reminders and timeouts: external runs that fell silent, and people who do not answer.

An external run that is silent for a day is SUSPENDED(lost) until its next event. A question or approval of a hosted run
has a reminder after 15 minutes, a notice to the ops channel after an hour, and suspends its run after a day
(docs/contracts/cards.md, *Who is pinged*).
"""

from ompycord.conductor.event_recorder import EventRecorder
from ompycord.conductor.run_access import RunStore
from ompycord.conductor.runs import Runs
from ompycord.conductor.snapshots import Snapshots
from ompycord.domain.base import Millis
from ompycord.domain.events import RunStateChanged
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.ports import Clock, RunFilter
from ompycord.domain.records import Commit, OutboxKind, OutboxRow
from ompycord.domain.refs import Ref, RefKind
from ompycord.domain.run import RunKind, RunRecord, RunState, SuspendReason
from ompycord.errors import StorageError
from ompycord.render.cards.asking import PAUSE_AFTER_MS
from ompycord.telemetry import get_logger

__all__ = ["LOST_MS", "OPS_MS", "REMIND_MS", "Reminders"]

LOST_MS = 24 * 3600 * 1000
POLL_S = 60.0
RUNS_LOOKED_AT = 1000
"""Runs that are changed in one round; the next round finds the others."""
REMIND_MS = 15 * 60 * 1000
OPS_MS = 60 * 60 * 1000
REMINDED_KEPT = 1000
"""Reminders that are remembered, so that the outbox is not asked every minute; forgetting one costs a no-op."""

log = get_logger(__name__)


class Reminders:
    """Runs as one task for the life of the process."""

    def __init__(
        self,
        *,
        store: RunStore,
        snapshots: Snapshots,
        runs: Runs,
        recorder: EventRecorder,
        clock: Clock,
        ops_channel: str | None = None,
    ) -> None:
        """Without an ops channel only those who were asked are notified."""
        self._store = store
        self._snapshots = snapshots
        self._runs = runs
        self._recorder = recorder
        self._clock = clock
        self._ops_channel = ops_channel
        self._reminded: dict[tuple[RunId, Ref], None] = {}

    async def run(self) -> None:
        """Check once a minute until cancelled."""
        while True:
            try:
                await self.check_once()
            except StorageError as error:
                log.warning("watch.waits", cause=str(error))
            await self._clock.sleep(POLL_S)

    async def check_once(self) -> int:
        """Suspend runs that were silent too long, and remind people of open requests; how many were suspended."""
        lost = 0
        working = frozenset(RunState) - {RunState.SUSPENDED}
        hosted = RunFilter(is_open=True, kind=RunKind.HOSTED, limit=RUNS_LOOKED_AT)
        records = await self._store.runs(hosted)
        folds = await self._snapshots.folded_of([RunId(record.id) for record in records])
        for record in records:
            if (folded := folds.get(RunId(record.id))) is not None:
                await self._remind(record, folded.snapshot)
        # What was projected since is not silent: no need to read its fold (bench recovery).
        silent = RunFilter(
            is_open=True,
            kind=RunKind.EXTERNAL,
            states=working,
            updated_before=self._clock.now_ms() - LOST_MS + 1,
            limit=RUNS_LOOKED_AT,
        )
        for record in await self._store.runs(silent):
            run = RunId(record.id)
            folded = await self._snapshots.folded(run)
            if folded is None:
                continue
            snapshot = folded.snapshot
            if self._clock.now_ms() - snapshot.last_event_at < LOST_MS:
                continue
            body = RunStateChanged(
                state=RunState.SUSPENDED,
                previous=snapshot.state,
                cause="silence",
                reason=SuspendReason.LOST,
                message="Nothing was heard of it for a day.",
                lanes={source: last for source, last in folded.last_seqs.items() if source != OMPYCORD},
            )
            await self._recorder.record(run, body)
            log.info("run.state", run=run, cause="silence", **{"from": snapshot.state, "to": RunState.SUSPENDED})
            lost += 1
        return lost

    async def _remind(self, record: RunRecord, snapshot: StatusSnapshot) -> None:
        """Send a reminder of what has waited 15 minutes; after a day the agent is stopped and the run waits.

        Resumed, it asks again, and what was decided since then is its answer.
        """
        run, channel = RunId(record.id), record.channel
        if snapshot.is_final:
            return
        is_stopped = snapshot.state is RunState.SUSPENDED
        if is_stopped and snapshot.reason is not SuspendReason.WAITING:
            return
        waiting = {Ref(RefKind.APPROVAL, one.ref): one.asked_at for one in snapshot.open_approvals}
        waiting |= {Ref(RefKind.QUESTION, one.ref): one.asked_at for one in snapshot.open_questions}
        plan = snapshot.open_proposal
        waiting |= {} if plan is None else {Ref(RefKind.PLAN, plan.ref): plan.asked_at}
        now = self._clock.now_ms()
        if not is_stopped and any(now - at >= PAUSE_AFTER_MS for at in waiting.values()):
            why = "answered its agent" if plan is None else "decided on its plan"
            await self._runs.suspend(record, f"Paused: no one {why} for a day.")
            return
        for ref, at in waiting.items():
            if channel is not None and now - at >= REMIND_MS:
                await self._notice(run, ref, channel, now)
            if self._ops_channel is not None and now - at >= OPS_MS:
                await self._notice(run, ref.for_ops, self._ops_channel, now)

    async def _notice(self, run: RunId, ref: Ref, channel: str, now: Millis) -> None:
        """Queue the notice, once."""
        if (run, ref) in self._reminded:
            return
        row = OutboxRow(run=run, kind=OutboxKind.NOTICE, ref=str(ref), body={"channel": channel}, created_at=now)
        await self._store.commit(Commit(writes=(row,)))
        self._reminded = dict.fromkeys([*list(self._reminded)[-REMINDED_KEPT:], (run, ref)])
