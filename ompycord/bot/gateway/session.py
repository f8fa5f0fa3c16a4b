"""One discord.py client and all that depends on it, from login to close.

Counterpart of `bot.py`, which makes another where one ends.
"""

import asyncio
import math

import aiohttp
import discord

from ompycord.bot.commands.remembering.decision_offers import DecisionOffers
from ompycord.bot.context import BotContext
from ompycord.bot.delivery.announcing import Announcer
from ompycord.bot.delivery.messages_below import MessagesBelow
from ompycord.bot.delivery.rate_limiter import RateAnswer
from ompycord.bot.delivery.rollover import CardRollover
from ompycord.bot.features import BotFeatures
from ompycord.bot.gateway.assembly import SessionDependencies, editor_of, renderer_of
from ompycord.bot.gateway.client import OmpycordClient
from ompycord.bot.gateway.command_tree import OmpTree, sync
from ompycord.bot.gateway.gateway_events import GatewayEvents
from ompycord.bot.gateway.groups import expected_error, run_to_completion
from ompycord.bot.gateway.presence import show_mode
from ompycord.bot.gateway.protect_requests import protect_requests
from ompycord.bot.interactions.components import Dispatcher
from ompycord.bot.interactions.reaction_launch import ReactionLaunch
from ompycord.bot.interactions.reactions import Reactions
from ompycord.bot.interactions.threads.missed_messages import MissedMessages
from ompycord.bot.interactions.threads.thread_messages import ThreadMessages
from ompycord.bot.lookups import HealthLine
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.rest import Rest
from ompycord.errors import GatewayFatal, OmpycordError
from ompycord.telemetry import get_logger

__all__ = ["Session", "Unreachable", "Wedged"]

LIVENESS_S = 15.0
PROBE_AFTER_S = 60.0
"""Seconds after which an idle bot asks Discord something, so that its readiness has a recent reason."""
READY_S = 150.0
"""Seconds within which readiness needs a successful REST call (docs/platform/discord.md, *Requests of discord.py*)."""
WEDGED_S = 420.0
"""Seconds that no request outlasts: five tries of at most 30 s of waiting, and aiohttp's own 300 s.

After that the client is considered stuck.
"""
CLOSE_S = 10.0

_BAD = 400

log = get_logger(__name__)


class Unreachable(OmpycordError):  # named for the fact, as the tree in errors.py does
    """Discord could not be reached for the login."""


class Wedged(OmpycordError):  # the same
    """The client's requests never end any more: it is stuck."""


