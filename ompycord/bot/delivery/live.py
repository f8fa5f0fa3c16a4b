"""The live editor: keeps every message of every run up to date, one request in flight per channel.

Counterpart: `conductor.Bus`, which announces *that* a run changed. A message is rendered when it is sent: payloads
freeze inside discord.py's queue, so nothing waits there, and a channel's queue starts its next job when the last one
has ended. Discord calls are never cancelled.
"""

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Protocol

from ompycord.bot.delivery.ask_again import AskAgain
from ompycord.bot.delivery.board import BoardKeeper
from ompycord.bot.delivery.changes import ChangedRuns
from ompycord.bot.delivery.channel_access import ChannelAccess
from ompycord.bot.delivery.channel_queues import BoardOf, ChannelQueue, ChannelQueues, Job, Start
from ompycord.bot.delivery.deliver import Deliverer, QueuedDelivery
from ompycord.bot.delivery.pending_deliveries import IDLE_S, RETRY_S, PendingDeliveries, pause_after
from ompycord.bot.delivery.posted import PostedSummaries
from ompycord.bot.delivery.rate_limiter import RateAnswer
from ompycord.bot.delivery.refresh import Refresher
from ompycord.bot.delivery.removed_messages import RemovedMessages
from ompycord.bot.delivery.run_flows import RunFlows
from ompycord.bot.flow import Signal
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.rest import SendFailed
from ompycord.bot.run_view import RunView
from ompycord.conductor import Bus, Subscription
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, Commits, Outbox, RunFilter, RunRecords, ShownMessages, Surfaces
from ompycord.domain.records import OutboxKind
from ompycord.errors import StorageError
from ompycord.telemetry import get_logger

__all__ = ["LiveEditor", "LiveStore"]

AT_ONCE = 50
"""Runs that are checked before queues get their next job: after a restart there can be a thousand."""
RECHECK_S = 30.0
"""Seconds between two checks of all open runs, for what only a clock changes (silence, rolled-over cards)."""
OLD_EDIT_S = 2.1
"""Seconds between two edits where one was of a message older than an hour: 3 in 6 s, which no header names."""
SETTLE_S = 10.0
"""Seconds for which requests in flight may finish at the end."""

log = get_logger(__name__)


def _state_of(run_view: RunView) -> Signal:
    if run_view.snapshot.is_final:
        return Signal.ENDED
    return Signal.QUESTION if run_view.snapshot.needs_person else Signal.ANSWERED


class LiveStore(RunRecords, Surfaces, Outbox, Protocol):
    """Rows of runs, where their messages are, and pending deliveries."""


