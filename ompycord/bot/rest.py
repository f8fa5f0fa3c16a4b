"""The calls to Discord that deliveries and cards need, in plain ids; counterpart of `delivery/`.

No caller may cancel these or put a timeout around them: a request that is cancelled during a global 429 blocks
discord.py forever (docs/platform/discord.md, *Requests of discord.py*). The queues of `delivery/live.py` run each in a
task of its own.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Literal, NamedTuple

import aiohttp
import discord

from ompycord.bot.chart_images import ChartImage
from ompycord.bot.embed_builder import QUIET, sendable, text_file
from ompycord.domain.base import Millis
from ompycord.errors import OmpycordError
from ompycord.render.marker import Marker, parse_marker
from ompycord.render.message import RenderedMessage

__all__ = [
    "CLOSED_CODES",
    "FINAL_CODES",
    "MISSING_ACCESS",
    "THREAD_LOCKED",
    "UNKNOWN_CHANNEL",
    "UNKNOWN_MESSAGE",
    "Rest",
    "SendFailed",
    "ThreadMinutes",
    "Written",
    "written",
]

FINAL_CODES: dict[int, str] = {
    10003: "the channel or thread is gone",
    10004: "the bot is no longer in that server",
    10008: "the message is gone",
    50035: "Discord refuses the form of the message",
    160006: "the server has too many active threads",
}
"""Errors after which another try is useless, with the reason people read.

docs/platform/discord.md, *Errors*.
"""
CLOSED_CODES: dict[int, str] = {
    50001: "the bot may not see that channel",
    50013: "the bot lacks a permission in that channel",
    160005: "the thread is locked",
}
"""Errors of a channel that people can open again."""

MISSING_ACCESS = 50001
UNKNOWN_CHANNEL = 10003
UNKNOWN_MESSAGE = 10008
THREAD_LOCKED = 160005
_THREAD_EXISTS = 160004
ThreadMinutes = Literal[60, 1440, 4320, 10080]
"""After how many minutes without a message Discord may hide a thread."""
_ARCHIVED = 50083
_NO_ENTRY = frozenset({401, 403})
_LIMITED = 429
_SERVER = 500
_PROBED = 300
"""Messages, newest first, that a probe reads at most."""
_CLOCKS_APART_MS = 5 * 60 * 1000
"""Milliseconds by which Discord's clock and ours may differ."""


class Written(NamedTuple):
    """A message below a card."""

    id: str
    characters: int


class SendFailed(OmpycordError):
    """Discord refused it: for now, or permanently where `is_final`.

    `retry_after_s` is set when Discord named a time.
    """

    def __init__(
        self,
        reason: str,
        *,
        is_final: bool = False,
        is_closed: bool = False,
        is_doubtful: bool = False,
        code: int = 0,
        retry_after_s: float | None = None,
    ) -> None:
        """`is_closed`: the channel accepts nothing of ours until people open it.

        `is_doubtful`: an unexpected error, which several tries in a row make final.
        """
        super().__init__(reason)
        self.is_final = is_final
        self.is_closed = is_closed
        self.is_doubtful = is_doubtful
        self.code = code
        self.retry_after_s = retry_after_s

    @property
    def may_pass(self) -> bool:
        """Whether Discord said nothing against the request itself: it was busy, broken, or not reached."""
        return not (self.is_final or self.is_closed or self.is_doubtful)


@contextmanager
def _translated() -> Generator[None]:
    """discord.py's errors as ours; anything else passes."""
    try:
        yield
    except discord.RateLimited as error:
        raise SendFailed("Discord limits this channel", retry_after_s=error.retry_after) from error
    except discord.HTTPException as error:
        raise _refused(error) from error
    except (OSError, aiohttp.ClientError, TimeoutError, RuntimeError) as error:  # RuntimeError: the session is closed
        raise SendFailed(f"Discord could not be reached ({type(error).__name__})") from error


def _refused(error: discord.HTTPException) -> SendFailed:
    """What an answer of 400 or more means for us."""
    if error.code in FINAL_CODES:
        return SendFailed(FINAL_CODES[error.code], is_final=True, code=error.code)
    if error.code in CLOSED_CODES or error.status in _NO_ENTRY:
        reason = CLOSED_CODES.get(error.code, f"Discord lets the bot do nothing there ({error.status})")
        return SendFailed(reason, is_closed=True, code=error.code)
    is_doubtful = error.status < _SERVER and error.status != _LIMITED
    return SendFailed(f"Discord answered {error.status} ({error.code})", is_doubtful=is_doubtful, code=error.code)


