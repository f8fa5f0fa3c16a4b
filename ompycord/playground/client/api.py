"""Calls of a playground.

Counterparts: `page/control.py` for programs, `page/api.py` for people, `page/drawer.py` for the fault buttons.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, Self, cast

import aiohttp

from ompycord.playground.client.address import Address
from ompycord.playground.client.errors import NotThereError, RefusedError, UnreachableError
from ompycord.playground.client.stream import EventStream
from ompycord.playground.client.views import File, JsonObject, Message

__all__ = ["Client", "Info"]

CALL_S: Final = 60.0
REFUSED: Final = 400
"""Statuses from here on are refusals."""


@dataclass(frozen=True, kw_only=True)
class Info:
    """What a bot and its tests need to know: addresses and ids. Channels, users and roles are by name."""

    pid: int
    bot_token: str
    application_id: str
    guild_id: str
    channels: Mapping[str, str]
    users: Mapping[str, str]
    roles: Mapping[str, str]
    api: str
    """The REST address without a version."""
    gateway: str
    forge: Mapping[str, str] | None = None
    """The forge's `api`, `repository` and `token`, the logins of `admin` and `member`; None without git."""


class Client:
    """One playground over HTTP: made inside an event loop, closed by `close` or by leaving an `async with`.

    Every call raises RefusedError for a refusal and UnreachableError where there is no answer within `timeout_s`.
    People are named by the ids of their users, channels by theirs.
    """

    def __init__(self, address: Address, *, timeout_s: float = CALL_S) -> None:
        self.address = address
        self.session = aiohttp.ClientSession(
            base_url=address.origin,
            headers={"Authorization": f"Bearer {address.token}"},
            timeout=aiohttp.ClientTimeout(total=timeout_s),
        )
        """Carries the token; for what has no method here."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self.session.close()

    async def get(self, path: str) -> Any:
        return await self.call("GET", path)

    async def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        return await self.call("POST", path, json=body or {})

    async def call(self, method: str, path: str, **sent: Any) -> Any:
        """The JSON answer; `sent` is as for aiohttp's `request`."""
        request = f"{method} {path.partition('?')[0]}"
        try:
            async with self.session.request(method, path, **sent) as response:
                answer: Any = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise UnreachableError(f"no answer to {request} from {self.address.origin}") from error
        if response.status >= REFUSED:
            raise RefusedError(request, response.status, answer)
        return answer

    # -- for programs --------------------------------------------------------------------------------------------------

    async def read_info(self) -> Info:
        """Also UnreachableError where another program answers."""
        found: Any = await self.get("/control/info")
        try:
            needed = {key: found[key] for key in Info.__dataclass_fields__ if key != "forge"}
            return Info(**needed, forge=found.get("forge"))
        except (AttributeError, KeyError, TypeError) as error:
            raise UnreachableError(f"{self.address.origin} is no playground") from error

    async def register_bot(self, *, pid: int, argv: Sequence[str], cwd: str) -> None:
        """Name the bot's process and how it is started, so that the page can kill it and start it again."""
        await self.post("/control/bot", {"pid": pid, "argv": list(argv), "cwd": cwd})

    async def shut_down(self, *, bot: int | None = None) -> None:
        """End the playground. A bot that is ending itself names its pid, so that it gets no second signal."""
        await self.post("/control/shutdown", {} if bot is None else {"bot": bot})

    async def name_hook_receiver(self, url: str, secret: str) -> None:
        """Have the forge deliver its webhooks there, signed with the secret."""
        await self.post("/control/forge-hook", {"url": url, "secret": secret})

    async def wire(self, *, after: int = 0, method: str = "", route: str = "") -> list[JsonObject]:
        """The REST requests after a number, with bodies; filtered by method and Discord's path template."""
        entries: list[JsonObject] = await self.get(f"/control/wire?after={after}")
        return [item for item in entries if method in ("", item["method"]) and route in ("", item["route"])]

    async def pings(self) -> list[JsonObject]:
        """Every message and edit that could have pinged people, in order: `users` were really pinged."""
        return await self.get("/control/pings")

    async def advance(self, seconds: float) -> None:
        """Let time pass in the playground: tokens expire, messages grow old. No other program's clock moves."""
        await self.post("/control/clock", {"advance": seconds})

    async def fault(self, method: str, route: str, action: str, **more: Any) -> JsonObject:
        """Plan a fault for the next matching requests; see `docs/reference/playground.md` for its fields."""
        return await self.post("/control/faults", {"method": method, "route": route, "action": action, **more})

    async def faults(self) -> list[JsonObject]:
        """The planned faults with the requests each was applied to."""
        return await self.get("/control/faults")

    async def clear_faults(self) -> None:
        await self.call("DELETE", "/control/faults")

    async def press_fault(self, kind: str, *, seed: object) -> JsonObject:
        """Press a fault button of the drawer (`kill`, `cut`, `fill`); its state afterwards."""
        return await self.post("/app/faults", {"kind": kind, "seed": seed})

    async def end_fault(self, kind: str) -> JsonObject:
        """Take back what a fault button did; the state of the buttons afterwards."""
        return await self.post("/app/faults/end", {"kind": kind})

    async def fault_buttons(self) -> JsonObject:
        """What the fault buttons did: `in_force`, and `done` with the newest first."""
        return await self.get("/app/faults")

    async def disturb_gateway(self, action: str, **more: Any) -> None:
        """`close` with a `code`, `drop`, `reconnect`, or `invalid_session` with `resumable`."""
        await self.post("/control/gateway", {"action": action, **more})

    async def change_world(self, **change: Any) -> None:
        """One change that an admin of the guild could make, such as `overwrites` or `member_roles`."""
        await self.post("/control/world", change)

    # -- as a person at the page ---------------------------------------------------------------------------------------

    async def state(self, user: str = "") -> JsonObject:
        """Channels, people, commands and `seq`, the number of the last event, as this person sees them."""
        return await self.get(f"/app/state?user={user}" if user else "/app/state")

    async def messages(self, user: str, channel: str, *, limit: int = 50) -> list[Message]:
        """What a channel or thread shows this person now, newest last."""
        found: list[JsonObject] = await self.get(f"/app/channels/{channel}/messages?limit={limit}&user={user}")
        return [Message(item) for item in found]

    def events(self, user: str, *, after: int) -> EventStream:
        """What this person's page receives after a number; `state` has the latest."""
        return EventStream(self.session, user=user, after=after)

    async def write(
        self, user: str, channel: str, text: str, *, files: Sequence[File] = (), reply_to: Message | None = None
    ) -> Message:
        """Write a message, as a voice message where its one file is a recording of that sort."""
        ids = [await self.upload(user, file) for file in files]
        body: JsonObject = {"user": user, "channel": channel, "content": text, "attachments": ids}
        if files and files[0].voice is not None:
            body["voice"] = files[0].voice
        if reply_to is not None:
            body["reply"] = {"message": reply_to.id, "pings": True}
        return Message(await self.post("/app/messages", body))

    async def edit(self, user: str, message: Message, text: str) -> None:
        """Change a message of one's own."""
        await self.post("/app/messages/edit", {**_on(user, message), "content": text})

    async def delete(self, user: str, message: Message) -> None:
        """Delete a message of one's own, or anyone's with the permission for it."""
        await self.post("/app/messages/delete", _on(user, message))

    async def react(self, user: str, message: Message, emoji: str, *, remove: bool = False) -> None:
        await self.post("/app/reactions", {**_on(user, message), "emoji": emoji, "remove": remove})

    async def upload(self, user: str, file: File) -> str:
        """Attach a file; its id for messages, options and forms."""
        form = aiohttp.FormData()
        form.add_field("file", BytesIO(file.content), filename=file.name)
        return (await self.call("POST", f"/app/attachments?user={user}", data=form))["attachment"]["id"]

    async def command(
        self, user: str, channel: str, name: str, options: Mapping[str, object], *, target: str | None = None
    ) -> str:
        """Run a command such as `omp new`; its interaction. Options may be files. Raises NotThereError."""
        body = await self._command_body(user, channel, name, options)
        more = {} if target is None else {"target": target}
        return (await self.post("/app/interactions/command", body | more))["interaction"]

    async def complete(
        self, user: str, channel: str, name: str, options: Mapping[str, object], *, focused: str
    ) -> list[JsonObject]:
        """The completions that the bot offers for the focused option."""
        body = await self._command_body(user, channel, name, options, focused=focused)
        return (await self.post("/app/interactions/autocomplete", body))["choices"]

    async def click(self, user: str, message: Message, component: JsonObject, values: Sequence[str] = ()) -> str:
        """Press this button of the message, or choose in this select; its interaction."""
        body = {**_on(user, message), "custom_id": component["custom_id"], "values": list(values)}
        return (await self.post("/app/interactions/component", body))["interaction"]

    async def submit(self, user: str, form: str, values: Mapping[str, object]) -> str:
        """Send the form that an interaction opened, values by custom id; its own interaction. Values may be files."""
        filled = {name: await self._field(user, value) for name, value in values.items()}
        body = {"user": user, "interaction": form, "values": filled}
        return (await self.post("/app/interactions/modal", body))["interaction"]

    async def _field(self, user: str, value: object) -> object:
        if isinstance(value, File):
            return [await self.upload(user, value)]
        if isinstance(value, list):
            items = cast("list[object]", value)
            return [await self.upload(user, item) if isinstance(item, File) else item for item in items]
        return value

    async def _command_body(
        self, user: str, channel: str, name: str, options: Mapping[str, object], *, focused: str | None = None
    ) -> JsonObject:
        """Find the command and nest its options under group and sub-command."""
        first, *path = name.split(" ")
        commands: list[JsonObject] = (await self.state(user))["commands"]
        command = next((item for item in commands if item["name"] == name), None)
        command = command or next((item for item in commands if item["name"] == first), None)
        if command is None:
            raise NotThereError(f"there is no command {name!r}; there are {[item['name'] for item in commands]}")
        nested: list[JsonObject] = []
        for key, value in options.items():
            filled = await self.upload(user, value) if isinstance(value, File) else value
            nested.append({"name": key, "value": filled, **({"focused": True} if key == focused else {})})
        for part in reversed(path if command["name"] == first else []):
            nested = [{"name": part, "options": nested}]
        return {"user": user, "channel": channel, "command": command["id"], "options": nested}


def _on(user: str, message: Message) -> JsonObject:
    return {"user": user, "channel": message.channel_id, "message": message.id}
