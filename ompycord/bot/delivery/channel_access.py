"""Says once that a channel takes nothing of ours any more, and once that it does again; ops, no mention.

Counterpart: the lanes of `live.py`, which ask such a channel again every half minute.
"""

from collections.abc import Callable

from ompycord.bot.rest import THREAD_LOCKED, Rest, SendFailed
from ompycord.render.message import Sign, message
from ompycord.telemetry import get_logger

__all__ = ["ChannelAccess"]

log = get_logger(__name__)


class ChannelAccess:
    """Channels that are closed to the bot, threads under their parent's name: permissions are the parent's."""

    def __init__(self, *, rest: Rest, ops_channel: str | None, sign: Sign, now_ms: Callable[[], int]) -> None:
        self._rest = rest
        self._ops_channel = ops_channel
        self._sign = sign
        self._now_ms = now_ms
        self._closed: dict[str, bool] = {}
        """Whether that was told."""

    async def refused(self, channel: str, failed: SendFailed) -> None:
        """A channel refused us for want of a permission.

        A locked thread is its people's own affair, and only logged.
        """
        is_locked = failed.code == THREAD_LOCKED
        place = channel if is_locked else self._rest.parent_of(channel)
        if place in self._closed:
            return
        self._closed[place] = not is_locked
        log.warning("channel.closed", channel=place, reason=str(failed))
        if not is_locked:
            await self._notify(
                place, f"I cannot post in <#{place}>: {failed}. What is due there waits until that is mended."
            )

    async def took(self, channel: str) -> None:
        """A channel took something of ours."""
        for place in {channel, self._rest.parent_of(channel)} & self._closed.keys():
            was_notified = self._closed.pop(place)
            log.info("channel.open", channel=place)
            if was_notified:
                await self._notify(place, f"I can post in <#{place}> again. What waited there is being shown.")

    async def _notify(self, place: str, words: str) -> None:
        """Where there is an ops channel that can be written to; the log has it anyway."""
        if self._ops_channel is None or place == self._ops_channel:
            return
        note = message(words, sign=self._sign)
        try:
            await self._rest.send(self._ops_channel, note, nonce=f"door-{self._now_ms()}", silent=True)
        except SendFailed as failed:
            log.warning("channel.not_told", reason=str(failed))
