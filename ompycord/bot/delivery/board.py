"""Keeps the board up to date: one message of a channel that lists all open runs that everybody may know of.

It is edited, replaced before Discord's limit of an hour, and posted again where it was deleted. Counterpart:
`render/board.py`, which writes its text, and the `boards` table, which has its place. Its requests go through its
channel's queue like all others (`live.py`).
"""

from collections.abc import Callable
from typing import Final

from ompycord.bot.delivery.channel_queues import BoardOf, ChannelQueues
from ompycord.bot.delivery.rollover import ROLL_OVER_MS
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.rest import UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, Rest, SendFailed
from ompycord.domain.base import Millis
from ompycord.domain.ports import Boards, Clock
from ompycord.domain.records import Board
from ompycord.domain.run import RunRecord
from ompycord.render.board import BOARD_FOOTER, board_message
from ompycord.render.message import RenderedMessage
from ompycord.telemetry import get_logger

__all__ = ["EVERY_S", "BoardKeeper"]

EVERY_S: Final = 5.0
"""Seconds between two edits: readers of a board want to know what runs, not each step."""
PAUSES_S: Final = (10.0, 30.0, 60.0, 300.0, 600.0)
"""Seconds until a board that Discord refuses is tried again; only what people can mend lasts that long."""

log = get_logger(__name__)


class BoardKeeper:
    """One board. Made again with each connection, so what a board shows is confirmed by an edit."""

    def __init__(self, *, channel: str, store: Boards, renderer: MessageRenderer, rest: Rest, clock: Clock) -> None:
        self._channel = channel
        self._store = store
        self._renderer = renderer
        self._rest = rest
        self._clock = clock
        self._is_dirty = True
        self._is_proved = False
        self._removals = 0
        self._losses = 0
        """How often in a row it was gone when it was to be edited."""
        self._refusals = 0
        """How often in a row Discord refused it."""
        self._not_before = -EVERY_S

    def changed(self) -> None:
        """Note that some run changed."""
        self._is_dirty = True

    def deleted(self, message: str) -> None:
        """Note that a message was deleted; it may have been the board."""
        self._is_proved, self._is_dirty = False, True
        self._removals += 1

    def is_in(self, channel: str) -> bool:
        """Whether the board stands in this channel."""
        return channel == self._channel

    def wait(self, now: float, longest: float) -> float:
        """Seconds until it may be refreshed, at most `longest`."""
        return min(longest, max(self._not_before - now, 0.0)) if self._is_dirty else longest

    def place(self, queues: ChannelQueues, now: float) -> None:
        """Put the board into its queue, if it is due."""
        if self._is_dirty and now >= self._not_before:
            self._is_dirty, self._not_before = False, now + EVERY_S
            queues[self._channel].mark(BoardOf(self._channel), now, is_urgent=False)

    async def refresh(self) -> bool:
        """Bring the board up to date; whether that took an edit.

        Raises SendFailed, StorageError: then it is tried again, after growing pauses where Discord refuses it.
        """
        try:
            return await self._refresh()
        except SendFailed as failed:
            if failed.code == UNKNOWN_CHANNEL:
                await self._store.drop_board(self._channel)
            self._is_dirty = True
            if not (failed.may_pass or failed.is_closed):
                self._back_off(failed)
            raise

    def _back_off(self, failed: SendFailed) -> None:
        pause = PAUSES_S[min(self._refusals, len(PAUSES_S) - 1)]
        self._refusals += 1
        self._not_before = self._clock.monotonic_s() + pause
        log.warning("board.refused", channel=self._channel, reason=str(failed), pause_s=pause)

    @property
    def is_refused(self) -> bool:
        """Whether Discord has refused it several times in a row."""
        return self._refusals >= len(PAUSES_S) // 2

    async def _refresh(self) -> bool:
        removals = self._removals
        if await self._is_edited():
            self._is_proved = self._is_proved and removals == self._removals  # it may have been deleted during the edit
            return True
        return False

    async def _is_edited(self) -> bool:
        guild = self._rest.guild_of(self._channel)
        rows = await self._renderer.board_rows(guild, is_shown=self._is_for_all(guild))
        wanted = board_message(rows, sign=self._renderer.signer.button, redact=self._renderer.redact)
        board = next((one for one in await self._store.boards() if one.channel == self._channel), None)
        if board is None:
            await self._post(wanted, since=0)
            return True
        is_same = board.shown_hash == wanted.payload_hash
        if is_same and self._is_proved:
            return False
        if not is_same and self._clock.now_ms() - board.posted_at >= ROLL_OVER_MS:
            await self._rest.delete(self._channel, board.message)  # first, so that there are never two
            await self._post(wanted, since=board.posted_at + 1)
            return True
        return await self._edit(board, wanted)

    def _is_for_all(self, guild: str) -> Callable[[RunRecord], bool]:
        """Whether everybody who reads the board may know of a run; one of the board's own channel belongs there."""
        bound = {spec.name for spec in self._renderer.catalog.repositories if spec.channel == self._channel}
        access = self._renderer.access(guild)

        def is_for_all(record: RunRecord) -> bool:
            return not access.hides(
                repository=None if record.repository in bound else record.repository,
                channel=None if record.channel == self._channel else record.channel,
            )

        return is_for_all

    async def _edit(self, board: Board, wanted: RenderedMessage) -> bool:
        try:
            await self._rest.edit(self._channel, board.message, wanted)
        except SendFailed as failed:
            if failed.code != UNKNOWN_MESSAGE:
                raise
            await self._store.drop_board(self._channel)
            self._losses += 1
            if self._losses > 1:  # it was posted again and is gone again: posted each time, it would fill the channel
                raise
            await self._post(wanted, since=board.posted_at + 1)
            return True
        await self._store.save_board(board.model_copy(update={"shown_hash": wanted.payload_hash}))
        self._is_proved = True
        self._losses = self._refusals = 0
        return True

    async def _post(self, wanted: RenderedMessage, *, since: Millis) -> None:
        """Find the message of an earlier try whose answer was lost, or post a new one."""
        earlier = await self._rest.find_footer(self._channel, BOARD_FOOTER, since=since)
        now = self._clock.now_ms()
        if earlier is not None:
            found = Board(channel=self._channel, message=earlier, posted_at=self._rest.made_at(earlier))
            await self._store.save_board(found)
            self._is_proved, self._is_dirty = False, True
            return
        message = await self._rest.send(self._channel, wanted, nonce=f"board-{now}", silent=True)
        posted = Board(channel=self._channel, message=message, shown_hash=wanted.payload_hash, posted_at=now)
        await self._store.save_board(posted)
        self._is_proved = True
        if not self._losses:
            self._refusals = 0
