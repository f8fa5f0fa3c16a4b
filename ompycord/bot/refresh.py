"""Edits one message of a run so that it is true again; counterpart of `deliver.py`, which made it. Called by `live.py`."""

from typing import NamedTuple

from ompycord.bot.rest import CHANNEL_GONE, MESSAGE_GONE, Rest, SendFailed
from ompycord.bot.scenes import Scene, Scenes, card_number, is_pinned, latest_card
from ompycord.bot.succession import ROLL_OVER_MS, Succession, is_moved
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, Store
from ompycord.domain.records import OutboxKind, Surface
from ompycord.render.message import RenderedMessage
from ompycord.telemetry import get_logger

__all__ = ["ROLL_OVER_MS", "Refreshed", "Refresher"]

OLD_MS = 60 * 60 * 1000
"""Edits of an older message have a limit of their own: mirrors and rolled-over cards go on in slow mode."""
DOUBTS = 6
"""So many refusals of one message in a row, each for no known reason, make the last one final."""

_ORDER = (OutboxKind.CARD, OutboxKind.QUESTION, OutboxKind.MIRROR, OutboxKind.RESULT, OutboxKind.NOTICE)

log = get_logger(__name__)


class Refreshed(NamedTuple):
    """What became of one look at a run's messages in a channel."""

    untrue: int = 0
    """How many were not true; the first of them was edited."""
    was_old: bool = False
    """Whether that one is older than an hour."""
    owes: bool = False
    """Whether a fresh card is owed since."""


class Refresher:
    """Compares what a message shows with what is true, by hash."""

    def __init__(self, *, store: Store, scenes: Scenes, rest: Rest, clock: Clock, succession: Succession) -> None:
        self._store = store
        self._scenes = scenes
        self._rest = rest
        self._clock = clock
        self._succession = succession
        self._doubts: dict[tuple[RunId, OutboxKind, str], int] = {}

    async def refresh(self, run: RunId, channel: str) -> Refreshed:
        """One edit at most. Raises SendFailed, StorageError."""
        scene = await self._scenes.look(run)
        if scene is None or self._rest.is_away(scene.record.guild):
            return Refreshed()
        if channel in self._succession.gone:
            return Refreshed(owes=await self._leave(scene, channel))
        owes = await self._succession.is_due(scene, channel)
        untrue = self._untrue(scene, channel)
        if not untrue:
            return Refreshed(owes=owes)
        surface, message = untrue[0]
        owes = await self._edit(scene, surface, message) or owes
        return Refreshed(len(untrue), self._clock.now_ms() - surface.posted_at >= OLD_MS, owes)

    def _untrue(self, scene: Scene, channel: str) -> list[tuple[Surface, RenderedMessage]]:
        """Messages of the run in this channel whose hash differs from what is true now; the live card first."""
        found: list[tuple[Surface, RenderedMessage]] = []
        here = [s for s in scene.surfaces if s.channel == channel and s.message is not None and s.kind in _ORDER]
        for surface in sorted(here, key=lambda s: (_ORDER.index(s.kind), -card_number(s))):
            message = self._scenes.render(scene, surface.kind, surface.ref)
            if message is not None and message.payload_hash != surface.shown_hash:
                found.append((surface, message))
        return found

    async def _edit(self, scene: Scene, surface: Surface, message: RenderedMessage) -> bool:
        """Whether a fresh card is owed now, since this one is gone."""
        if surface.message is None:
            return False
        if surface.kind is OutboxKind.CARD and is_moved(scene, surface):
            await self._rest.delete(surface.channel, surface.message)
            await self._store.shown(surface.model_copy(update={"message": None}))
            return False
        owes = False
        try:
            await self._rest.edit(surface.channel, surface.message, message)
        except SendFailed as failed:
            if not self._is_final(surface, failed):
                raise
            log.warning("edit.refused", run=scene.run, kind=surface.kind, reason=str(failed))
            if failed.code == CHANNEL_GONE:
                self._succession.gone.add(surface.channel)
                return await self._leave(scene, surface.channel)
            if (
                surface.kind is OutboxKind.CARD
                and failed.code == MESSAGE_GONE
                and surface == latest_card(scene.surfaces)
            ):
                await self._succession.another(scene, surface)
                owes = True
        self._doubts.pop((surface.run, surface.kind, surface.ref), None)
        now = self._clock.now_ms()
        update = {"shown_hash": message.payload_hash, "shown_position": scene.position, "edited_at": now}
        await self._store.shown(surface.model_copy(update=update))
        if is_pinned(surface.kind, surface.ref) and self._scenes.closed(scene, surface.ref):
            await self._unpin(surface)
        return owes

    def _is_final(self, surface: Surface, failed: SendFailed) -> bool:
        if not failed.is_doubtful:
            return failed.is_final
        key = (surface.run, surface.kind, surface.ref)
        self._doubts[key] = self._doubts.get(key, 0) + 1
        return self._doubts[key] >= DOUBTS

    async def _unpin(self, surface: Surface) -> None:
        try:
            await self._rest.unpin(surface.channel, surface.message or "0")
        except SendFailed as failed:
            log.info("question.not_unpinned", run=surface.run, reason=str(failed))

    async def _leave(self, scene: Scene, channel: str) -> bool:
        """Its channel was deleted: the run goes on elsewhere, and what stood here is forgotten. Whether a card is owed."""
        card = latest_card(scene.surfaces)
        owes = False
        if not scene.snapshot.is_final and await self._succession.re_home(scene) and card and card.channel == channel:
            await self._succession.another(scene, card)
            owes = True
        for surface in scene.surfaces:
            is_here = surface.channel == channel and surface.message is not None
            if is_here and surface.kind not in {OutboxKind.MIRROR, OutboxKind.THREAD}:
                await self._store.shown(surface.model_copy(update={"message": None, "shown_position": scene.position}))
        return owes