class Session:
    """A client with the parts that show runs, take commands and follow its events."""

    def __init__(self, dependencies: SessionDependencies) -> None:
        self._dependencies = dependencies
        self.last_success_at: float | None = None
        self._probe_began: float | None = None
        self._register_after_s: float | None = None
        """When commands that Discord did not take are registered again; None where all are."""
        self.client = OmpycordClient(
            options=dependencies.options,
            on_request=self._on_answer,
            on_click=self._clicked,
            on_text=self._on_message,
            on_edit=self._on_edit,
            on_delete=self._on_delete,
            on_reaction=self._reacted,
            on_setup=self._set_up,
            on_new_connection=self._on_new_connection,
            on_ready=self._on_ready,
            handler=lambda: self._gateway_events,
            clock=dependencies.clock,
        )
        if dependencies.lookups.members is not None:
            dependencies.lookups.members.use(self.client)
        self._tree = OmpTree(self.client)
        self.rest = rest = Rest(self.client, home=dependencies.options.guilds[0])
        renderer = renderer_of(dependencies, rest, is_connected=lambda: self.is_connected)
        messages_below = MessagesBelow()
        rollover = CardRollover(
            store=dependencies.stores.delivery.rollover,
            renderer=renderer,
            rest=rest,
            clock=dependencies.clock,
            messages_below=messages_below,
        )
        self.live = editor_of(
            bus=dependencies.bus,
            stores=dependencies.stores.delivery,
            renderer=renderer,
            rest=rest,
            clock=dependencies.clock,
            rollover=rollover,
            artifact=dependencies.lookups.artifact,
        )
        self._announcer = Announcer(
            store=dependencies.stores.delivery.announcements,
            rest=rest,
            clock=dependencies.clock,
            sign=dependencies.signer.button,
        )
        self._gateway_events = GatewayEvents(
            guilds=dependencies.options.guilds,
            rest=rest,
            live=self.live,
            messages_below=messages_below,
            rollover=rollover,
            runs=dependencies.runs,
            store=dependencies.stores.commands.records,
        )
        self._dispatcher = self._wire(self._context(rest, renderer))

    def _context(self, rest: Rest, renderer: MessageRenderer) -> BotContext:
        dependencies = self._dependencies
        return BotContext(
            options=dependencies.options,
            catalog=dependencies.catalog,
            runs=dependencies.runs,
            messages=dependencies.messages,
            approvals=dependencies.approvals,
            plans=dependencies.plans,
            pull_requests=dependencies.pull_requests,
            overlaps=dependencies.overlaps,
            checkpoints=dependencies.checkpoints,
            typed_answers=dependencies.typed_answers,
            budgets=dependencies.budgets,
            snapshots=dependencies.snapshots,
            store=dependencies.stores.commands,
            clock=dependencies.clock,
            ids=dependencies.ids,
            signer=dependencies.signer,
            renderer=renderer,
            live=self.live,
            rest=rest,
            lookups=dependencies.lookups,
            refusals=dependencies.refusals,
            connection=self._health,
        )

    def _wire(self, context: BotContext) -> Dispatcher:
        self._thread_messages = ThreadMessages(context)
        self._missed_messages = MissedMessages(context, self.client, self._thread_messages)
        self._reaction_launch = ReactionLaunch(context, self.client)
        self._reactions = Reactions(context, self.client)
        self._decision_offers = DecisionOffers(context)
        self._tree.use(context)
        features = BotFeatures(context)
        for command in features.offered(context.lookups):
            self._tree.add_command(command, guilds=[discord.Object(int(guild)) for guild in context.options.guilds])
        return Dispatcher(context, features.handlers)

    # -- events of the client -----------------------------------------------------------------------------------------

    async def _set_up(self) -> None:
        """Register the commands.

        A failure never ends the process: a bot whose commands wait still answers buttons and shows cards.
        """
        self._register_after_s = await self._register()

    async def _register(self) -> float | None:
        return await sync(self._tree, self.client, self._dependencies.options.guilds)

    async def _register_later(self) -> None:
        while self._register_after_s is not None:
            await self._dependencies.clock.sleep(self._register_after_s)
            self._register_after_s = await self._register()

    async def _clicked(self, interaction: discord.Interaction[discord.Client]) -> None:
        await self._dispatcher.dispatch(interaction)

    def _on_new_connection(self) -> None:
        self._missed_messages.on_new_connection()

    async def _on_ready(self) -> None:
        try:
            await self._gateway_events.began()
        finally:  # messages wait for it
            await self._missed_messages.catch_up()

    async def _on_message(self, message: discord.Message) -> None:
        await self._missed_messages.on_message(message)
        await self._reaction_launch.arm(message)
        await self._decision_offers.on_message(message)

    async def _on_edit(self, message: discord.Message) -> None:
        await self._thread_messages.on_edit(message)

    async def _on_delete(self, channel: str, message: str) -> None:
        await self._thread_messages.on_delete(channel, message)

    async def _reacted(self, clicked: discord.RawReactionActionEvent) -> None:
        await self._reaction_launch.launch(clicked)
        await self._reactions.added(clicked)

    def _on_answer(self, answer: RateAnswer) -> None:
        if answer.status < _BAD:
            self.last_success_at = self._dependencies.clock.monotonic_s()
        self.live.on_answer(answer)

    # -- how it is ---------------------------------------------------------------------------------------------------

    @property
    def is_connected(self) -> bool:
        """Whether the gateway's socket is open."""
        socket = self.client.socket
        return socket is not None and socket.open

    @property
    def is_ready(self) -> bool:
        """Whether it is connected, knows its servers, and Discord answered lately."""
        if not self.is_connected or not self.client.is_ready() or self.last_success_at is None:
            return False
        return self._dependencies.clock.monotonic_s() - self.last_success_at <= READY_S

    @property
    def latency(self) -> float | None:
        """Seconds from heartbeat to its answer; None while not known."""
        seconds = self.client.latency if self.is_connected else math.nan
        return seconds if math.isfinite(seconds) else None

    def _health(self) -> HealthLine:
        ping = f"{self.latency * 1000:.0f} ms" if self.latency is not None else "not known yet"
        slowed = f"; it slows {self.live.slowed_cards} cards" if self.live.slowed_cards else ""
        text = f"gateway {'connected' if self.is_connected else 'reconnecting'}, ping {ping}{slowed}"
        return HealthLine(name="Discord", is_ok=self.is_ready and not slowed, text=text)

    # -- the session -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run until cancelled. Raises GatewayFatal, Unreachable, Wedged."""
        try:
            async with asyncio.TaskGroup() as requests:
                protect_requests(self.client, requests)
                await self._log_in()
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._stay_connected())
                    group.create_task(self._edit_when_ready())
                    group.create_task(self._announce_when_ready())
                    group.create_task(self._check_liveness(group))
                    group.create_task(self._register_later())
                    group.create_task(
                        show_mode(self.client, self._dependencies.lookups.mode, clock=self._dependencies.clock)
                    )
        except BaseExceptionGroup as group:
            error = expected_error(group, GatewayFatal, Wedged, Unreachable)
            raise (error or group) from None
        finally:
            await run_to_completion(
                self._close(), passes_on=False
            )  # sockets that are left open would outlive the client

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.client.close()
        except TimeoutError:
            log.warning("discord.not_closed")

    async def _log_in(self) -> None:
        try:
            await self.client.login(self._dependencies.token)
        except discord.LoginFailure as error:
            raise GatewayFatal("Discord refused the bot's token: set DISCORD_TOKEN to its present one.") from error
        except (discord.HTTPException, discord.RateLimited, OSError, aiohttp.ClientError) as error:
            raise Unreachable(f"Discord could not be reached ({type(error).__name__})") from error

    async def _stay_connected(self) -> None:
        await self.client.connect()
        raise Unreachable("the client was closed")

    async def _edit_when_ready(self) -> None:
        await self.client.wait_until_ready()
        log.info("discord.ready", guilds=len(self.client.guilds))
        await self.live.run()

    async def _announce_when_ready(self) -> None:
        await self.client.wait_until_ready()
        await self._announcer.run()

    async def _check_liveness(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._dependencies.clock.sleep(LIVENESS_S)
            now = self._dependencies.clock.monotonic_s()
            silent = now - (self.last_success_at if self.last_success_at is not None else now)
            probing_s = now - self._probe_began if self._probe_began is not None else 0.0
            if silent >= PROBE_AFTER_S and self._probe_began is None:
                self._probe_began = now
                group.create_task(self._probe())
            if max(probing_s, self.live.longest_flight_s) >= WEDGED_S and silent >= WEDGED_S:
                log.error("discord.wedged", silent_s=round(silent))
                raise Wedged("discord.py's requests do not end any more")

    async def _probe(self) -> None:
        try:
            await self.client.application_info()
        except (discord.HTTPException, discord.RateLimited, OSError, aiohttp.ClientError) as error:
            log.warning("discord.silent", cause=type(error).__name__)
        finally:
            self._probe_began = None