class Rest:
    """The calls of one client. Every one raises SendFailed."""

    def __init__(self, client: discord.Client, *, home: str) -> None:
        """`home` is the server of channels that the gateway has not announced."""
        self._client = client
        self._home = home

    def _channel(self, channel: str, guild: str | None = None) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(int(channel), guild_id=int(guild) if guild else None)

    async def send(
        self,
        channel: str,
        message: RenderedMessage,
        *,
        nonce: str,
        silent: bool,
        pings: bool = False,
        file: tuple[str, bytes] | None = None,
        image: ChartImage | None = None,
        reply_to: str | None = None,
    ) -> str:
        """Post a message; its id. The nonce makes a repetition within minutes the same message.

        `file`: a name and a content; `image` stands in its place. `reply_to`: the message that it answers, if that is
        still there.
        """
        body = sendable(message, pings=pings)
        if file is not None:
            body["file"] = text_file(file[1], file[0])
        if image is not None:
            body["file"] = text_file(image.content, image.name, description=image.description)
        if reply_to is not None:
            body["reference"] = discord.MessageReference(
                message_id=int(reply_to), channel_id=int(channel), fail_if_not_exists=False
            )
        with _translated():
            sent = await self._channel(channel).send(**body, nonce=nonce, silent=silent)
        return str(sent.id)

    async def send_direct(self, person: str, message: RenderedMessage, *, nonce: str) -> None:
        """Post to one person alone, who is notified.

        Refused with 50007 where the person accepts none from this server.
        """
        with _translated():
            channel = await self._client.http.start_private_message(int(person))
            place = self._client.get_partial_messageable(int(channel["id"]))
            await place.send(**sendable(message, pings=False), nonce=nonce)

    async def edit(self, channel: str, message_id: str, message: RenderedMessage) -> None:
        """Replace the content of a message of ours. Notifies no one. An archived thread is opened for it."""
        try:
            await self._edit(channel, message_id, message)
        except SendFailed as failed:
            if failed.code != _ARCHIVED:
                raise
            await self._wake(channel)
            await self._edit(channel, message_id, message)

    async def _wake(self, thread: str) -> None:
        """Open an archived thread. One that a moderator locked opens to moderators only."""
        try:
            with _translated():
                await self._client.http.edit_channel(int(thread), archived=False)
        except SendFailed as failed:
            if not failed.is_closed:
                raise
            raise SendFailed(CLOSED_CODES[THREAD_LOCKED], is_closed=True, code=THREAD_LOCKED) from failed

    async def _edit(self, channel: str, message_id: str, message: RenderedMessage) -> None:
        body = sendable(message, pings=False)
        partial = self._channel(channel).get_partial_message(int(message_id))
        with _translated():
            await partial.edit(
                content=body["content"],
                embeds=body["embeds"],
                view=body["view"],
                allowed_mentions=QUIET,
                # A file that says what is asked must never be older than the buttons; without a new one the old one
                # stays.
                attachments=[body["file"]] if "file" in body else discord.utils.MISSING,
            )

    async def delete(self, channel: str, message_id: str) -> None:
        """Delete a message of ours. One that is gone already, or whose channel is, counts as deleted."""
        try:
            with _translated():
                await self._channel(channel).get_partial_message(int(message_id)).delete()
        except SendFailed as failed:
            if failed.code not in {UNKNOWN_MESSAGE, UNKNOWN_CHANNEL}:
                raise

    async def open_thread(
        self, channel: str, message_id: str, *, guild: str, name: str, hides_after_min: ThreadMinutes
    ) -> str:
        """Open a thread from a message. Its id is the message's, so a repetition is noticed.

        After so many minutes without a message Discord hides it from the channel's list.
        """
        partial = self._channel(channel, guild).get_partial_message(int(message_id))
        try:
            with _translated():
                thread = await partial.create_thread(name=name, auto_archive_duration=hides_after_min)
        except SendFailed as failed:
            if failed.code == _THREAD_EXISTS:
                return message_id
            raise
        return str(thread.id)

    async def name_thread(self, thread: str, name: str, *, hides_after_min: ThreadMinutes) -> None:
        """Give a thread another name and time to be listed. Discord takes a name twice in ten minutes.

        An archived thread is opened for it: it would take nothing.
        """
        try:
            await self._name_thread(thread, name, hides_after_min)
        except SendFailed as failed:
            if failed.code != _ARCHIVED:
                raise
            await self._wake(thread)
            await self._name_thread(thread, name, hides_after_min)

    async def _name_thread(self, thread: str, name: str, minutes: ThreadMinutes) -> None:
        with _translated():
            await self._client.http.edit_channel(int(thread), name=name, auto_archive_duration=minutes)

    async def pin(self, channel: str, message_id: str) -> None:
        with _translated():
            await self._channel(channel).get_partial_message(int(message_id)).pin()

    async def unpin(self, channel: str, message_id: str) -> None:
        with _translated():
            await self._channel(channel).get_partial_message(int(message_id)).unpin()

    async def find(self, channel: str, wanted: Marker, *, since: Millis) -> str | None:
        """A message of ours with this marker in its footer, posted since then."""
        return await self._find(channel, lambda footer: parse_marker(footer) == wanted, since=since)

    async def find_footer(self, channel: str, footer: str, *, since: Millis) -> str | None:
        """Find a message of ours by its whole footer."""
        return await self._find(channel, lambda found: found == footer, since=since)

    async def _find(self, channel: str, is_wanted: Callable[[str], bool], *, since: Millis) -> str | None:
        if not self._reads_history(channel):  # Discord answers with an empty list, as if nothing had been posted
            raise SendFailed(
                "the bot may not read the history there, so it cannot see what it has posted", is_closed=True
            )
        me = self._client.user
        after = discord.Object(discord.utils.time_snowflake(_utc(max(since - _CLOCKS_APART_MS, 1_420_070_400_001))))
        with _translated():
            async for message in self._channel(channel).history(limit=_PROBED, after=after, oldest_first=False):
                if me is None or message.author.id != me.id:
                    continue
                for embed in message.embeds:
                    if is_wanted(embed.footer.text or ""):
                        return str(message.id)
        return None

    async def written_below(self, channel: str, message_id: str, *, limit: int) -> list[Written]:
        """At most so many messages after one, people's and ours.

        Costs a request only where the gateway knows of a newer message.
        """
        newest = getattr(self._client.get_channel(int(channel)), "last_message_id", None)
        if newest is None or newest <= int(message_id):
            return []
        after, found = discord.Object(int(message_id)), list[Written]()
        with _translated():
            async for message in self._channel(channel).history(limit=limit, after=after):
                found.extend(written(message))
        return found

    @staticmethod
    async def messages_after(thread: discord.Thread, message_id: int) -> list[discord.Message]:
        """The messages of a thread after one, oldest first; a hundred for a request. Raises SendFailed."""
        with _translated():
            history = thread.history(limit=None, after=discord.Object(message_id), oldest_first=True)
            return [message async for message in history]

    @staticmethod
    def made_at(message_id: str) -> Millis:
        """When Discord made a message, by its id."""
        return round(discord.utils.snowflake_time(int(message_id)).timestamp() * 1000)

    async def message(self, channel: str, message_id: str) -> discord.Message:
        """A message of any author as it reads now."""
        with _translated():
            return await self._channel(channel).fetch_message(int(message_id))

    async def attachment(self, url: str) -> bytes:
        """A file that a person attached, by the address that Discord gave."""
        with _translated():
            return await self._client.http.get_from_cdn(url)

    def url(self, guild: str | None, channel: str, message_id: str | None = None) -> str:
        """Discord's own address of a message or thread; a run without a server is shown in its channel's."""
        address = f"https://discord.com/channels/{guild or self.guild_of(channel)}/{channel}"
        return f"{address}/{message_id}" if message_id else address

    @property
    def me(self) -> str | None:
        """Our own id at Discord; None before the first connection."""
        return str(self._client.user.id) if self._client.user is not None else None

    def is_away(self, guild: str | None) -> bool:
        """Whether the bot was removed from that server: nothing can be shown there until it is invited again."""
        return guild is not None and self._client.is_ready() and self._client.get_guild(int(guild)) is None

    def guild_of(self, channel: str | None) -> str:
        """The server of a channel; the first one of the settings where that is not known."""
        found = getattr(self._client.get_channel(int(channel)), "guild", None) if channel else None
        return str(found.id) if found else self._home

    def parent_of(self, channel: str) -> str:
        """The channel of a thread, as far as the gateway announced it; another channel is its own."""
        found = self._client.get_channel(int(channel))
        return str(found.parent_id) if isinstance(found, discord.Thread) else channel

    def takes_threads(self, channel: str) -> bool:
        """Whether the bot may write in the threads of a channel, as far as the gateway announced its permissions."""
        found = self._client.get_channel(int(channel))
        if not isinstance(found, discord.TextChannel):
            return True
        return found.permissions_for(found.guild.me).send_messages_in_threads

    def _reads_history(self, channel: str) -> bool:
        """Whether the bot may read the history there, as far as the gateway announced its permissions."""
        found = self._client.get_channel(int(channel))
        if isinstance(found, discord.Thread):
            found = found.parent
        if not isinstance(found, discord.abc.GuildChannel):
            return True
        return found.permissions_for(found.guild.me).read_message_history

    def channel_name(self, channel: str | None) -> str | None:
        """A channel's name, as far as the gateway announced it."""
        found = self._client.get_channel(int(channel)) if channel else None
        return getattr(found, "name", None)


def written(message: discord.Message) -> tuple[Written, ...]:
    """The message as one below a card; empty for notices of Discord's own, such as pins and names."""
    if message.is_system():
        return ()
    return (Written(str(message.id), len(message.content) + sum(map(len, message.embeds))),)


def _utc(at: Millis) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)
