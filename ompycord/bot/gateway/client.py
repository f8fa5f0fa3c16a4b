"""Our discord.py client: intents, commands of the configured servers, a reconnect loop of our own, raw interactions.

Counterpart: `bot.py`, which starts it. The gateway's events go to its callables; nothing is decided here.
"""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from types import SimpleNamespace
from typing import Any, Protocol, cast

import aiohttp
import discord
from discord.gateway import DiscordWebSocket, KeepAliveHandler, ReconnectWebSocket

from ompycord.bot.access import Interaction
from ompycord.bot.delivery.rate_limiter import RateAnswer, answer_of
from ompycord.bot.embed_builder import QUIET
from ompycord.bot.gateway.reconnect import ReconnectPauses
from ompycord.bot.interactions.threads.missed_messages import SPOKEN
from ompycord.bot.options import BotOptions
from ompycord.domain.ports import Clock
from ompycord.errors import GatewayFatal
from ompycord.telemetry import get_logger

__all__ = ["FATAL_CLOSES", "GatewayHandler", "HeartbeatThread", "OmpycordClient", "intents_of"]

FATAL_CLOSES = {
    4004: "the token is not valid: set DISCORD_TOKEN to the bot's present one",
    4010: "the shard is not valid",
    4011: "the bot is in too many servers for one connection",
    4012: "this version of the gateway is not served any more: update Ompycord",
    4013: "the intents are not valid: update Ompycord",
    4014: "the message content intent is not enabled for this bot: enable it at Discord, or switch it off here",
}
"""docs/platform/discord.md, *Gateway*: after these close codes another try is forbidden."""

_OPEN_S = 60.0
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
    async def left(self, guild: str) -> None: ...
    def joined(self, guild: str) -> None: ...


class HeartbeatThread(KeepAliveHandler):
    """Sends heartbeats, and gives a connection up whose last one got no answer by the next.

    discord.py waits for 60 s without any message, which is noticed after up to two more heartbeats.
    """

    _is_unanswered = False

    def run(self) -> None:
        while not self._stop_ev.wait(self.interval):
            is_dead, self._is_unanswered = self._is_unanswered, True
            if is_dead:
                log.warning("gateway.unanswered", after_s=self.interval)
            self._last_send = time.perf_counter()  # before: its answer may be there before this thread goes on
            if not self._do(self.ws.close(4000) if is_dead else self.ws.send_heartbeat(self.get_payload())) or is_dead:
                self.stop()

    def ack(self) -> None:
        self._is_unanswered = False
        super().ack()

    def _do(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether it succeeded; on the loop."""
        try:
            asyncio.run_coroutine_threadsafe(work, loop=self.ws.loop).result()
        except Exception as error:  # noqa: BLE001  # the connection is closed: the loop that reads it knows
            log.info("gateway.no_heartbeat", cause=type(error).__name__)
            return False
        return True


class _Socket(DiscordWebSocket):
    """discord.py's connection, of which nothing stays when it is given up.

    Without this, one that breaks before it has identified itself, or is cancelled, keeps its heartbeat's thread and
    socket.
    """

    async def received_message(self, msg: Any, /) -> None:
        await super().received_message(msg)
        library = self._keep_alive
        if library is not None and not isinstance(library, HeartbeatThread):  # made by it for the gateway's hello
            library.stop()
            self._keep_alive = HeartbeatThread(ws=self, interval=library.interval, shard_id=self.shard_id)
            self._keep_alive.start()

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
        on_edit: Callable[[discord.Message], Awaitable[None]],
        on_delete: Callable[[str, str], Awaitable[None]],
        on_reaction: Callable[[discord.RawReactionActionEvent], Awaitable[None]],
        on_setup: Callable[[], Awaitable[None]],
        on_new_connection: Callable[[], None],
        on_ready: Callable[[], Awaitable[None]],
        handler: "Callable[[], GatewayHandler]",
        clock: Clock,
    ) -> None:
        """`on_request` gets the limits that every REST answer names."""
        super().__init__(
            intents=intents_of(options),
            allowed_mentions=QUIET,
            guild_ready_timeout=options.ready_timeout_s,
            max_ratelimit_timeout=_LONGEST_LIMIT_S,
            http_trace=_trace(on_request),
            max_messages=None,
            proxy=options.proxy,
        )
        self._clock = clock
        self._pauses = ReconnectPauses(cap_s=options.reconnect_cap_s, uniform=random.SystemRandom().uniform)
        self._guilds_obeyed = frozenset(options.guilds)
        self._on_click = on_click
        self._on_text = on_text
        self._on_edit = on_edit
        self._on_delete = on_delete
        self._on_reaction = on_reaction
        self._on_setup = on_setup
        self._on_new_connection = on_new_connection
        self._when_ready = on_ready
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
        elif is_here and not message.author.bot and message.type in SPOKEN:
            await self._on_text(message)

    async def on_raw_reaction_add(self, clicked: discord.RawReactionActionEvent) -> None:
        """Raw: the message may be of an earlier process, and we keep no messages."""
        await self._on_reaction(clicked)

    # -- Discord's own life --------------------------------------------------------------------------------------------

    async def on_connect(self) -> None:
        """Called for a new connection, before any message of it; one that is resumed brings what it missed."""
        self._on_new_connection()

    async def on_ready(self) -> None:
        await self._when_ready()

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """Raw: we keep no messages. Pass on people's."""
        if str(event.guild_id) in self._guilds_obeyed and not event.message.author.bot:
            await self._on_edit(event.message)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self._handler().removed(str(event.channel_id), str(event.message_id))
        await self._on_delete(str(event.channel_id), str(event.message_id))

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        for message in event.message_ids:
            self._handler().removed(str(event.channel_id), str(message))
            await self._on_delete(str(event.channel_id), str(message))

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
        params: dict[str, Any] = {"initial": True, "shard_id": self.shard_id}
        while not self.is_closed():
            opened: float | None = None
            try:
                self.ws = await asyncio.wait_for(_Socket.from_client(self, **params), timeout=_OPEN_S)
                params["initial"] = False
                opened = self._clock.monotonic_s()
                while True:
                    await self.ws.poll_event()
            except ReconnectWebSocket as request:
                self.dispatch("disconnect")
                self._resume(params, may_resume=request.resume)
                # A gateway that closes each connection at once would eat the 1,000 IDENTIFYs of a day.
                pause = self._pauses.after_close(self._lived_s(opened), is_resumed=params["resume"])
                await self._pause(pause, "asked to" if request.resume else "the session is over")
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
                    await self._pause(self._pauses.after_failure(self._lived_s(opened)), type(error).__name__)
                self._resume(params, may_resume=True)

    def _lived_s(self, opened: float | None) -> float:
        """How long the last connection stood; 0 for one that did not come about."""
        return 0.0 if opened is None else self._clock.monotonic_s() - opened

    async def _pause(self, pause: float, cause: str) -> None:
        if not pause:
            return
        log.warning("gateway.reconnects", cause=cause, pause_s=round(pause, 2))
        await self._clock.sleep(pause)

    def _resume(self, params: dict[str, Any], *, may_resume: bool) -> None:
        """Continue where the last connection ended, or begin a new session where there is none to continue."""
        socket = self.socket
        if socket is None:
            params["resume"] = False
        elif may_resume and socket.session_id is not None:
            params.update(sequence=socket.sequence, gateway=socket.gateway, resume=True, session=socket.session_id)
        else:
            params.update(sequence=None, gateway=None, resume=False, session=None)


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
