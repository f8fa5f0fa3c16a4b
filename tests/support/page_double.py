"""A small double of the playground's server: the page's API over a seeded world; its counterpart is playground/page."""

import argparse
import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.support import page_world as world
from tests.support.page_world import Json
from tests.support.patience import within

PAGE = Path(__file__).resolve().parents[2] / "ompycord" / "playground" / "page" / "static"
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TOKEN = "page-test-token"
MOST_WAITING = 1000


class PageDouble:
    """Serves the page and answers its API; tests read `received` and act as the bot."""

    def __init__(self) -> None:
        self.messages = world.messages()
        self.channels = world.channels()
        self.commands: list[Json] = world.COMMANDS
        self.roles: list[Json] = world.ROLES
        self.is_online = True
        self.received: list[tuple[str, Json]] = []
        """Every body the page posted, with its path."""
        self.arrived = asyncio.Condition()
        self.refused_modal: dict[str, str] = {}
        """Errors by field that the next modal submissions get."""
        self.is_modal_silent = False
        self.is_start_slow = False
        """Whether a started bot has a process only, and is not online yet."""
        self.slow: list[str] = []
        """Commands that wait for their first answer."""
        self.address = ""
        self._log: list[tuple[Json, str | None]] = []
        self._streams: set[asyncio.Queue[bool]] = set()
        self._id = 800000000000000000
        self.uploads: dict[str, bytes] = {
            "/cdn/change.diff": b"--- a\n+++ b\n<script>window.hacked = 9</script>\n+discount\n"
        }
        self._wire: list[Json] = []
        self.buckets: list[Json] = []
        self.faults: Json = {"in_force": [], "not_here": {}, "highest_seed": 999_999, "done": []}

    # -- what tests do as Discord and as the bot

    def next_id(self) -> str:
        self._id += 1
        return str(self._id)

    def dispatch(self, kind: str, data: Json, *, only: str | None = None) -> None:
        self._log.append(({"seq": len(self._log) + 1, "type": kind, "data": data}, only))
        for waiting in self._streams:
            if not waiting.full():
                waiting.put_nowait(True)

    def post(self, channel: str, author: str, content: str = "", **more: object) -> Json:
        message = world.message(
            self.next_id(), channel, author, content, **{"timestamp": "2026-11-21T08:00:00+00:00", **more}
        )
        self.messages.setdefault(channel, []).append(message)
        self.dispatch("MESSAGE_CREATE", message, only=message["ephemeral_for"])
        return message

    def find(self, channel: str, message_id: str) -> Json:
        return next(each for each in self.messages[channel] if each["id"] == message_id)

    def find_channel(self, channel: str) -> Json:
        return next(each for each in self.channels if each["id"] == channel)

    def edit(self, channel: str, message_id: str, **changes: object) -> None:
        message = self.find(channel, message_id)
        message.update(changes)
        self.dispatch("MESSAGE_UPDATE", {k: v for k, v in message.items() if k != "reactions"})

    def ask_form(self, interaction: str, user: str) -> None:
        self.dispatch("INTERACTION_MODAL", {"interaction": interaction, "user": user, "modal": world.MODAL}, only=user)

    def fail(self, interaction: str, user: str) -> None:
        self.dispatch(
            "INTERACTION_FAILED",
            {"interaction": interaction, "reason": "The application did not respond"},
            only=user,
        )

    def defer(self, interaction: str, user: str) -> None:
        self.dispatch("INTERACTION_PENDING", {"interaction": interaction}, only=user)

    def done(self, interaction: str) -> None:
        self.dispatch("INTERACTION_DONE", {"interaction": interaction})

    def add_wire(self, method: str, route: str, status: int, *problems: str, fault: str | None = None) -> None:
        entry: Json = {"n": len(self._wire) + 1, "at": 1_795_176_000.5, "method": method, "route": route}
        entry |= {"status": status, "bucket": "b1", "remaining": 4, "reset_s": 4.5, "ms": 12.4}
        self._wire.append(entry | {"fault": fault, "problems": list(problems)})

    async def wait_for(self, path: str, count: int = 1) -> Json:
        """The body of the `count`-th post to `path`, once it is there."""

        def bodies() -> list[Json]:
            return [body for posted, body in self.received if posted == path]

        async with within(10), self.arrived:
            await self.arrived.wait_for(lambda: len(bodies()) >= count)
        return bodies()[count - 1]

    # -- the page's API

    async def _keep(self, request: web.Request) -> Json:
        body: Json = await request.json() if request.can_read_body else {}
        async with self.arrived:
            self.received.append((request.path, body))
            self.arrived.notify_all()
        return body

    async def state(self, _: web.Request) -> web.Response:
        bot: Json = {"user": world.BOT_USER, "application_id": world.BOT, "online": self.is_online}
        newest = [
            c | {"last_message_id": self.messages[c["id"]][-1]["id"] if self.messages.get(c["id"]) else None}
            for c in self.channels
        ]
        return web.json_response(
            {
                "users": world.USERS,
                "guild": {"id": world.GUILD, "name": "Sample team", "owner_id": world.ADA},
                "roles": self.roles,
                "channels": newest,
                "commands": self.commands,
                "bot": bot | {"pid": 4242 if self.is_online else None},
                "seq": len(self._log),
            }
        )

    async def list_messages(self, request: web.Request) -> web.Response:
        user, before = request.query["user"], request.query.get("before")
        seen = [m for m in self.messages.get(request.match_info["id"], []) if m["ephemeral_for"] in {None, user}]
        older = [m for m in seen if before is None or int(m["id"]) < int(before)]
        return web.json_response(older[-int(request.query["limit"]) :])

    async def events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        await response.write(b": open\n\n")
        waiting: asyncio.Queue[bool] = asyncio.Queue(MOST_WAITING)
        self._streams.add(waiting)
        at = int(request.query["after"])
        try:
            while True:
                for event, only in self._log[at:]:
                    if only in {None, request.query["user"]}:
                        await response.write(
                            f"id: {event['seq']}\nevent: dispatch\ndata: {json.dumps(event)}\n\n".encode()
                        )
                at = len(self._log)
                if not await waiting.get():
                    return response
        finally:
            self._streams.discard(waiting)

    def end_streams(self) -> None:
        """Cuts every event stream, as a lost connection does."""
        for waiting in self._streams:
            waiting.put_nowait(False)

    async def send_message(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        more: Json = {"attachments": [self._attachment(each) for each in body.get("attachments", [])]}
        if reply := body.get("reply"):
            more |= {"type": 19, "referenced_message": self.find(body["channel"], reply["message"])}
        return web.json_response(self.post(body["channel"], body["user"], body["content"], **more))

    async def delete_message(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        self.messages[body["channel"]].remove(self.find(body["channel"], body["message"]))
        self.dispatch("MESSAGE_DELETE", {"id": body["message"], "channel_id": body["channel"]})
        return web.json_response({})

    async def pin_message(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        self.edit(body["channel"], body["message"], pinned=request.path.endswith("/pin"))
        return web.json_response({})

    async def open_thread(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        thread: Json = {"id": body["message"], "type": 11, "name": body["name"], "parent_id": body["channel"]}
        self.dispatch("THREAD_CREATE", thread | {"guild_id": world.GUILD, "member_ids": [body["user"]]})
        return web.json_response({"id": body["message"]})

    async def change_membership(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        thread = next(each for each in self.channels if each["id"] == body["thread"])
        others = [user for user in thread["member_ids"] if user != body["user"]]
        thread["member_ids"] = [*others, body["user"]] if request.path.endswith("/join") else others
        self.dispatch("THREAD_MEMBERS_UPDATE", thread)
        return web.json_response({})

    async def quit(self, request: web.Request) -> web.Response:
        await self._keep(request)
        return web.json_response({})

    async def edit_message(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        changed = {"content": body["content"], "edited_timestamp": "2026-11-21T08:00:00+00:00"}
        self.edit(body["channel"], body["message"], **changed)
        return web.json_response(self.find(body["channel"], body["message"]))

    def _attachment(self, attachment_id: str) -> Json:
        path = next(path for path in self.uploads if path.startswith(f"/cdn/{attachment_id}/"))
        name = path.rsplit("/", 1)[1]
        return {
            "id": attachment_id,
            "filename": name,
            "size": len(self.uploads[path]),
            "content_type": "text/plain",
            "url": path,
        }

    async def upload(self, request: web.Request) -> web.Response:
        attachment_id = self.next_id()
        self.uploads[f"/cdn/{attachment_id}/{request.query['filename']}"] = await request.read()
        return web.json_response({"attachment": self._attachment(attachment_id)})

    async def react(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        data: Json = {"channel_id": body["channel"], "message_id": body["message"], "user_id": body["user"]}
        kind = "REACTION_REMOVE" if body.get("remove") else "REACTION_ADD"
        self.dispatch(kind, data | {"emoji": {"id": None, "name": body["emoji"]}})
        return web.json_response({})

    async def command(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        interaction, user, channel = self.next_id(), body["user"], body["channel"]
        used: Json = {"interaction": {"id": interaction, "type": 2, "name": "omp", "user": world.person(user)}}
        sub: Json = body["options"][0] if body["options"] else {}
        if body.get("target"):
            used["interaction"]["name"] = "Run as task"
            self.post(channel, world.BOT, "Made a task of that message.", **used)
        elif user == world.OLU:
            self.post(channel, world.BOT, "You can watch here, not start runs.", flags=64, ephemeral_for=user, **used)
        elif sub.get("name") == "new" and not sub["options"]:
            self.ask_form(interaction, user)
        elif sub.get("name") == "silent":
            self.fail(interaction, user)
        elif sub.get("name") == "slow":
            self.slow.append(interaction)
        else:
            self.post(
                channel, world.BOT, "", embeds=[world.card("Queued", 0x99AAB5)], components=world.CARD_BUTTONS, **used
            )
            self.done(interaction)
        return web.json_response({"interaction": interaction})

    async def autocomplete(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        options: list[Json] = body["options"][0]["options"]
        typed = next(str(each["value"]) for each in options if each.get("focused"))
        found = [name for name in ("sample", "shop", "site") if typed in name]
        return web.json_response({"choices": [{"name": f"{name} (repository)", "value": name} for name in found]})

    async def component(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        interaction, user, channel = self.next_id(), body["user"], body["channel"]
        match body["custom_id"]:
            case "silent":
                self.fail(interaction, user)
            case "say":
                self.ask_form(interaction, user)
            case "details":
                self.post(channel, world.BOT, "Only for you.", flags=64, ephemeral_for=user)
                self.done(interaction)
            case "stop":
                stopped = world.card("Stopped", 0xED4245)
                self.edit(channel, body["message"], embeds=[stopped], edited_timestamp="2026-11-21T08:00:00+00:00")
                self.done(interaction)
            case other:
                self.post(channel, world.BOT, f"{other}: {', '.join(body.get('values', []))}")
                self.done(interaction)
        return web.json_response({"interaction": interaction})

    async def modal(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        if self.refused_modal:
            return web.json_response({"errors": self.refused_modal}, status=422)
        interaction = self.next_id()
        if self.is_modal_silent:
            self.fail(interaction, body["user"])
        else:
            self.post(world.WORK, world.BOT, f"Task: {body['values']['prompt']}")
            self.done(interaction)
        return web.json_response({"interaction": interaction})

    async def bot(self, request: web.Request) -> web.Response:
        await self._keep(request)
        self.is_online = request.path.endswith("start") and not self.is_start_slow
        has_process = request.path.endswith("start")
        self.dispatch("BOT_STATUS", {"online": self.is_online, "pid": 4242 if has_process else None})
        return web.json_response({})

    async def wire(self, request: web.Request) -> web.Response:
        return web.json_response({"entries": self._wire[int(request.query["after"]) :], "buckets": self.buckets})

    async def list_faults(self, _: web.Request) -> web.Response:
        return web.json_response(self.faults)

    async def begin_fault(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        record = {"id": self.next_id(), "at": 1_795_176_000.5, "what": "no connection for 6 s", "outcome": ""}
        self.faults["done"].insert(0, body | record | {"in_force": True})
        self.faults["in_force"].append(body["kind"])
        return web.json_response(self.faults)

    async def end_fault(self, request: web.Request) -> web.Response:
        body = await self._keep(request)
        self.faults["in_force"].remove(body["kind"])
        self.faults["done"][0] |= {"in_force": False, "outcome": "ended on the page"}
        return web.json_response(self.faults)

    async def cdn(self, request: web.Request) -> web.Response:
        return web.Response(body=self.uploads[request.path], content_type="text/plain")


class DoubleServer:
    """One address for many doubles, a fresh one for each test, so that the browser keeps the page's files."""

    def __init__(self) -> None:
        self.double = PageDouble()
        self.address = ""

    def renew(self) -> PageDouble:
        """A fresh double behind the same address; the streams of the old one end."""
        self.double.end_streams()
        self.double = PageDouble()
        self.double.address = self.address
        return self.double


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The token on everything but the page's own files, and the server's headers."""
    if request.path.startswith(("/app/", "/cdn/")):
        given = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.query.get("token")
        if given != TOKEN:
            return web.json_response({"message": "The token is missing or wrong."}, status=401)
    response = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = POLICY
        if request.path.startswith("/page/"):
            response.headers["Cache-Control"] = "max-age=3600"
    return response


async def _index(_: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")


Act = Callable[[PageDouble, web.Request], Awaitable[web.StreamResponse]]

GETS: Final[dict[str, Act]] = {
    "/app/state": PageDouble.state,
    "/app/channels/{id}/messages": PageDouble.list_messages,
    "/app/events": PageDouble.events,
    "/app/wire": PageDouble.wire,
    "/app/faults": PageDouble.list_faults,
    "/cdn/{path:.+}": PageDouble.cdn,
}
POSTS: Final[dict[str, Act]] = {
    "/app/messages": PageDouble.send_message,
    "/app/messages/edit": PageDouble.edit_message,
    "/app/messages/delete": PageDouble.delete_message,
    "/app/messages/pin": PageDouble.pin_message,
    "/app/messages/unpin": PageDouble.pin_message,
    "/app/threads": PageDouble.open_thread,
    "/app/threads/join": PageDouble.change_membership,
    "/app/threads/leave": PageDouble.change_membership,
    "/control/shutdown": PageDouble.quit,
    "/app/attachments": PageDouble.upload,
    "/app/reactions": PageDouble.react,
    "/app/interactions/command": PageDouble.command,
    "/app/interactions/autocomplete": PageDouble.autocomplete,
    "/app/interactions/component": PageDouble.component,
    "/app/interactions/modal": PageDouble.modal,
    "/app/bot/kill": PageDouble.bot,
    "/app/bot/start": PageDouble.bot,
    "/app/faults": PageDouble.begin_fault,
    "/app/faults/end": PageDouble.end_fault,
}


def _application(server: DoubleServer) -> web.Application:
    def by(act: Act) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def serve(request: web.Request) -> web.StreamResponse:
            return await act(server.double, request)

        return serve

    app = web.Application(middlewares=[_guard])
    app.add_routes([web.get("/", _index), web.static("/page", PAGE)])
    app.add_routes([web.get(path, by(act)) for path, act in GETS.items()])
    app.add_routes([web.post(path, by(act)) for path, act in POSTS.items()])
    return app


@asynccontextmanager
async def double_server(port: int = 0) -> AsyncGenerator[DoubleServer]:
    """A running server of doubles on loopback; `address` is what a person would open."""
    server = DoubleServer()
    runner = web.AppRunner(_application(server), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        server.address = f"http://127.0.0.1:{runner.addresses[0][1]}/?token={TOKEN}"
        server.renew()
        yield server
    finally:
        server.double.end_streams()
        await runner.cleanup()


async def _serve(port: int) -> None:
    async with double_server(port) as server:
        print(server.address, flush=True)  # noqa: T201  # a person opens it
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve the page over its test double.")
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(_serve(parser.parse_args().port))
