"""Controls for programs beside the bot, under `/control`: information, bot process, time, faults, gateway, world."""

import asyncio
import os

from aiohttp import web

from ompycord.playground.faults.bot_process import BotProcess, BotProcessError
from ompycord.playground.faults.plan import BadFaultError, FaultPlan
from ompycord.playground.gateway.server import Gateway
from ompycord.playground.page.answers import after_of, answer, with_body
from ompycord.playground.page.changes import WorldChanges
from ompycord.playground.rest.wire import WireLog
from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.errors import NotPossibleError
from ompycord.playground.world import seed
from ompycord.playground.world.services import Services


class ControlApi:
    """The control routes; all need the token as bearer."""

    def __init__(
        self,
        *,
        services: Services,
        gateway: Gateway,
        plan: FaultPlan,
        wire: WireLog,
        bot: BotProcess,
        stop: asyncio.Event,
    ) -> None:
        self._core = services.core
        self._threads = services.threads
        self._gateway = gateway
        self._plan = plan
        self._log = wire
        self._bot = bot
        self._stop = stop
        self._changes = WorldChanges(services, gateway)
        self.forge: Json | None = None
        """Where the forge is, and its token; None without one."""

    def add_to(self, application: web.Application) -> None:
        add = application.router.add_route
        add("GET", "/control/info", self._info)
        add("GET", "/control/wire", self._wire)
        add("GET", "/control/pings", self._pings)
        add("GET", "/control/faults", self._list_faults)
        add("DELETE", "/control/faults", self._clear_faults)
        for path, act in {
            "/control/bot": self._register,
            "/control/shutdown": self._shutdown,
            "/control/clock": self._advance,
            "/control/faults": self._add_fault,
            "/control/gateway": self._disturb_gateway,
            "/control/world": self._change_world,
        }.items():
            add("POST", path, with_body(act))

    async def _info(self, _request: web.Request) -> web.StreamResponse:
        world = self._core.world
        return answer(
            {
                "bot_token": world.bot_token,
                "application_id": world.application_id,
                "guild_id": world.guild_id,
                **seed.names(world),
                "pid": os.getpid(),
                "api": self._core.api,
                "gateway": self._core.gateway_url,
                "now": self._core.clock.now(),
                "forge": self.forge,
            }
        )

    async def _wire(self, request: web.Request) -> web.StreamResponse:
        return answer([entry.full() for entry in self._log.after(after_of(request))])

    async def _pings(self, _request: web.Request) -> web.StreamResponse:
        return answer(self._core.storage.all("ping"))

    async def _list_faults(self, _request: web.Request) -> web.StreamResponse:
        return answer(self._plan.shown())

    async def _clear_faults(self, _request: web.Request) -> web.StreamResponse:
        self._plan.clear()
        return answer([])

    async def _register(self, body: Json) -> object:
        try:
            self._bot.register(body)
        except BotProcessError as problem:
            raise NotPossibleError(str(problem)) from problem
        return {"pid": self._bot.pid}

    async def _shutdown(self, body: Json) -> object:
        """An ending bot names its pid, so that it gets no second signal; `everything` ends the bot too, whoever
        started it.
        """
        self._bot.ending = body.get("bot", self._bot.ending)
        self._bot.ends_registered |= body.get("everything") is True
        self._stop.set()
        return {}

    async def _advance(self, body: Json) -> object:
        seconds = body.get("advance")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
            raise NotPossibleError("advance is a number of seconds, not below 0")
        self._core.clock.advance(seconds)
        self._threads.archive_idle()
        return {"now": self._core.clock.now()}

    async def _add_fault(self, body: Json) -> object:
        try:
            return self._plan.add(body).shown()
        except BadFaultError as problem:
            raise NotPossibleError(str(problem)) from problem

    async def _disturb_gateway(self, body: Json) -> object:
        """See `Gateway.disturb`."""
        if not self._gateway.disturb(body):
            raise NotPossibleError("action is close, drop, reconnect, invalid_session, deafen or heartbeat")
        return {"connections": self._gateway.count_connections()}

    async def _change_world(self, body: Json) -> object:
        self._changes.apply(body)
        return {}
