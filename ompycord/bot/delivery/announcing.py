"""Sends messages that belong to no run: each once, also where the answer to an earlier try was lost.

What one asks is asked until it is decided: then it says by whom and what, and has no buttons.

Counterpart: `schedules/` and `digests/`, which queue them.
"""

from typing import Final

from ompycord.bot.chart_images import image_of
from ompycord.bot.rest import Rest, SendFailed
from ompycord.domain.ports import Clock
from ompycord.domain.ports.schedules import Announcements
from ompycord.domain.schedules.announcement import Announcement
from ompycord.errors import StorageError
from ompycord.render.cards.cardview import Button
from ompycord.render.message import Json, RenderedMessage, Sign, message
from ompycord.telemetry import get_logger

__all__ = ["Announcer", "announcement_message"]

PAUSE_S: Final = 20.0
"""Seconds between two looks."""
_TRIES: Final = 30
"""Tries that Discord refuses for no known reason, or in a closed channel, before one is given up."""
_COLOUR: Final = 0x5865F2
_IMAGE: Final = "chart.png"

log = get_logger(__name__)


class Announcer:
    """Runs as one task of a session, once it is connected."""

    def __init__(self, *, store: Announcements, rest: Rest, clock: Clock, sign: Sign) -> None:
        self._store = store
        self._rest = rest
        self._clock = clock
        self._sign = sign

    async def run(self) -> None:
        """Send what waits and edit what is decided, until cancelled."""
        while True:
            try:
                await self.send_some()
                await self.correct_some()
            except StorageError as error:
                log.warning("announcements.wait", cause=str(error))
            await self._clock.sleep(PAUSE_S)

    async def send_some(self) -> int:
        """Send those that wait, the oldest first; how many were sent. Raises StorageError."""
        sent = 0
        for one in await self._store.unsent():
            if self._rest.is_away(one.guild):
                continue
            try:
                posted = await self._posted(one)
            except SendFailed as failed:
                if await self._is_given_up(one, failed):
                    await self._store.sent(one.key, at=self._clock.now_ms(), error=str(failed))
                if failed.may_pass:
                    break
                continue
            await self._store.sent(one.key, at=self._clock.now_ms(), message=posted)
            sent += 1
        return sent

    async def correct_some(self) -> None:
        """Edit those that were sent and still ask what was decided, the oldest first. Raises StorageError."""
        for one in await self._store.outdated():
            if self._rest.is_away(one.guild):
                continue
            try:
                await self._rest.edit(one.channel, one.message, announcement_message(one, sign=self._sign))
            except SendFailed as failed:
                if await self._is_given_up(one, failed):
                    await self._store.corrected(one, at=self._clock.now_ms(), error=str(failed))
                if failed.may_pass:
                    break
                continue
            await self._store.corrected(one, at=self._clock.now_ms())

    async def _posted(self, one: Announcement) -> str:
        earlier = await self._rest.find_footer(one.channel, one.footer, since=one.created_at)
        if earlier is not None:
            return earlier
        shown = announcement_message(one, sign=self._sign)
        image = await image_of(one.chart, _IMAGE)
        return await self._rest.send(one.channel, shown, nonce=one.nonce, silent=True, image=image)

    async def _is_given_up(self, one: Announcement, failed: SendFailed) -> bool:
        """Whether it is tried no more."""
        tries = await self._store.tried(one.key, str(failed)) if not failed.may_pass else one.attempts
        if failed.is_final or tries >= _TRIES:
            log.warning("announcement.refused", key=one.key, channel=one.channel, reason=str(failed))
            return True
        return False


def announcement_message(one: Announcement, *, sign: Sign) -> RenderedMessage:
    """The message as it is sent, or edited once its question is decided."""
    text = one.text if one.outcome is None else one.outcome
    embed: Json = {"description": text, "color": _COLOUR, "footer": {"text": one.footer}}
    buttons = [
        Button(action=each.action, label=each.label, ref=each.ref, style="primary" if each.is_primary else "secondary")
        for each in (one.buttons if one.outcome is None else ())
    ]
    return message(embeds=[embed], buttons=buttons, sign=sign)
