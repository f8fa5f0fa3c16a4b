"""What the program beside the playground controls: facts, bot process, time, faults, the world; under `/control`."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from ompycord.playground.faults.bot_process import BotProcess, BotProcessError
from ompycord.playground.faults.plan import BadFaultError
from ompycord.playground.gateway.session import GUILD_MEMBERS, GUILDS
from ompycord.playground.guards import answer
from ompycord.playground.page.api import after_of
from ompycord.playground.page.people import NotPossibleError
from ompycord.playground.rules.documents import Json, as_list, as_object, decode_object, public
from ompycord.playground.world import channels
from ompycord.playground.world.seed import add_member
from ompycord.playground.world.services import Services


class ControlApi:
    """The control routes; all need the token as bearer."""

    def __init__(self, services: Services, bot: BotProcess, stop: asyncio.Event) -> None:
        self._services = services
        self._core = services.core
        self._bot = bot
        self._stop = stop

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
            add("POST", path, _with_body(act))

    async def _info(self, _request: web.Request) -> web.StreamResponse:
        import os

        world = self._core.world
        names = self._core.storage.get("names", "first-world") or {}
        return answer(
            {
                "bot_token": world.bot_token,
                "application_id": world.application_id,
                "guild_id": world.guild_id,
                **names,
                "pid": os.getpid(),
                "api": self._core.api,
                "gateway": self._core.gateway_url,
                "now": self._core.clock.now(),
            }
        )

    async def _wire(self, request: web.Request) -> web.StreamResponse:
        return answer([entry.full() for entry in self._core.wire.after(after_of(request))])

    async def _pings(self, _request: web.Request) -> web.StreamResponse:
        return answer(self._core.storage.all("ping"))

    async def _list_faults(self, _request: web.Request) -> web.StreamResponse:
        return answer(self._core.faults.shown())

    async def _clear_faults(self, _request: web.Request) -> web.StreamResponse:
        self._core.faults.clear()
        return answer([])

    def _register(self, body: Json) -> object:
        try:
            self._bot.register(body)
        except BotProcessError as problem:
            raise NotPossibleError(str(problem)) from problem
        return {"pid": self._bot.pid}

    def _shutdown(self, body: Json) -> object:
        """An ending bot names its pid: it is not told to end a second time."""
        self._bot.ending = body.get("bot")
        self._stop.set()
        return {}

    def _advance(self, body: Json) -> object:
        seconds = body.get("advance")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
            raise NotPossibleError("advance is a number of seconds, not below 0")
        self._core.clock.advance(seconds)
        return {"now": self._core.clock.now()}

    def _add_fault(self, body: Json) -> object:
        try:
            return self._core.faults.add(body).shown()
        except BadFaultError as problem:
            raise NotPossibleError(str(problem)) from problem

    def _disturb_gateway(self, body: Json) -> object:
        """See `Gateway.disturb`."""
        gateway = self._core.gateway
        if not gateway.disturb(body):
            raise NotPossibleError("action is close, drop, reconnect, invalid_session, deafen or heartbeat")
        return {"connections": gateway.count_connections()}

    # -- the world, as its admins could change it --------------------------------------------------------------------

    def _change_world(self, body: Json) -> object:
        """One change: `role_permissions`, `member_roles`, `remove_member`, `add_bot`, `overwrites`, `delete_channel`,
        `threads` (archived and locked as a moderator sets them), `application_flags`.
        """
        acts: dict[str, Callable[[Any], None]] = {
            "role_permissions": self._set_role_permissions,
            "member_roles": self._set_member_roles,
            "remove_member": self._remove_member,
            "add_bot": self._add_bot,
            "overwrites": self._set_overwrites,
            "delete_channel": self._delete_channel,
            "threads": self._change_threads,
            "application_flags": self._set_flags,
        }
        known = [key for key in acts if key in body]
        if len(known) != len(body) or not known:
            raise NotPossibleError(f"a change is one of {', '.join(acts)}")
        for key in known:
            acts[key](body[key])
        return {}

    def _set_role_permissions(self, wanted: Any) -> None:
        world = self._core.world
        for role_id, held in (as_object(wanted) or {}).items():
            role = world.role(role_id)
            role["permissions"] = str(int(held))
            self._core.storage.put("role", role_id, role, parent=world.guild_id)
            event: Json = {"guild_id": world.guild_id, "role": public(role)}
            self._core.gateway.dispatch("GUILD_ROLE_UPDATE", event, intents=GUILDS)

    def _set_member_roles(self, wanted: Any) -> None:
        world = self._core.world
        for user, roles in (as_object(wanted) or {}).items():
            member = world.member(user)
            member["roles"] = [world.role(str(role))["id"] for role in as_list(roles)]
            self._core.storage.put("member", user, member)
            event: Json = {**world.member_as_discord_shows_it(user), "guild_id": world.guild_id}
            own = 0 if user == world.bot_id else GUILD_MEMBERS
            self._core.gateway.dispatch("GUILD_MEMBER_UPDATE", event, intents=own)

    def _remove_member(self, user: Any) -> None:
        """Somebody leaves; for the bot that is being kicked."""
        world = self._core.world
        world.member(str(user))
        self._core.storage.delete("member", str(user))
        if user == world.bot_id:
            self._core.gateway.dispatch("GUILD_DELETE", {"id": world.guild_id}, intents=GUILDS)
        else:
            event: Json = {"guild_id": world.guild_id, "user": world.user(str(user))}
            self._core.gateway.dispatch("GUILD_MEMBER_REMOVE", event, intents=GUILD_MEMBERS)

    def _add_bot(self, _wanted: Any) -> None:
        """The bot is invited again, with the role that its invitation makes."""
        core = self._core
        own = [
            role["id"] for role in core.storage.all("role") if role.get("tags", {}).get("bot_id") == core.world.bot_id
        ]
        add_member(core.world, core.world.bot_id, own)
        core.gateway.welcome()

    def _change_threads(self, wanted: Any) -> None:
        for thread_id, change in (as_object(wanted) or {}).items():
            self._services.threads.update(self._core.world.channel(thread_id), as_object(change) or {})

    def _set_overwrites(self, wanted: Any) -> None:
        for channel_id, overwrites in (as_object(wanted) or {}).items():
            channel = self._core.world.channel(channel_id)
            channels.change(self._core, channel, {"permission_overwrites": as_list(overwrites)})

    def _delete_channel(self, channel_id: Any) -> None:
        channel = self._core.world.channel(str(channel_id))
        if "thread_metadata" in channel:
            self._services.threads.delete(channel)
        else:
            channels.remove(self._core, self._services.threads, channel)

    def _set_flags(self, flags: Any) -> None:
        application = self._core.world.application
        application["flags"] = int(flags)
        self._core.storage.put("application", application["id"], application)


def _with_body(act: Callable[[Json], object]) -> Callable[[web.Request], Any]:
    async def serve(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = decode_object(raw) if raw else {}
        if body is None:
            raise NotPossibleError("The body is no JSON object.", status=400)
        return answer(act(body))

    return serve
