"""Our discord.py client: intents, commands of the configured servers, a reconnect loop of our own, raw interactions.

Counterpart: `bot.py`, which starts it. The gateway's events go to four callables; nothing is decided here.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, Protocol, cast

import aiohttp
import discord
from discord.backoff import ExponentialBackoff
from discord.gateway import DiscordWebSocket, ReconnectWebSocket

from ompycord.bot.access import Interaction
from ompycord.bot.delivery.rate_limiter import RateAnswer, answer_of
from ompycord.bot.embed_builder import QUIET
from ompycord.bot.options import BotOptions
from ompycord.errors import GatewayFatal
from ompycord.telemetry import get_logger

__all__ = ["FATAL_CLOSES", "GatewayHandler", "OmpycordClient", "intents_of"]

FATAL_CLOSES = {
    4004: "the token is not valid: set DISCORD_TOKEN to the bot's present one",
    4010: "the shard is not valid",
    4011: "the bot is in too many servers for one connection",
    4012: "this version of the gateway is not served any more: update Ompycord",
    4013: "the intents are not valid: update Ompycord",
    4014: "the message content intent is not enabled for this bot: enable it at Discord, or switch it off here",
}
"""docs/platform/discord.md, *Gateway*: after these close codes another try is forbidden."""

_SPOKEN = frozenset({discord.MessageType.default, discord.MessageType.reply})
_OPEN_S = 60.0
_SHORT_S = 5.0
_CLOSE_S = 1.0
_GOODBYE, _RESUMABLE = 1000, 4000
_RESET_BY_PEER = frozenset({54, 10054})
_LONGEST_LIMIT_S = 30.0
"""Longer rate limits raise at once instead of sleeping with a frozen payload; discord.py takes no less."""

log = get_logger(__name__)


def intents_of(options: BotOptions) -> discord.Intents:
    """Unprivileged ones; message content only when asked for (docs/platform/discord.md, *Intents*)."""
    return discord.Intents(
        guilds=True, guild_messages=True, guild_reactions=True, message_content=options.message_content
    )


class GatewayHandler(Protocol):
    """Takes the gateway's events about Discord itself; `gateway_events.py` implements it."""

    def written(self, message: discord.Message) -> None: ...
    def removed(self, channel: str, message: str) -> None: ...
    def channel_deleted(self, channel: str) -> None: ...
    async def began(self) -> None: ...
    async def left(self, guild: str) -> None: ...
    def joined(self, guild: str) -> None: ...


class _Socket(DiscordWebSocket):
    """discord.py's connection, of which nothing stays when it is given up.

    Without this, one that breaks before it has identified itself, or is cancelled, keeps its heartbeat's thread and
    socket.
    """

    async def poll_event(self) -> None:
        try:
            await super().poll_event()
        except asyncio.CancelledError:
            await self._give_up(_GOODBYE)
            raise

    async def identify(self) -> None:
        try:
            await super().identify()
        except BaseException:
            await self._give_up(_RESUMABLE)
            raise

    async def resume(self) -> None:
        try:
            await super().resume()
        except BaseException:
            await self._give_up(_RESUMABLE)
            raise

    async def _give_up(self, code: int) -> None:
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self.close(code=code)
        except (OSError, aiohttp.ClientError) as error:  # TimeoutError is an OSError
            log.info("gateway.not_closed", cause=type(error).__name__)


