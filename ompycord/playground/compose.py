"""Builds one playground: state, services, the rooms over them, and the routes; `server.py` runs it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from aiohttp import web

from ompycord.playground import guards
from ompycord.playground.faults.bot_process import BotProcess
from ompycord.playground.faults.buttons import FaultButtons
from ompycord.playground.faults.plan import FaultPlan
from ompycord.playground.forge.hook_sender import HookSender
from ompycord.playground.forge.page_api import ForgePages
from ompycord.playground.forge.room import ForgeRoom
from ompycord.playground.forge.seed import open_forge, people, shown
from ompycord.playground.gateway.server import Gateway
from ompycord.playground.page.api import PageApi
from ompycord.playground.page.control import ControlApi
from ompycord.playground.page.drawer import DrawerApi
from ompycord.playground.page.feed import PageFeed
from ompycord.playground.rest import (
    application,
    cdn,
    commands,
    guilds,
    interactions,
    messages,
    reactions,
    soundboard,
    threads,
)
from ompycord.playground.rest.api import RestApi
from ompycord.playground.rest.call import Backend
from ompycord.playground.rest.wire import WireLog
from ompycord.playground.rules.limits import Limits
from ompycord.playground.rules.ratelimit import RateLimiter
from ompycord.playground.world import seed
from ompycord.playground.world.clock import ShiftedClock
from ompycord.playground.world.core import Core
from ompycord.playground.world.guild import World
from ompycord.playground.world.ids import Snowflakes
from ompycord.playground.world.services import build
from ompycord.playground.world.storage import Storage
from ompycord.playground.world.threads import Threads

MAX_BODY: Final = 110 * 1024 * 1024
"""Ten attachments of 10 MiB and their envelope."""
AREAS: Final = (application, commands, guilds, interactions, messages, reactions, soundboard, threads)


@dataclass(frozen=True, kw_only=True)
class State:
    """A world and what stands directly over it. The owner calls `close`."""

    core: Core
    gateway: Gateway
    feed: PageFeed
    plan: FaultPlan
    forge: ForgeRoom | None
    """None without git on this machine."""

    def close(self) -> None:
        """Close what is on disk."""
        self.core.storage.close()
        if self.forge is not None:
            self.forge.forge.close()


@dataclass(frozen=True, kw_only=True)
class Hosted:
    """A playground that answers: its state, and what must end in order."""

    state: State
    bot: BotProcess
    buttons: FaultButtons
    threads: Threads
    hooks: HookSender
    application: web.Application
    stop: asyncio.Event
    """Set by `/control/shutdown`."""


def open_state(folder: Path, *, token: str, port: int, limits: Limits) -> State:
    """Open the state in `folder`, with the seed data where it is new."""
    clock = ShiftedClock()
    storage = Storage(folder / "playground.db")
    ids = Snowflakes(clock)
    world = World(storage, clock, ids)
    seed.ensure(world)
    gateway, feed, plan = Gateway(world, limits), PageFeed(clock), FaultPlan(clock)
    core = Core(
        folder=folder,
        token=token,
        storage=storage,
        clock=clock,
        ids=ids,
        limits=limits,
        world=world,
        gateway=gateway,
        feed=feed,
        port=port,
    )
    gateway.url = core.gateway_url
    gateway.is_out = lambda: plan.is_out
    plan.on_outage = gateway.drop_all
    return State(core=core, gateway=gateway, feed=feed, plan=plan, forge=open_forge(core))


def compose(state: State, *, on_bot: Callable[[BotProcess], None]) -> Hosted:
    """Build services and routes over the state. `on_bot` is called when the registered bot process changes."""
    core, gateway, feed, plan = state.core, state.gateway, state.feed, state.plan
    services, wire, stop = build(core), WireLog(), asyncio.Event()

    def bot_changed() -> None:
        on_bot(bot)
        publish_status()
        buttons.bot_changed()

    def publish_status() -> None:
        feed.publish("BOT_STATUS", page.bot_status())

    bot = BotProcess(core.storage, core.folder, bot_changed)
    buttons = FaultButtons(core=core, plan=plan, bot=bot)
    hooks = HookSender(clock=core.clock, number=wire.next_number)
    plan.on_kill = buttons.killed
    page = PageApi(services=services, gateway=gateway, feed=feed, bot=bot)
    gateway.on_status = publish_status

    def connection_refused(address: str, code: int, words: str) -> None:
        wire.add_refusal(core.clock.now(), "WS", address, code, {"message": words})

    gateway.on_refusal = connection_refused
    backend = Backend(services=services, gateway=gateway, limiter=RateLimiter(core.limits.rates))
    served = web.Application(middlewares=[guards.middleware(core)], client_max_size=MAX_BODY)
    served.on_response_prepare.append(guards.add_headers)
    RestApi(backend=backend, plan=plan, wire=wire).add_to(served, [route for area in AREAS for route in area.ROUTES])
    page.add_to(served)
    DrawerApi(clock=core.clock, limiter=backend.limiter, wire=wire, buttons=buttons, others=hooks.lines_after).add_to(
        served
    )
    control = ControlApi(services=services, gateway=gateway, plan=plan, wire=wire, bot=bot, stop=stop)
    control.add_to(served)
    if state.forge is not None and state.forge.is_ready:
        control.forge = shown(state.forge)
        hooks.add_to(served)
        state.forge.forge.hooks.on_event = hooks.add
        state.forge.add_to(served)
        ForgePages(state.forge.forge, logins=partial(people, core.world)).add_to(served)
    for path in ("/gateway", "/gateway/"):
        served.router.add_get(path, gateway.serve)
    served.router.add_get(cdn.PATH, cdn.handler(core))
    return Hosted(
        state=state, bot=bot, buttons=buttons, threads=services.threads, hooks=hooks, application=served, stop=stop
    )