class LiveEditor:
    """Runs as one task while the bot is connected."""

    def __init__(
        self,
        *,
        bus: Bus,
        store: LiveStore,
        shown: ShownMessages,
        renderer: MessageRenderer,
        deliverer: Deliverer,
        refresher: Refresher,
        access: ChannelAccess,
        board: BoardKeeper | None,
        questions: AskAgain,
        clock: Clock,
        commits: Commits | None = None,
    ) -> None:
        """`commits` are what this process stores: without it, rows that nobody announces wait for `IDLE_S`."""
        self._commits = commits
        self._bus = bus
        self._store = store
        self._shown = shown
        self._renderer = renderer
        self._deliverer = deliverer
        self._refresher = refresher
        self._access = access
        self._board = board
        self._clock = clock
        self._pending = PendingDeliveries(store=store, deliverer=deliverer, clock=clock)
        self._queues = ChannelQueues()
        self._flows = RunFlows()
        self._changes = ChangedRuns()
        self._posted = PostedSummaries(store, renderer)
        self._removed = RemovedMessages(
            store=store, renderer=renderer, questions=questions, refresher=refresher, changes=self._changes
        )
        self._swept_at = -RECHECK_S
        self._is_new = True
        """Whether what ended runs show is still to be compared, once."""
        self._subscription: Subscription | None = None

    def wake(self) -> None:
        """Check the outbox now."""
        self._pending.read_now()
        self._stir()

    def _stir(self) -> None:
        """Something was done or found here, which may have left rows in the outbox."""
        self._pending.read_soon()
        if self._subscription is not None:
            self._subscription.wake()

    def stored(self) -> None:
        """See `Watcher`: there may be new rows in the outbox."""
        if self._pending.read_soon():
            self._stir()

    def mark_dirty(self, run: RunId) -> None:
        """Note that a message of this run may be in the wrong place."""
        self._refresher.forget()
        self._changes.ask([run])
        self._stir()

    def mark_all_dirty(self) -> None:
        """Note that messages of any run may be in the wrong place."""
        self._refresher.forget()
        self._swept_at = -RECHECK_S
        self._stir()

    def removed(self, channel: str, message: str) -> None:
        """Note that a message was deleted."""
        if self._board is not None and self._board.is_in(channel):
            self._board.deleted(message)
        self._removed.add(message)
        self._refresher.forget()
        self._stir()

    async def posted(self, run: RunId, timeout: float) -> str | None:
        """The address of a run's channel summary, waiting for it at most so many seconds."""
        self.wake()
        return await self._posted.wait(run, timeout)

    @property
    def longest_flight_s(self) -> float:
        """Seconds for which the oldest request has been in flight; the watchdog's measure."""
        now = self._clock.monotonic_s()
        return max((now - queue.began for queue in self._queues if queue.task is not None), default=0.0)

    @property
    def slowed_cards(self) -> int:
        """Cards that Discord refuses to edit right now."""
        return self._flows.slowed

    def on_answer(self, answer: RateAnswer) -> None:
        """Learn the limits from an answer of Discord to any request."""
        self._queues.on_answer(answer, self._clock.monotonic_s())
        if answer.is_limited and answer.channel is not None:
            self._slowed(answer.channel, answer.retry_after_s or 1.0)

    def _slowed(self, channel: str, retry_after_s: float) -> None:
        """Note that Discord answered 429 in this channel; its next edit shows it (docs/contracts/cards.md, *Edits*)."""
        self._renderer.slowed[channel] = self._clock.now_ms() + round(retry_after_s * 1000)
        queue = self._queues.get(channel)
        if queue is not None and queue.run is not None:
            self._flows.feel(queue.run, Signal.SLOWED)

    # -- the loop ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Deliver and edit until cancelled; what is in flight then may finish for `SETTLE_S`."""
        noted = nullcontext() if self._commits is None else self._commits.watched_by(self)
        with self._bus.subscribe() as subscription, noted:
            self._subscription = subscription
            await self._mark_all_dirty()
            async with asyncio.TaskGroup() as group:
                try:
                    while True:
                        taken = await subscription.take(self._pause())
                        self._changes.happened(taken)
                        if taken and self._board is not None:
                            self._board.changed()
                        now = self._clock.monotonic_s()
                        if now - self._swept_at >= RECHECK_S:
                            await self._mark_all_dirty()
                        await self._plan(group, outbox=bool(taken) or now >= self._pending.read_at)
                finally:
                    self._subscription = None
                    flying = [queue.task for queue in self._queues if queue.task is not None]
                    if flying:
                        await asyncio.wait(flying, timeout=SETTLE_S)

    async def _mark_all_dirty(self) -> None:
        """Check everything that may be out of date: after a restart all messages, of every kind."""
        self._swept_at = self._clock.monotonic_s()
        try:
            stale = await self._shown.stale_runs() if self._is_new else []
            still = await self._store.runs(RunFilter(is_open=True, limit=500))
        except StorageError as error:
            log.warning("live.waits", cause=str(error))
        else:
            self._is_new = False
            self._changes.ask([*stale, *(RunId(record.id) for record in still)])

    def _pause(self) -> float:
        """Wait until a job may start or something must be checked; at most `IDLE_S`."""
        now = self._clock.monotonic_s()
        due = min(self._pending.read_at, self._swept_at + RECHECK_S, self._refresher.due_at())
        longest = self._changes.wait(now, min(max(due - now, 0.0), RETRY_S[0] if self._removed.is_left else IDLE_S))
        if self._board is not None:
            longest = self._board.wait(now, longest)
        return self._queues.wait(now, longest)

    async def _plan(self, group: asyncio.TaskGroup, *, outbox: bool) -> None:
        """Take in changes and deliveries, then give every free queue its next job."""
        if await self._removed.take():
            self._pending.read_now()
        self._changes.ask(self._refresher.due(self._clock.monotonic_s()))
        due = self._changes.due(self._clock.monotonic_s())[:AT_ONCE]
        await self._mark({run: self._changes.take(run) for run in due})
        if outbox:
            try:
                await self._pending.collect(self._queues)
            except StorageError as error:
                log.warning("live.waits", cause=str(error))
        now = self._clock.monotonic_s()
        if self._board is not None:
            self._board.place(self._queues, now)
        for start in self._queues.starts(now):
            if not self._queues.begin(start, now):
                break
            start.queue.task = group.create_task(self._work(start))

    async def _mark(self, runs: Mapping[RunId, bool]) -> None:
        """Mark the messages of these runs as possibly out of date; whether something happened to each.

        What cannot be read now is checked again; nothing is forgotten.
        """
        if not runs:
            return
        now = self._clock.monotonic_s()
        try:
            run_views = await self._renderer.views(list(runs))
        except StorageError as error:
            log.warning("live.waits", cause=str(error))
            for run, is_sure in runs.items():
                self._changes.again(run, now + RETRY_S[0], is_sure=is_sure)
            return
        except Exception:
            if len(runs) > 1:  # one of them: a problem of one run does not delay another
                for run, is_sure in runs.items():
                    await self._mark({run: is_sure})
            else:
                log.exception("live.failed", run=next(iter(runs)))
            return
        for run, run_view in run_views.items():
            self._mark_one(run_view, now, is_sure=runs[run])

    def _mark_one(self, run_view: RunView, now: float, *, is_sure: bool) -> None:
        run = run_view.run
        self._flows.feel(run, _state_of(run_view))
        self._changes.looked_at(run, now, is_over=run_view.snapshot.is_final)
        if not is_sure and self._refresher.is_shown(run_view):
            return
        shown = [s for s in run_view.surfaces if s.message is not None or s.kind is OutboxKind.THREAD]
        for channel in {surface.channel for surface in shown}:
            self._queues[channel].mark(run, now, is_urgent=run_view.is_urgent, is_sure=is_sure)

    # -- one channel queue --------------------------------------------------------------------------------------------

    async def _work(self, start: Start) -> None:
        """Do one job. Whatever happens, the queue is free afterwards and nothing is forgotten."""
        channel, queue, job = start
        try:
            if isinstance(job, QueuedDelivery):
                await self._deliver(channel, queue, job)
            elif isinstance(job, BoardOf):
                await self._show_board(start)
            else:
                await self._edit(start, job)
        except StorageError as error:
            log.warning("live.waits", cause=str(error))
            queue.blocked_until = self._clock.monotonic_s() + RETRY_S[0]
            self._again(job, 0.0)
        except Exception:
            log.exception("live.failed", channel=channel, job=job.row.run if isinstance(job, QueuedDelivery) else job)
            self._again(job, RETRY_S[-1])
        finally:
            queue.task = queue.run = queue.row = None
            self._stir()

    def _again(self, job: Job, pause_s: float) -> None:
        """Queue a job again that did not succeed."""
        if isinstance(job, QueuedDelivery):
            self._pending.wait(job.row, pause_s)
        elif isinstance(job, BoardOf):
            if self._board is not None:
                self._board.changed()
        elif not pause_s:
            self._changes.happened([job])

    async def _deliver(self, channel: str, queue: ChannelQueue, delivery: QueuedDelivery) -> None:
        row = delivery.row
        try:
            went_to = await self._deliverer.deliver(delivery)
        except SendFailed as failed:
            self._pending.refused(row, failed)
            if failed.retry_after_s is not None or failed.is_closed:
                await self._hold(channel, queue, failed, pause_after(failed, 0), is_post=True)
            return
        finally:
            self._pending.read_now()  # the run's next row can go now
        self._pending.done(row)
        if went_to is not None:
            await self._access.took(went_to, is_post=True)
        if row.kind is OutboxKind.SUMMARY:
            self._posted.notify(row.run)
        if row.kind is OutboxKind.THREAD and self._board is not None:  # the board links to it
            self._board.changed()
        marked = {row.run: True}
        if row.kind is OutboxKind.CARD:  # the card of the run that it follows leads to it
            marked |= await self._followed(row.run)
        await self._mark(marked)

    async def _followed(self, run: RunId) -> dict[RunId, bool]:
        run_view = await self._renderer.view(run)
        follows = run_view.snapshot.follows if run_view is not None else None
        return {} if follows is None else {RunId(follows): True}

    async def _edit(self, start: Start, run: RunId) -> None:
        """Edit one message of the run in this channel; the queue returns for its others."""
        channel, queue, _ = start
        slowed = self._renderer.slowed.get(channel)
        try:
            done = await self._refresher.refresh(run, channel)
        except SendFailed as failed:
            pause = pause_after(failed, queue.failures)
            queue.failures += 1
            log.info("edit.again", run=run, reason=str(failed), pause_s=pause)
            await self._hold(channel, queue, failed, pause)
            await self._mark({run: True})
            return
        queue.failures = 0
        if done.untrue:
            await self._access.took(channel, is_post=False)
        else:
            self._queues.unused(start)
        if done.delivers:
            self._pending.read_now()
        if done.was_old:
            queue.slow_until = queue.began + OLD_EDIT_S
        if done.untrue and slowed is not None and self._renderer.slowed.get(channel) == slowed:
            del self._renderer.slowed[channel]
        if not done.is_last:
            await self._mark({run: True})
        else:
            self._flows.feel(run, Signal.CAUGHT_UP)

    async def _show_board(self, start: Start) -> None:
        channel, queue, _ = start
        if self._board is None:
            return
        try:
            is_edited = await self._board.refresh()
        except SendFailed as failed:
            if self._board.is_refused and not failed.is_closed:
                await self._access.board_refused(channel, failed)
            if failed.may_pass or failed.is_closed:  # else it is the board alone that is refused
                pause = pause_after(failed, queue.failures)
                queue.failures += 1
                log.info("board.again", channel=channel, reason=str(failed), pause_s=pause)
                await self._hold(channel, queue, failed, pause)
            return
        queue.failures = 0
        if is_edited:
            await self._access.took(channel, is_post=False)
            if not self._board.is_refused:
                await self._access.board_shown(channel)
        else:
            self._queues.unused(start)

    async def _hold(
        self, channel: str, queue: ChannelQueue, failed: SendFailed, seconds: float, *, is_post: bool = False
    ) -> None:
        """Pause a channel. Only a limit is shown as Discord's limit, an outage is not."""
        if failed.is_closed:
            await self._access.refused(channel, failed, is_post=is_post)
        queue.blocked_until = self._clock.monotonic_s() + seconds
        if failed.retry_after_s is not None and not failed.is_closed:
            self._slowed(channel, seconds)
