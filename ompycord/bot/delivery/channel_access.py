"""Reports once that a channel refuses our messages, and once that it accepts them again; to ops, without a mention.

Counterpart: the queues of `live.py`, which try such a channel again every half minute.
"""

from collections.abc import Callable
from typing import NamedTuple

from ompycord.bot.rest import MISSING_ACCESS, THREAD_LOCKED, Rest, SendFailed
from ompycord.render.message import Sign, message
from ompycord.telemetry import get_logger

__all__ = ["ChannelAccess"]

log = get_logger(__name__)


class _Place(NamedTuple):
    """What a permission is about: a channel, all of its threads, or one thread that people locked."""

    channel: str
    in_threads: bool = False

    @property
    def words(self) -> str:
        return f"the threads of <#{self.channel}>" if self.in_threads else f"<#{self.channel}>"


class _Closed(NamedTuple):
    """How a place refused us."""

    was_reported: bool
    is_hidden: bool
    """The bot may not see it: then it sees no thread of it, and whatever it accepts there proves the opposite."""
    by_post: bool
    """A new message was refused, which an edit disproves nothing of."""


class ChannelAccess:
    """The places that are closed to the bot.

    Who may write in threads is a permission of their channel, but another one: neither proves anything of the other.
    """

    def __init__(self, *, rest: Rest, ops_channel: str | None, sign: Sign, now_ms: Callable[[], int]) -> None:
        self._rest = rest
        self._ops_channel = ops_channel
        self._sign = sign
        self._now_ms = now_ms
        self._closed: dict[_Place, _Closed] = {}
        self._without_board: set[str] = set()

    async def refused(self, channel: str, failed: SendFailed, *, is_post: bool) -> None:
        """Note that a channel refused a new message or an edit for want of a permission.

        A locked thread is its people's own decision, and only logged.
        """
        parent = self._rest.parent_of(channel)
        is_locked, is_hidden = failed.code == THREAD_LOCKED, failed.code == MISSING_ACCESS
        place = _Place(channel) if is_locked else _Place(parent, in_threads=parent != channel and not is_hidden)
        if place in self._closed:
            return
        self._closed[place] = _Closed(was_reported=not is_locked, is_hidden=is_hidden, by_post=is_post)
        log.warning("channel.closed", channel=place.channel, in_threads=place.in_threads, reason=str(failed))
        if not is_locked and parent != self._ops_channel:
            await self._notify(f"I cannot post in {place.words}: {failed}. Messages for it wait until that is fixed.")

    async def took(self, channel: str, *, is_post: bool) -> None:
        """Note that a channel accepted a new message or an edit."""
        parent = self._rest.parent_of(channel)
        for place in {_Place(channel), _Place(parent), _Place(parent, in_threads=True)} & self._closed.keys():
            closed = self._closed.get(place)
            if closed is None:
                continue
            is_same = place == _Place(parent, in_threads=parent != channel) or place == _Place(channel)
            if not closed.is_hidden and not (is_same and (is_post or not closed.by_post)):
                continue
            del self._closed[place]
            log.info("channel.open", channel=place.channel, in_threads=place.in_threads)
            if closed.was_reported and parent != self._ops_channel:
                await self._notify(f"I can post in {place.words} again. What waited there is being shown.")

    async def board_refused(self, channel: str, failed: SendFailed) -> None:
        """Report once that Discord refuses the board of a channel, which accepts other messages."""
        if channel not in self._without_board:
            self._without_board.add(channel)
            words = f"I cannot keep the board in <#{channel}>: {failed}. I try again every ten minutes."
            await self._notify(words)

    async def board_shown(self, channel: str) -> None:
        """Report that a board which was refused is shown again."""
        if channel in self._without_board:
            self._without_board.discard(channel)
            await self._notify(f"The board in <#{channel}> is kept again.")

    async def _notify(self, words: str) -> None:
        """Post the notice where there is an ops channel that can be written to; it is logged in any case."""
        if self._ops_channel is None:
            return
        note = message(words, sign=self._sign)
        try:
            await self._rest.send(self._ops_channel, note, nonce=f"door-{self._now_ms()}", silent=True)
        except SendFailed as failed:
            log.warning("channel.not_told", reason=str(failed))