class OmpycordClient(discord.Client):
    """Connects, passes on events, and never waits longer than the cap between two tries."""

    def __init__(
        self,
        *,
        options: BotOptions,
        on_request: Callable[[RateAnswer], None],
        on_click: Callable[[Interaction], Awaitable[None]],
        on_text: Callable[[discord.Message], Awaitable[None]],
        on_reaction: Callable[[discord.RawReactionActionEvent], Awaitable[None]],
        on_setup: Callable[[], Awaitable[None]],
        handler: "Callable[[], GatewayHandler]",
    ) -> None:
        """`on_request` gets the limits that every REST answer names."""
        super().__init__(
            intents=intents_of(options),
            allowed_mentions=QUIET,
            guild_ready_timeout=options.ready_timeout_s,
            max_ratelimit_timeout=_LONGEST_LIMIT_S,
            http_trace=_trace(on_request),
            max_messages=None,
        )
        self._cap_s = options.reconnect_cap_s
        self._guilds_obeyed = frozenset(options.guilds)
        self._on_click = on_click
        self._on_text = on_text
        self._on_reaction = on_reaction
        self._on_setup = on_setup
        self._handler = handler

    @property
    def socket(self) -> DiscordWebSocket | None:
        """The gateway's connection; None before the first, which discord.py's own types do not allow."""
        return cast("DiscordWebSocket | None", self.ws)

    async def setup_hook(self) -> None:
        await self._on_setup()

    async def on_interaction(self, interaction: Interaction) -> None:
        """Pass on components and forms raw: no live object of an earlier process is needed to answer them."""
        if interaction.type in {discord.InteractionType.component, discord.InteractionType.modal_submit}:
            await self._on_click(interaction)

    async def on_message(self, message: discord.Message) -> None:
        """Remove the notices of our own pins, which no one needs; pass on people's messages."""
        is_ours = self.user is not None and message.author.id == self.user.id
        is_here = message.guild is not None and str(message.guild.id) in self._guilds_obeyed
        if is_here:
            self._handler().written(message)
        if message.type is discord.MessageType.pins_add and is_ours and is_here:
            try:
                await message.delete()
            except (discord.HTTPException, OSError, aiohttp.ClientError) as error:
                log.info("pin_notice.kept", cause=type(error).__name__)
        elif is_here and not message.author.bot and message.type in _SPOKEN:
            await self._on_text(message)

    async def on_raw_reaction_add(self, clicked: discord.RawReactionActionEvent) -> None:
        """Raw: the message may be of an earlier process, and we keep no messages."""
        await self._on_reaction(clicked)

    # -- Discord's own life --------------------------------------------------------------------------------------------

    async def on_ready(self) -> None:
        await self._handler().began()

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self._handler().removed(str(event.channel_id), str(event.message_id))

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        for message in event.message_ids:
            self._handler().removed(str(event.channel_id), str(message))

    async def on_raw_thread_delete(self, event: discord.RawThreadDeleteEvent) -> None:
        self._handler().channel_deleted(str(event.thread_id))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        self._handler().channel_deleted(str(channel.id))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        if str(guild.id) in self._guilds_obeyed:
            await self._handler().left(str(guild.id))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        if str(guild.id) in self._guilds_obeyed:
            self._handler().joined(str(guild.id))

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        log.error("gateway.handler_failed", handler=event_method, exc_info=sys.exc_info())  # called in a handler

    # -- the connection ----------------------------------------------------------------------------------------------

    async def connect(self, *, reconnect: bool = True) -> None:
        """Stay connected until closed. Raises GatewayFatal.

        It replaces discord.py's own method, which waits up to 1,024 s (docs/platform/discord.md, *Gateway*); a test
        watches the original's source.
        """
        backoff: ExponentialBackoff[Any] = ExponentialBackoff()
        params: dict[str, Any] = {"initial": True, "shard_id": self.shard_id}
        while not self.is_closed():
            opened = time.monotonic()
            try:
                self.ws = await asyncio.wait_for(_Socket.from_client(self, **params), timeout=_OPEN_S)
                params["initial"] = False
                while True:
                    await self.ws.poll_event()
            except ReconnectWebSocket as request:
                self.dispatch("disconnect")
                params.update(sequence=self.ws.sequence, resume=request.resume, session=self.ws.session_id)
                if request.resume:
                    params["gateway"] = self.ws.gateway
                # A gateway that closes each connection at once would eat the 1,000 IDENTIFYs of a day.
                if time.monotonic() - opened < _SHORT_S:
                    await self._pause(backoff, "closed at once")
            except (
                OSError,
                discord.HTTPException,
                discord.GatewayNotFound,
                discord.ConnectionClosed,
                aiohttp.ClientError,
            ) as error:
                self.dispatch("disconnect")
                if self.is_closed():
                    return
                _raise_if_fatal(error)
                if not (isinstance(error, OSError) and error.errno in _RESET_BY_PEER):
                    await self._pause(backoff, type(error).__name__)
                self._resume(params)

    async def _pause(self, backoff: "ExponentialBackoff[Any]", cause: str) -> None:
        pause = min(backoff.delay(), self._cap_s)
        log.warning("gateway.reconnects", cause=cause, pause_s=round(pause, 2))
        await asyncio.sleep(pause)

    def _resume(self, params: dict[str, Any]) -> None:
        """Try to continue where the last connection ended; the gateway refuses when it cannot."""
        socket = self.socket
        if socket is not None:
            params.update(
                sequence=socket.sequence, gateway=socket.gateway, initial=False, resume=True, session=socket.session_id
            )


def _raise_if_fatal(error: Exception) -> None:
    code = error.code if isinstance(error, discord.ConnectionClosed) else None
    if code in FATAL_CLOSES:
        raise GatewayFatal(f"Discord closed the gateway permanently ({code}): {FATAL_CLOSES[code]}.") from error


def _trace(on_answer: Callable[[RateAnswer], None]) -> aiohttp.TraceConfig:
    trace = aiohttp.TraceConfig()  # its context is an object of aiohttp's for each request, made to be written on

    async def began(session: aiohttp.ClientSession, context: SimpleNamespace, params: object) -> None:
        context.began = time.monotonic()

    async def ended(
        session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
    ) -> None:
        answer, took = params.response, time.monotonic() - context.began
        on_answer(answer_of(params.method, params.url.path, answer.status, answer.headers, took_s=took))

    trace.on_request_start.append(began)
    trace.on_request_end.append(ended)
    return trace
