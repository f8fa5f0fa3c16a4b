"""Reports once that a channel refuses our messages, and once that it accepts them again; to ops, without a mention.

Counterpart: the queues of `live.py`, which try such a channel again every half minute.
"""

from collections.abc import Callable

from ompycord.bot.rest import THREAD_LOCKED, Rest, SendFailed
from ompycord.render.message import Sign, message
from ompycord.telemetry import get_logger

__all__ = ["ChannelAccess"]

log = get_logger(__name__)


class ChannelAccess:
    """The channels that are closed to the bot. Threads count as their parent, since permissions are the parent's."""

    def __init__(self, *, rest: Rest, ops_channel: str | None, sign: Sign, now_ms: Callable[[], int]) -> None:
        self._rest = rest
        self._ops_channel = ops_channel
        self._sign = sign
        self._now_ms = now_ms
        self._closed: dict[str, bool] = {}
        """Whether it was reported."""

    async def refused(self, channel: str, failed: SendFailed) -> None:
        """Note that a channel refused a message for want of a permission.

        A locked thread is its people's own decision, and only logged.
        """
        is_locked = failed.code == THREAD_LOCKED
        place = channel if is_locked else self._rest.parent_of(channel)
        if place in self._closed:
            return
        self._closed[place] = not is_locked
        log.warning("channel.closed", channel=place, reason=str(failed))
        if not is_locked:
            await self._notify(
                place, f"I cannot post in <#{place}>: {failed}. Messages for it wait until that is fixed."
            )

    async def took(self, channel: str) -> None:
        """Note that a channel accepted a message."""
        for place in {channel, self._rest.parent_of(channel)} & self._closed.keys():
            was_notified = self._closed.pop(place)
            log.info("channel.open", channel=place)
            if was_notified:
                await self._notify(place, f"I can post in <#{place}> again. What waited there is being shown.")

    async def _notify(self, place: str, words: str) -> None:
        """Post the notice where there is an ops channel that can be written to; it is logged in any case."""
        if self._ops_channel is None or place == self._ops_channel:
            return
        note = message(words, sign=self._sign)
        try:
            await self._rest.send(self._ops_channel, note, nonce=f"door-{self._now_ms()}", silent=True)
        except SendFailed as failed:
            log.warning("channel.not_told", reason=str(failed))
