"""Edits one message of a run so that it is up to date; counterpart of `deliver.py`, which made it.

Called by `live.py`.
"""

from collections import OrderedDict
from typing import NamedTuple

from ompycord.bot.delivery.rollover import ROLL_OVER_MS, CardRollover, is_moved
from ompycord.bot.delivery.thread_names import ThreadNames
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.rest import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Rest, SendFailed
from ompycord.bot.run_links import card_number
from ompycord.bot.run_view import RunView, is_pinned, latest_card
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, ShownMessages
from ompycord.domain.records import OutboxKind, Surface
from ompycord.render.message import RenderedMessage
from ompycord.telemetry import get_logger

__all__ = ["ROLL_OVER_MS", "Refreshed", "Refresher"]

OLD_MS = 60 * 60 * 1000
"""Age of a message whose edits have a limit of their own: summaries and rolled-over cards are edited more slowly."""
COMPARE_AGAIN_S = 300.0
"""Seconds after which a run that did not change is rendered and compared all the same: a secret may be known by then.

Until then one comparison of its view tells.
"""
SHOWN_KEPT = 500
"""Runs whose shown view is remembered."""
DOUBTS = 6
"""Refusals of one message in a row, each for no known reason, after which the last one is final."""

_ORDER = (OutboxKind.CARD, OutboxKind.QUESTION, OutboxKind.SUMMARY, OutboxKind.RESULT, OutboxKind.NOTICE)

log = get_logger(__name__)


class Refreshed(NamedTuple):
    """The result of one check of a run's messages in a channel."""

    untrue: int = 0
    """How many were out of date; the first of them was edited."""
    was_old: bool = False
    """Whether that one is older than an hour."""
    delivers: bool = False
    """Whether a new card must be posted."""
    is_last: bool = True
    """Whether nothing is left to check: other messages, or that all of a run that ended is true."""


class _Shown(NamedTuple):
    """A view of a run and the channels in which its messages show it."""

    run_view: RunView
    channels: set[str]
    since: float


