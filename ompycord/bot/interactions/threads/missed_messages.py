"""Messages that people wrote in the threads of runs while the bot was not on the gateway; taken when it is back.

Discord repeats what it missed to a connection that is resumed, and nothing to a new one, as after a crash. So how far
messages were taken is kept, and a new connection reads what is newer, in threads that have something newer. What was
taken but not noted, as in a crash, is known by our reply or our mark. Counterpart: `thread_messages.py`, which takes
each message.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

import discord

from ompycord.bot.context import BotContext
from ompycord.bot.interactions.threads.thread_messages import RECEIVED, ThreadMessages
from ompycord.bot.rest import SendFailed
from ompycord.errors import StorageError
from ompycord.telemetry import get_logger

__all__ = ["SPOKEN", "MissedMessages"]

SPOKEN: Final = frozenset({discord.MessageType.default, discord.MessageType.reply})
"""The types of what people write."""
_AGAIN_S: Final = 30.0

log = get_logger(__name__)


class MissedMessages:
    """Takes messages, those of a gap first."""

    def __init__(self, context: BotContext, client: discord.Client, threads: ThreadMessages) -> None:
        self._context = context
        self._client = client
        self._threads = threads
        self._is_caught_up = asyncio.Event()
        """What comes by the gateway waits for what is older."""
        self._late: set[int] = set()
        """The messages that were read after the gap: the gateway may bring them, too."""
        self._read: set[int] = set()
        """The threads that this connection has read."""
        self._newest = 0
        """The newest message that this connection has taken or read."""
        self._connection = 0
        self._has_gap = False
        """Something older than what is taken now could not be read: what is noted stays before it."""

    def on_new_connection(self) -> None:
        """Wait with messages until those before them are taken: this connection knows nothing of what came before."""
        self._is_caught_up.clear()
        self._late.clear()
        self._read.clear()
        self._newest = 0
        self._connection += 1

    async def on_message(self, message: discord.Message) -> None:
        """Take a message of the gateway."""
        await self._is_caught_up.wait()
        if message.id in self._late:
            return
        if await self._threads.on_message(message):
            self._newest = max(self._newest, message.id)
            if not self._has_gap:
                await self._keep(message.id)

    async def catch_up(self) -> None:
        """Take what was written since the newest message that was taken; again later where that cannot be read now.

        Messages go on after the first try in any case. Nothing newer is noted until what is older is taken, so that
        the next start finds it, too.
        """
        connection = self._connection
        try:
            self._has_gap = not await self._is_gap_taken()
        finally:
            self._is_caught_up.set()
        while self._has_gap:
            await self._context.clock.sleep(_AGAIN_S)
            if connection != self._connection or self._client.is_closed():
                return
            self._has_gap = not await self._is_gap_taken()

    async def _is_gap_taken(self) -> bool:
        """Take what is newer than what is noted, as far as it can be read; whether that was all."""
        try:
            since = await self._context.store.received.received_until()
            if since is None:  # what was written before is nothing that was missed
                now = datetime.fromtimestamp(self._context.clock.now_ms() / 1000, UTC)
                await self._keep(discord.utils.time_snowflake(now))
            elif self._context.options.message_content:
                left = [thread for thread in self._newer_than(since) if thread.id not in self._read]
                if not all([await self._catch_up_in(thread, since) for thread in left]):  # each of them
                    return False
                await self._keep(max(self._newest, since))
        except StorageError as error:
            log.warning("messages.not_caught_up", cause=str(error))
            return False
        return True

    def _newer_than(self, message: int) -> Iterator[discord.Thread]:
        """The open threads in which something was written after a message, as the gateway says."""
        for guild in map(int, self._context.options.guilds):
            known = self._client.get_guild(guild)
            yield from (one for one in (known.threads if known else ()) if (one.last_message_id or 0) > message)

    async def _catch_up_in(self, thread: discord.Thread, since: int) -> bool:
        """Take what is newer there; False where it cannot be read now, but later."""
        if await self._context.store.surfaces.run_of_surface(str(thread.id)) is None:
            return True
        try:
            found = await self._context.rest.messages_after(thread, since)
        except SendFailed as failed:
            log.warning("thread.not_caught_up", thread=thread.id, cause=str(failed))
            return failed.is_final or failed.is_closed
        replied = {one.reference.message_id for one in found if self._is_ours(one) and one.reference is not None}
        for message in found:
            is_spoken = not message.author.bot and message.type in SPOKEN
            is_taken = message.id in replied or any(one.me and str(one.emoji) == RECEIVED for one in message.reactions)
            if is_spoken and not is_taken:
                self._late.add(message.id)
                await self._threads.on_message(message)
        self._read.add(thread.id)
        self._newest = max((self._newest, *(message.id for message in found)))
        return True

    def _is_ours(self, message: discord.Message) -> bool:
        return str(message.author.id) == self._context.rest.me

    async def _keep(self, message: int) -> None:
        try:
            await self._context.store.received.put_received(message)
        except StorageError as error:  # it is taken again after a restart, and known by our reply
            log.warning("messages.not_noted", cause=str(error))
