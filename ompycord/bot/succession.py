"""When a run's card goes on in another message: before Discord's hour, out of sight, deleted, its thread gone.

Each time the next card is a row of the outbox, asked for as often as one likes: (run, kind, ref) is unique. Counterpart:
`refresh.py`, which asks before each edit, and `deliver.py`, which posts.
"""

from typing import Final

from ompycord.bot.below import Below
from ompycord.bot.rest import Rest, SendFailed
from ompycord.bot.scenes import Scene, Scenes, card_number, latest_card
from ompycord.conductor import AGAIN, notice_about
from ompycord.domain.ports import Clock, Store
from ompycord.domain.records import Commit, OutboxKind, OutboxRow, Surface
from ompycord.telemetry import get_logger

__all__ = ["MOVED_AT_MOST_MS", "ROLL_OVER_MS", "Succession", "is_moved"]

ROLL_OVER_MS: Final = 55 * 60 * 1000
"""A card older than this goes on in a fresh message: edits of old ones fail with 30046 after an hour."""
MOVED_AT_MOST_MS: Final = 60 * 1000
"""A card that people talk under comes down so often."""

log = get_logger(__name__)


def is_moved(scene: Scene, card: Surface) -> bool:
    """Whether a newer one took a card's place before its hour: then it is removed, so that the thread holds no husks."""
    later = [s for s in scene.surfaces if s.kind is OutboxKind.CARD and card_number(s) > card_number(card)]
    follower = min(later, key=card_number, default=None)
    return follower is not None and follower.posted_at - card.posted_at < ROLL_OVER_MS


class Succession:
    """Owes the next card where this one cannot go on. `gone` are channels that somebody deleted."""

    def __init__(self, *, store: Store, scenes: Scenes, rest: Rest, clock: Clock, below: Below) -> None:
        self._store = store
        self._scenes = scenes
        self._rest = rest
        self._clock = clock
        self._below = below
        self.gone: set[str] = set()

    async def is_due(self, scene: Scene, channel: str) -> bool:
        """Owe the next card if the live one in this channel is too old, too deep or in the wrong place."""
        card = latest_card(scene.surfaces)
        if card is None or card.channel != channel:
            return False
        if scene.snapshot.is_final:
            self._below.forget(channel)
            return False
        is_due = self._is_old(card) or self._is_astray(scene, card) or await self._is_buried(scene, card)
        if is_due:
            await self.another(scene, card)
        return is_due

    def _is_old(self, card: Surface) -> bool:
        return self._clock.now_ms() - card.posted_at >= ROLL_OVER_MS

    @staticmethod
    def _is_astray(scene: Scene, card: Surface) -> bool:
        """The run is shown elsewhere since its thread was deleted."""
        thread = scene.surface(OutboxKind.THREAD)
        return thread is not None and thread.channel != card.channel

    async def _is_buried(self, scene: Scene, card: Surface) -> bool:
        """In a thread of its own only: in a channel, cards would bury each other for ever."""
        thread, mirror = scene.surface(OutboxKind.THREAD), scene.surface(OutboxKind.MIRROR)
        if card.message is None or thread is None or (mirror is not None and mirror.channel == thread.channel):
            return False
        if not self._below.watch(card.channel, scene.run, card.message):
            try:
                written = await self._rest.written_below(card.channel, card.message)
            except SendFailed as failed:  # the edit that follows says what is wrong with the thread
                log.info("card.not_probed", run=scene.run, reason=str(failed))
                return False
            self._below.learn(card.channel, scene.run, card.message, written)
        return self._below.is_buried(card.channel) and self._clock.now_ms() - card.posted_at >= MOVED_AT_MOST_MS

    async def another(self, scene: Scene, card: Surface) -> None:
        """Owe the next card."""
        row = OutboxRow(
            run=scene.run,
            kind=OutboxKind.CARD,
            ref=str(card_number(card) + 1),
            body={"channel": card.channel},
            created_at=self._clock.now_ms(),
        )
        await self._store.commit(Commit(outbox=(row,)))

    async def re_home(self, scene: Scene) -> bool:
        """Show the run where it still can be, if its thread or channel was deleted; False where there is no such place.

        The thread's surface is moved first: whatever is owed goes there, and `is_due` sees a card that is elsewhere.
        """
        thread, mirror = scene.surface(OutboxKind.THREAD), scene.surface(OutboxKind.MIRROR)
        held = [surface.channel for surface in (thread, mirror) if surface is not None]
        place = next((at for at in (*held, *self._scenes.homes) if at not in self.gone), None)
        if place is None:
            return False
        await self._ask_again(scene)
        for surface in (thread, mirror):
            if surface is not None and surface.channel in self.gone:
                log.warning("run.re_homed", run=scene.run, kind=surface.kind, to=place)
                await self._store.shown(surface.model_copy(update={"channel": place, "message": None}))
        return True

    async def _ask_again(self, scene: Scene) -> None:
        """What people were asked in a thread that is gone is asked once more where the run is now; it rings nobody twice."""
        asked = [s for s in scene.surfaces if s.kind is OutboxKind.QUESTION and s.channel in self.gone]
        now = self._clock.now_ms()
        rows = tuple(
            OutboxRow(run=scene.run, kind=OutboxKind.NOTICE, ref=notice_about(s.ref, why=AGAIN), created_at=now)
            for s in asked
            if not self._scenes.closed(scene, s.ref)
        )
        if rows:
            await self._store.commit(Commit(outbox=rows))
