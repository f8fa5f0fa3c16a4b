"""The web page's API under `/app`, and the page itself; its counterpart is `static/`, the page's files."""

import asyncio
import json
from collections.abc import Callable
from typing import Final

from aiohttp import web

from ompycord.playground.faults.bot_process import BotProcess, BotProcessError
from ompycord.playground.gateway.server import Gateway
from ompycord.playground.page import files
from ompycord.playground.page.answers import answer, with_body
from ompycord.playground.page.feed import PageEvent, PageFeed, Subscriber
from ompycord.playground.page.message_acts import MessageActs
from ompycord.playground.page.people import People
from ompycord.playground.rules import permissions
from ompycord.playground.rules.documents import Json, as_list, as_object, public
from ompycord.playground.rules.errors import NotPossibleError
from ompycord.playground.world import attachments, channels, reactions, views
from ompycord.playground.world.attachments import Upload
from ompycord.playground.world.services import Services

HEARTBEAT_S: Final = 15.0
SHOWN_KINDS: Final = ("admin", "member", "outsider")


class PageApi:
    """The page's routes. `user` names the acting human everywhere."""

    def __init__(self, *, services: Services, gateway: Gateway, feed: PageFeed, bot: BotProcess) -> None:
        self._services = services
        self._core = services.core
        self._people = People(services)
        self._acts = MessageActs(services=services, people=self._people)
        self._gateway = gateway
        self._feed = feed
        self._bot = bot

    def add_to(self, application: web.Application) -> None:
        self._acts.add_to(application)
        add = application.router.add_route
        add("GET", "/", self._index)
        add("GET", "/page/{path:.+}", self._static)
        add("GET", "/app/state", self._state)
        add("GET", "/app/channels/{channel}/messages", self._messages)
        add("GET", "/app/events", self._events)
        add("POST", "/app/attachments", self._attach)
        for path, act in {
            "/app/messages": self._write,
            "/app/messages/edit": self._rewrite,
            "/app/reactions": self._react,
            "/app/interactions/command": self._command,
            "/app/interactions/autocomplete": self._complete,
            "/app/interactions/component": self._click,
            "/app/interactions/modal": self._submit,
            "/app/bot/kill": self._kill,
            "/app/bot/start": self._start,
        }.items():
            add("POST", path, with_body(act))

    # -- the page's files ------------------------------------------------------------------------------------------

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        return files.index()

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return files.serve(request, request.match_info["path"])

    # -- what there is ---------------------------------------------------------------------------------------------

    async def _state(self, request: web.Request) -> web.StreamResponse:
        world = self._core.world
        user = request.query.get("user", "")
        if user:
            self._people.require_person(user)
        all_channels = [*self._core.storage.all("channel")]
        visible = [
            channels.for_page(self._core, item)
            for item in all_channels
            if not user or world.permissions_in(user, item) & permissions.VIEW_CHANNEL
        ]
        return answer(
            {
                "users": [
                    self._person(item) for item in self._core.storage.all("user") if item["_kind"] in SHOWN_KINDS
                ],
                "guild": public(world.guild),
                "roles": world.roles(),
                "channels": visible,
                "commands": self._people.commands_for(user),
                "bot": self.bot_status() | {"user": world.user(world.bot_id), "application_id": world.application_id},
                "seq": self._feed.seq,
            }
        )

    def bot_status(self) -> Json:
        """Whether the bot is on the gateway, its presence, and its process."""
        return {"online": self._gateway.is_online, "pid": self._bot.pid, "presence": self._gateway.presence}

    def _person(self, stored: Json) -> Json:
        member = self._core.storage.get("member", stored["id"])
        shown: Json = {key: stored[key] for key in ("id", "username", "global_name", "avatar")}
        return {**shown, "roles": member["roles"] if member else [], "kind": stored["_kind"]}

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        user = request.query.get("user", "")
        channel = self._people.channel_for(user, request.match_info["channel"], permissions.READ_MESSAGE_HISTORY)
        before, limit = request.query.get("before"), request.query.get("limit", "50")
        if not limit.isdigit() or (before is not None and not before.isdigit()):
            raise NotPossibleError("limit and before are numbers")
        found = self._services.messages.newest(
            channel["id"], before=int(before) if before else None, limit=max(1, min(int(limit), 100)), viewer=user
        )
        return answer([views.for_page(self._core, item, viewer=user) for item in reversed(found)])

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events from `after` (or Last-Event-ID); `reset` when that is forgotten or the page fell
        behind.
        """
        user = request.query.get("user", "")
        self._people.require_person(user)
        raw = request.headers.get("Last-Event-ID") or request.query.get("after") or str(self._feed.seq)
        after = int(raw) if raw.isdigit() else -1
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            with self._feed.subscribe(user, after) as subscriber:
                if subscriber is not None:
                    await response.write(b": connected\n\n")
                    await self._stream(response, subscriber)
                reset = json.dumps({"seq": self._feed.seq})
                await response.write(f"event: reset\ndata: {reset}\n\n".encode())
        except ConnectionError:
            pass  # the page was closed
        return response

    @staticmethod
    async def _stream(response: web.StreamResponse, subscriber: Subscriber) -> None:
        while not (subscriber.is_cut_off and subscriber.queue.empty()):
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    event = await subscriber.queue.get()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if event is None:
                return
            await response.write(_as_server_sent(event))

    # -- what people do --------------------------------------------------------------------------------------------

    async def _write(self, body: Json) -> object:
        if not isinstance(body.get("attachments", []), list):
            raise NotPossibleError("attachments is a list of ids")
        user, channel = _user(body), str(body.get("channel"))
        files, reply = as_list(body.get("attachments")), as_object(body.get("reply"))
        voice = as_object(body.get("voice"))
        made = self._people.write(user, channel, body.get("content"), files, reply=reply, voice=voice)
        return views.for_page(self._core, made, viewer=_user(body))

    async def _rewrite(self, body: Json) -> object:
        user, channel = _user(body), str(body.get("channel"))
        edited = self._people.rewrite(user, channel, str(body.get("message")), body.get("content"))
        return views.for_page(self._core, edited, viewer=user)

    async def _react(self, body: Json) -> object:
        channel = self._people.channel_for(_user(body), str(body.get("channel")), permissions.READ_MESSAGE_HISTORY)
        message = self._services.messages.get(channel["id"], str(body.get("message")))
        act = reactions.remove if body.get("remove") else reactions.add
        act(self._core, message, str(body.get("emoji")), _user(body))
        return {}

    async def _command(self, body: Json) -> object:
        return {"interaction": self._people.run_command(_user(body), str(body.get("channel")), body)["id"]}

    async def _complete(self, body: Json) -> object:
        return {"choices": await self._people.complete(_user(body), str(body.get("channel")), body)}

    async def _click(self, body: Json) -> object:
        return {"interaction": self._people.click(_user(body), str(body.get("channel")), body)["id"]}

    async def _submit(self, body: Json) -> object:
        values = as_object(body.get("values")) or {}
        return {"interaction": self._people.submit(_user(body), str(body.get("interaction")), values)["id"]}

    async def _attach(self, request: web.Request) -> web.StreamResponse:
        """A file, as multipart or raw with `?filename=`; it can then be named in messages, options and forms."""
        user = request.query.get("user", "")
        self._people.require_person(user)
        if request.content_type == "multipart/form-data":
            files = [item for item in (await request.post()).values() if isinstance(item, web.FileField)]
            if len(files) != 1:
                raise NotPossibleError("Send one file.")
            upload = Upload(
                filename=files[0].filename, content=files[0].file.read(), content_type=files[0].content_type
            )
        else:
            upload = Upload(
                filename=request.query.get("filename", "file"),
                content=await request.read(),
                content_type=request.content_type,
            )
        kept = attachments.keep(self._core, upload, channel=self._core.world.guild_id, uploaded_by=user)
        return answer({"attachment": attachments.shown(self._core, kept)})

    async def _kill(self, _body: Json) -> object:
        return {"pid": self._bot_act(self._bot.kill)}

    async def _start(self, _body: Json) -> object:
        return {"pid": self._bot_act(self._bot.start)}

    @staticmethod
    def _bot_act(act: Callable[[], int]) -> int:
        try:
            return act()
        except BotProcessError as problem:
            raise NotPossibleError(str(problem), status=409) from problem


def _user(body: Json) -> str:
    return str(body.get("user", ""))


def _as_server_sent(event: PageEvent) -> bytes:
    data = json.dumps({"seq": event.seq, "type": event.type, "data": event.data}, ensure_ascii=False)
    return f"id: {event.seq}\nevent: dispatch\ndata: {data}\n\n".encode()
