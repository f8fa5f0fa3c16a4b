"""The live editor: makes every message of every run true, one request in flight per channel, rendered when it is sent.

Counterpart: `conductor.Bus`, which says *that* a run changed. Payloads freeze inside discord.py's queue (PLATFORM.md), so
nothing waits there: a lane per channel takes its next job when the last one has ended. Discord calls are never cancelled.
"""

import asyncio

import structlog

from ompycord.bot.deliver import ORDER, Deliverer, Errand
from ompycord.bot.flow import Flow, Signal, advance
from ompycord.bot.lanes import Lane
from ompycord.bot.refresh import Refresher
from ompycord.bot.rest import SendFailed
from ompycord.bot.scenes import Scene, Scenes
from ompycord.conductor import Bus, Subscription
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, RunFilter, Store
from ompycord.domain.records import OutboxKind, OutboxRow
from ompycord.errors import StorageError

__all__ = ["PACE_S", "LiveEditor"]

PACE_S = 1.1
"""Between two edits of one channel: create and edit share about 5 per 5 s (PLATFORM.md); what is urgent does not wait."""
IDLE_S = 1.0
"""Looks by itself so often: `not_before`, retries and silence have no event."""
COALESCE_S = 0.2
"""A run that changes all the time is looked at so often; an edit takes longer anyway."""
SWEEP_S = 30.0
"""How often all open runs are looked at again, for what only a clock changes (silence, rolled-over cards)."""
RETRY_S = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
SETTLE_S = 10.0
"""At the end, requests in flight may finish so long."""
ROWS = 200

log = structlog.get_logger(__name__)


def _state_of(scene: Scene) -> Signal:
    if scene.snapshot.is_final:
        return Signal.ENDED
    return Signal.ASKED if scene.snapshot.needs_person else Signal.ANSWERED