class Refresher:
    """Compares by hash what a message shows with what is true."""

    def __init__(
        self,
        *,
        store: ShownMessages,
        renderer: MessageRenderer,
        rest: Rest,
        clock: Clock,
        rollover: CardRollover,
        thread_names: ThreadNames,
    ) -> None:
        self._store = store
        self._renderer = renderer
        self._rest = rest
        self._clock = clock
        self._rollover = rollover
        self._thread_names = thread_names
        self._doubts: dict[tuple[RunId, OutboxKind, str], int] = {}
        self._shown: OrderedDict[RunId, _Shown] = OrderedDict()

    def is_shown(self, run_view: RunView) -> bool:
        """Whether all messages of the run were compared with this very view, and nothing else can have changed."""
        shown = self._shown.get(run_view.run)
        if shown is None or shown.run_view != run_view or self._rollover.may_be_due(run_view):
            return False
        if self._clock.monotonic_s() - shown.since >= COMPARE_AGAIN_S:
            return False
        return shown.channels >= {surface.channel for surface in run_view.surfaces}

    def due(self, now: float) -> list[RunId]:
        """Take the runs of which something can be made true that could not be before; `now` in monotonic seconds."""
        return self._thread_names.due(now)

    def due_at(self) -> float:
        """When the next of them is due, in monotonic seconds; infinity where there is none."""
        return self._thread_names.due_at()

    def forget(self) -> None:
        """Compare everything again: messages may have been deleted or moved."""
        self._shown.clear()

    async def refresh(self, run: RunId, channel: str) -> Refreshed:
        """One edit at most. Raises SendFailed, StorageError."""
        run_view = await self._renderer.view(run)
        if run_view is None or self._rest.is_away(run_view.record.guild):
            return Refreshed()
        if channel in self._rollover.deleted_channels:
            return Refreshed(delivers=await self._relocate(run_view, channel))
        delivers = await self._rollover.is_due(run_view, channel)
        untrue = self._untrue(run_view, channel)
        if not untrue:
            await self._compared(run_view, channel)
            return Refreshed(delivers=delivers)
        surface, message = untrue[0]
        delivers = await self._edit(run_view, surface, message) or delivers
        is_last = len(untrue) == 1 and not run_view.snapshot.is_final
        if is_last:  # no check follows by itself that would find its thread's name untrue
            await self._thread_names.keep_true(run_view, channel)
        return Refreshed(len(untrue), self._clock.now_ms() - surface.posted_at >= OLD_MS, delivers, is_last)

    def _untrue(self, run_view: RunView, channel: str) -> list[tuple[Surface, RenderedMessage]]:
        """Messages of the run in this channel whose hash differs from what is true now; the live card first."""
        found: list[tuple[Surface, RenderedMessage]] = []
        here = [s for s in run_view.surfaces if s.channel == channel and s.message is not None and s.kind in _ORDER]
        for surface in sorted(here, key=lambda s: (_ORDER.index(s.kind), -card_number(s))):
            message = self._renderer.render(run_view, surface.kind, surface.ref)
            if message is None:
                continue
            must_prove = self._rollover.questions.must_prove(run_view, surface)
            if message.payload_hash != surface.shown_hash or must_prove:
                found.append((surface, message))
        return found

    async def _compared(self, run_view: RunView, channel: str) -> None:
        """Bring the thread's name up to date, and note of a run that ended that all it shows here is true.

        An open run is compared again anyway, at each start too.
        """
        is_named = await self._thread_names.keep_true(run_view, channel)
        position = run_view.shown_position
        is_behind = any(s.channel == channel and s.shown_position < position for s in run_view.surfaces)
        if is_named and not run_view.snapshot.is_final:
            self._remember(run_view, channel)
        if is_named and is_behind and run_view.snapshot.is_final:
            await self._store.compared(run_view.run, channel, position)

    def _remember(self, run_view: RunView, channel: str) -> None:
        known, now = self._shown.pop(run_view.run, None), self._clock.monotonic_s()
        if known is None or known.run_view != run_view or now - known.since >= COMPARE_AGAIN_S:
            known = _Shown(run_view, set(), now)
        known.channels.add(channel)
        self._shown[run_view.run] = known
        if len(self._shown) > SHOWN_KEPT:
            self._shown.popitem(last=False)

    async def _edit(self, run_view: RunView, surface: Surface, message: RenderedMessage) -> bool:
        """Edit a message; whether a new card must be posted because this one was deleted."""
        if surface.message is None:
            return False
        if surface.kind is OutboxKind.CARD and is_moved(run_view, surface):
            await self._rest.delete(surface.channel, surface.message)
            await self._store.shown(surface.model_copy(update={"message": None}))
            return False
        delivers = False
        try:
            await self._rest.edit(surface.channel, surface.message, message)
        except SendFailed as failed:
            if not self._is_final(surface, failed):
                raise
            log.warning("edit.refused", run=run_view.run, kind=surface.kind, reason=str(failed))
            if failed.code == UNKNOWN_CHANNEL:
                self._rollover.deleted_channels.add(surface.channel)
                return await self._relocate(run_view, surface.channel)
            if failed.code == UNKNOWN_MESSAGE:
                if await self._rollover.questions.ask(run_view, lambda lost: lost == surface):
                    return True
                if await self.forget_result(run_view, surface.message):
                    return False
                if surface == latest_card(run_view.surfaces):
                    await self._rollover.another(run_view, surface)
                    delivers = True
        else:
            self._rollover.questions.proved.add(surface.message)
        if is_pinned(surface.kind, surface.ref) and self._renderer.closed(run_view, surface.ref):
            await self._unpin(surface)
        self._doubts.pop((surface.run, surface.kind, surface.ref), None)
        now = self._clock.now_ms()
        update = {"shown_hash": message.payload_hash, "shown_position": run_view.shown_position, "edited_at": now}
        await self._store.shown(surface.model_copy(update=update))
        return delivers

    async def forget_result(self, run_view: RunView, message: str) -> bool:
        """Forget the result where this message was it: the card shows all again. Raises StorageError."""
        result = run_view.surface(OutboxKind.RESULT)
        if result is None or result.message != message:
            return False
        await self._store.shown(result.model_copy(update={"message": None, "shown_position": 0}))
        return True

    def _is_final(self, surface: Surface, failed: SendFailed) -> bool:
        if not failed.is_doubtful:
            return failed.is_final
        key = (surface.run, surface.kind, surface.ref)
        self._doubts[key] = self._doubts.get(key, 0) + 1
        return self._doubts[key] >= DOUBTS

    async def _unpin(self, surface: Surface) -> None:
        """Unpin a closed question, before it is noted as up to date.

        Raises SendFailed where another try may succeed.
        """
        try:
            await self._rest.unpin(surface.channel, surface.message or "0")
        except SendFailed as failed:
            if failed.may_pass:
                raise
            log.info("question.not_unpinned", run=surface.run, reason=str(failed))

    async def _relocate(self, run_view: RunView, channel: str) -> bool:
        """Show the run elsewhere after its channel was deleted, and forget what stood here.

        Returns whether a card must be posted.
        """
        card = latest_card(run_view.surfaces)
        delivers = False
        if (
            not run_view.snapshot.is_final
            and await self._rollover.relocate(run_view)
            and card
            and card.channel == channel
        ):
            await self._rollover.another(run_view, card)
            delivers = True
        for surface in run_view.surfaces:
            is_here = surface.channel == channel and surface.message is not None
            if is_here and surface.kind not in {OutboxKind.SUMMARY, OutboxKind.THREAD}:
                await self._store.shown(
                    surface.model_copy(update={"message": None, "shown_position": run_view.position})
                )
        if run_view.snapshot.is_final:  # nothing of it can be shown there any more
            await self._store.compared(run_view.run, channel, run_view.position)
        return delivers
