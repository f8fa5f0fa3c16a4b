"""When a run's card continues in another message: before Discord's hour, out of sight, deleted, its thread deleted.

Each time the next card is a row of the outbox, which may be queued any number of times: (run, kind, ref) is unique.
Counterpart: `refresh.py`, which asks before each edit, and `deliver.py`, which posts.
"""

from typing import Final

from ompycord.bot.delivery.ask_again import AskAgain, AskAgainStore
from ompycord.bot.delivery.messages_below import SCROLLED_OUT_BY, MessagesBelow
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.rest import Rest, SendFailed
from ompycord.bot.run_links import card_number
from ompycord.bot.run_view import RunView, latest_card
from ompycord.domain.ports import Clock
from ompycord.domain.records import Commit, OutboxKind, OutboxRow, Surface
from ompycord.telemetry import get_logger

__all__ = ["MOVED_AT_MOST_MS", "ROLL_OVER_MS", "CardRollover", "is_moved"]

ROLL_OVER_MS: Final = 55 * 60 * 1000
"""Age of a card that continues in a new message: edits of old ones fail with 30046 after an hour."""
MOVED_AT_MOST_MS: Final = 60 * 1000
"""Milliseconds between two moves of a card under which people write."""

log = get_logger(__name__)


def is_moved(run_view: RunView, card: Surface) -> bool:
    """Whether a newer card took this one's place before its hour.

    Then it is removed, so that the thread holds no stale copies.
    """
    later = [s for s in run_view.surfaces if s.kind is OutboxKind.CARD and card_number(s) > card_number(card)]
    follower = min(later, key=card_number, default=None)
    return follower is not None and follower.posted_at - card.posted_at < ROLL_OVER_MS


class CardRollover:
    """Queues the next card where this one cannot continue. `gone` are channels that were deleted."""

    def __init__(
        self,
        *,
        store: AskAgainStore,
        renderer: MessageRenderer,
        rest: Rest,
        clock: Clock,
        messages_below: MessagesBelow,
    ) -> None:
        self._store = store
        self._renderer = renderer
        self._rest = rest
        self._clock = clock
        self._messages_below = messages_below
        self.questions = AskAgain(store=store, renderer=renderer, clock=clock)
        self.deleted_channels: set[str] = set()

    async def is_due(self, run_view: RunView, channel: str) -> bool:
        """Queue the next card if the live one in this channel is too old, too deep or in the wrong place."""
        card = latest_card(run_view.surfaces)
        if card is None or card.channel != channel:
            return False
        if run_view.snapshot.is_final:
            self._messages_below.forget(channel)
            return False
        is_due = self._is_old(card) or self._is_misplaced(run_view, card) or await self._is_scrolled_out(run_view, card)
        if is_due:
            await self.another(run_view, card)
        return is_due

    def may_be_due(self, run_view: RunView) -> bool:
        """Whether `is_due` could say so, as far as it is known without asking Discord."""
        card = latest_card(run_view.surfaces)
        return card is not None and (
            card.channel in self.deleted_channels
            or self._is_old(card)
            or self._is_misplaced(run_view, card)
            or self._messages_below.is_scrolled_out(card.channel)
        )

    def _is_old(self, card: Surface) -> bool:
        return self._clock.now_ms() - card.posted_at >= ROLL_OVER_MS

    @staticmethod
    def _is_misplaced(run_view: RunView, card: Surface) -> bool:
        """Whether the run is shown elsewhere since its thread was deleted."""
        thread = run_view.surface(OutboxKind.THREAD)
        return thread is not None and thread.channel != card.channel

    async def _is_scrolled_out(self, run_view: RunView, card: Surface) -> bool:
        """Whether the card is out of sight in a thread of its own.

        Only there: in a channel, cards would displace each other without end.
        """
        thread, summary = run_view.surface(OutboxKind.THREAD), run_view.surface(OutboxKind.SUMMARY)
        if card.message is None or thread is None or (summary is not None and summary.channel == thread.channel):
            return False
        if not self._messages_below.track(card.channel, run_view.run, card.message):
            try:
                written = await self._rest.written_below(card.channel, card.message, limit=2 * SCROLLED_OUT_BY)
            except SendFailed as failed:  # the edit that follows reports what is wrong with the thread
                log.info("card.not_probed", run=run_view.run, reason=str(failed))
                return False
            self._messages_below.learn(card.channel, run_view.run, card.message, written)
        return (
            self._messages_below.is_scrolled_out(card.channel)
            and self._clock.now_ms() - card.posted_at >= MOVED_AT_MOST_MS
        )

    async def another(self, run_view: RunView, card: Surface) -> None:
        """Queue the next card."""
        row = OutboxRow(
            run=run_view.run,
            kind=OutboxKind.CARD,
            ref=str(card_number(card) + 1),
            body={"channel": card.channel},
            created_at=self._clock.now_ms(),
        )
        await self._store.commit(Commit(writes=(row,)))

    async def relocate(self, run_view: RunView) -> bool:
        """Show the run elsewhere if its thread or channel was deleted; False where there is no such place.

        The thread's surface is moved first: deliveries then go there, and `is_due` sees a card that is elsewhere.
        """
        thread, summary = run_view.surface(OutboxKind.THREAD), run_view.surface(OutboxKind.SUMMARY)
        channels = [surface.channel for surface in (thread, summary) if surface is not None]
        place = next((at for at in (*channels, *self._renderer.homes) if at not in self.deleted_channels), None)
        if place is None:
            return False
        await self.questions.ask(run_view, lambda surface: surface.channel in self.deleted_channels)
        for surface in (thread, summary):
            if surface is not None and surface.channel in self.deleted_channels:
                log.warning("run.re_homed", run=run_view.run, kind=surface.kind, to=place)
                await self._store.shown(surface.model_copy(update={"channel": place, "message": None}))
        return True

    async def quit_thread(self, run_view: RunView, channel: str) -> None:
        """Show the run in a channel from now on, since its thread takes no messages of ours."""
        thread = run_view.surface(OutboxKind.THREAD)
        if thread is not None and thread.channel != channel:
            await self._store.shown(thread.model_copy(update={"channel": channel, "shown_hash": None}))