class LiveEditor:
    """Runs as one task while the bot is connected."""

    def __init__(
        self, *, bus: Bus, store: Store, scenes: Scenes, deliverer: Deliverer, refresher: Refresher, clock: Clock
    ) -> None:
        self._bus = bus
        self._store = store
        self._scenes = scenes
        self._deliverer = deliverer
        self._refresher = refresher
        self._clock = clock
        self._lanes: dict[str, Lane] = {}
        self._flows: dict[RunId, Flow] = {}
        self._retry_at: dict[int, tuple[float, int]] = {}
        self._changed: dict[RunId, None] = {}
        self._looked_at: dict[RunId, float] = {}
        self._posted: dict[RunId, asyncio.Event] = {}
        self._subscription: Subscription | None = None

    # -- what others may ask -----------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Look at the outbox now."""
        if self._subscription is not None:
            self._subscription.wake()

    async def posted(self, run: RunId, timeout: float) -> str | None:
        """The address of a run's mirror, waiting for it at most so many seconds."""
        event = self._posted.setdefault(run, asyncio.Event())
        self.wake()
        try:
            mirror = await self._store.surface(run, OutboxKind.MIRROR)
            if mirror is None:
                try:
                    async with asyncio.timeout(timeout):
                        await event.wait()
                except TimeoutError:
                    pass
                mirror = await self._store.surface(run, OutboxKind.MIRROR)
        finally:
            self._posted.pop(run, None)
        if mirror is None:
            return None
        record = await self._store.run(run)
        return self._scenes.url(record.guild if record else None, mirror.channel, mirror.message)

    @property
    def longest_flight_s(self) -> float:
        """How long the oldest request has been in flight; the watchdog's measure."""
        now = self._clock.monotonic_s()
        return max((now - lane.began for lane in self._lanes.values() if lane.task is not None), default=0.0)

    @property
    def slowed_cards(self) -> int:
        """Cards that Discord refuses to edit right now."""
        return sum(flow is Flow.RATE_LIMITED for flow in self._flows.values())

    def slowed(self, channel: str, retry_after_s: float) -> None:
        """Discord answered 429 in this channel; its next edit says so (DESIGN, *The run's life*: RateLimited)."""
        self._scenes.slowed[channel] = self._clock.now_ms() + round(retry_after_s * 1000)
        lane = self._lanes.get(channel)
        if lane is not None and lane.run is not None:
            self._feel(lane.run, Signal.SLOWED)

    # -- the loop ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Deliver and edit until cancelled; what is in flight then may finish for `SETTLE_S`."""
        with self._bus.subscribe() as subscription:
            self._subscription = subscription
            await self._look_at_all(first=True)
            swept = self._clock.monotonic_s()
            async with asyncio.TaskGroup() as group:
                try:
                    while True:
                        self._changed.update(dict.fromkeys(await subscription.take(self._pause())))
                        if self._clock.monotonic_s() - swept >= SWEEP_S:
                            swept = self._clock.monotonic_s()
                            await self._look_at_all()
                        await self._plan(group)
                finally:
                    self._subscription = None
                    flying = [lane.task for lane in self._lanes.values() if lane.task is not None]
                    if flying:
                        await asyncio.wait(flying, timeout=SETTLE_S)

    async def _look_at_all(self, *, first: bool = False) -> None:
        """Everything that may show less than we know: after a restart every card becomes true again."""
        try:
            stale = await self._store.stale_cards() if first else []
            still = await self._store.runs(RunFilter(is_open=True, limit=500))
        except StorageError as error:
            log.warning("live.waits", cause=str(error))
        else:
            self._changed.update(dict.fromkeys([*stale, *(RunId(record.id) for record in still)]))

    def _pause(self) -> float:
        """Until the next lane may begin; at most `IDLE_S`."""
        now = self._clock.monotonic_s()
        waits = [
            max(lane.ready_at, lane.blocked_until) - now
            for lane in self._lanes.values()
            if lane.task is None and (lane.dirty or lane.errands)
        ]
        longest = COALESCE_S if self._changed else IDLE_S
        return min([max(wait, 0.01) for wait in waits] + [longest])

    async def _plan(self, group: asyncio.TaskGroup) -> None:
        """Take in what changed, then give every free lane its next job."""
        now = self._clock.monotonic_s()
        for run in [run for run in self._changed if now - self._looked_at.get(run, -COALESCE_S) >= COALESCE_S]:
            del self._changed[run]
            await self._mark(run)
        await self._collect()
        now = self._clock.monotonic_s()
        for channel, lane in list(self._lanes.items()):
            if lane.is_over(now):
                del self._lanes[channel]
            elif lane.task is None and now >= lane.blocked_until:
                self._begin(channel, lane, now, group)

    def _lane(self, channel: str) -> Lane:
        return self._lanes.setdefault(channel, Lane())

    async def _mark(self, run: RunId) -> None:
        """This run's messages may say something old. What cannot be read now is looked at again; nothing is forgotten."""
        now = self._clock.monotonic_s()
        try:
            scene = await self._scenes.look(run)
        except StorageError as error:
            log.warning("live.waits", cause=str(error))
            self._changed[run] = None
            return
        except Exception:
            log.exception("live.failed", run=run)
            return
        if scene is None:
            return
        self._feel(run, _state_of(scene))
        self._looked_at[run] = now
        if scene.snapshot.is_final:
            del self._looked_at[run]
        for channel in {surface.channel for surface in scene.surfaces if surface.message is not None}:
            since, _ = self._lane(channel).dirty.get(run, (now, False))
            self._lane(channel).dirty[run] = (since, scene.is_urgent)
            if not scene.is_urgent:
                self._lane(channel).hurried.discard(run)

    def _feel(self, run: RunId, *signals: Signal) -> None:
        """Take the person's machine along (`flow.py`)."""
        flow = self._flows.get(run, Flow.LIVE)
        for signal in signals:
            flow = advance(flow, signal).to
        if flow in {Flow.CLOSED, Flow.LIVE}:  # the latter is where every run begins: nothing to remember
            self._flows.pop(run, None)
        else:
            self._flows[run] = flow

    async def _collect(self) -> None:
        """For each run its first row that waits, in the order in which messages must appear."""
        first: dict[RunId, OutboxRow] = {}
        try:
            rows = await self._store.outbox(limit=ROWS)
        except StorageError as error:
            log.warning("live.waits", cause=str(error))
            return
        for row in rows:
            known = first.get(row.run)
            if known is None or (ORDER[row.kind], row.id) < (ORDER[known.kind], known.id):
                first[row.run] = row
        for lane in self._lanes.values():
            lane.errands.clear()
        now = self._clock.monotonic_s()
        flying = {lane.row for lane in self._lanes.values()}
        for row in sorted(first.values(), key=lambda row: row.id):
            if row.id not in flying and now >= self._retry_at.get(row.id, (0.0, 0))[0]:
                await self._send_out(row)

    async def _send_out(self, row: OutboxRow) -> None:
        """Put a row into its lane, if its time has come. One run's trouble is not another's."""
        try:
            errand = await self._deliverer.errand(row)
        except StorageError as error:
            log.warning("live.waits", cause=str(error))
        except Exception:
            log.exception("live.failed", run=row.run, kind=row.kind)
            self._retry_at[row.id] = (self._clock.monotonic_s() + RETRY_S[-1], 0)
        else:
            if isinstance(errand, Errand):
                self._lane(errand.channel).errands.append(errand)

    # -- one lane ----------------------------------------------------------------------------------------------------

    def _begin(self, channel: str, lane: Lane, now: float, group: asyncio.TaskGroup) -> None:
        """Deliveries first, since they must; then edits."""
        job: Errand | RunId | None
        if lane.errands:
            job = lane.errands.pop(0)
        else:
            job = lane.next_run(now)
            if job is not None:
                del lane.dirty[job]
        if job is not None:
            lane.began = now
            lane.run, lane.row = (job.row.run, job.row.id) if isinstance(job, Errand) else (job, None)
            lane.task = group.create_task(self._work(channel, lane, job))

    async def _work(self, channel: str, lane: Lane, job: Errand | RunId) -> None:
        """One job. Whatever happens, the lane is free afterwards and nothing is forgotten."""
        used_a_slot = True
        try:
            if isinstance(job, Errand):
                await self._deliver(channel, lane, job)
            else:
                used_a_slot = await self._edit(channel, lane, job)
        except StorageError as error:
            log.warning("live.waits", cause=str(error))
            lane.blocked_until = self._clock.monotonic_s() + RETRY_S[0]
            if not isinstance(job, Errand):
                self._changed[job] = None
        except Exception:
            log.exception("live.failed", channel=channel, job=job.row.run if isinstance(job, Errand) else job)
            if isinstance(job, Errand):
                self._retry_at[job.row.id] = (self._clock.monotonic_s() + RETRY_S[-1], 0)
        finally:
            lane.task = lane.run = lane.row = None
            if used_a_slot:
                lane.ready_at = self._clock.monotonic_s() + PACE_S
            self.wake()

    async def _deliver(self, channel: str, lane: Lane, errand: Errand) -> None:
        row = errand.row
        try:
            await self._deliverer.deliver(errand)
        except SendFailed as failed:
            tries = self._retry_at.get(row.id, (0.0, 0))[1]
            pause = failed.retry_after_s or RETRY_S[min(tries, len(RETRY_S) - 1)]
            self._retry_at[row.id] = (self._clock.monotonic_s() + pause, tries + 1)
            log.info("delivery.again", run=row.run, kind=row.kind, reason=str(failed), pause_s=pause)
            if failed.retry_after_s is not None:
                self._hold(channel, lane, failed, failed.retry_after_s)
            return
        self._retry_at.pop(row.id, None)
        if row.kind is OutboxKind.MIRROR and row.run in self._posted:
            self._posted[row.run].set()
        await self._mark(row.run)

    async def _edit(self, channel: str, lane: Lane, run: RunId) -> bool:
        """Edit one message of the run in this channel, the lane comes back for its others; whether anything was sent."""
        said = self._scenes.slowed.get(channel)
        try:
            untrue = await self._refresher.refresh(run, channel)
        except SendFailed as failed:
            pause = failed.retry_after_s or RETRY_S[min(lane.failures, len(RETRY_S) - 1)]
            lane.failures += 1
            log.info("edit.again", run=run, reason=str(failed), pause_s=pause)
            self._hold(channel, lane, failed, pause)
            await self._mark(run)
            return True
        lane.failures = 0
        if untrue and said is not None and self._scenes.slowed.get(channel) == said:
            del self._scenes.slowed[channel]
        if untrue > 1:
            await self._mark(run)
        else:
            self._feel(run, Signal.CAUGHT_UP)
        return untrue > 0

    def _hold(self, channel: str, lane: Lane, failed: SendFailed, seconds: float) -> None:
        """An outage is no limit of Discord's, so only a limit is told as one."""
        lane.blocked_until = self._clock.monotonic_s() + seconds
        if failed.retry_after_s is not None:
            self.slowed(channel, seconds)
