"""Discord's rules as rows of a table: a request, what was given before, and what Discord answers.

In a path or body `$name` stands for an id: those of `Setting`, and what a `given` step made.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ompycord.playground.client import JsonObject
from ompycord.playground.rules import permissions
from ompycord.playground.rules.documents import as_list, as_object
from tests.support.discord_schema import DiscordSchema
from tests.support.playground import Playground, RestAnswer

GENERAL = "/channels/$general"
MESSAGES = f"{GENERAL}/messages"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. `wrong` has the code of each field that is refused (50035), `shows` what an answer holds."""

    name: str
    method: str = "POST"
    path: str = MESSAGES
    body: Any = None
    given: tuple[str, ...] = ()
    status: int = 200
    code: int = 0
    wrong: Mapping[str, str] = field(default_factory=dict[str, str])
    shows: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __str__(self) -> str:
        return self.name


def refused(name: str, body: Any, *, at: str, because: str, **more: Any) -> Rule:
    """A rule whose request has one wrong field."""
    return Rule(name=name, body=body, status=400, code=50035, wrong={at: because}, **more)


async def require_rule(playground: Playground, rule: Rule, schema: DiscordSchema | None = None) -> None:
    """Send the rule's request and hold the answer against it, and all that went over the wire against the schema."""
    setting = Setting(playground)
    for step in rule.given:
        await setting.take(step)
    answer = await setting.send(rule.method, rule.path, rule.body)
    body = as_object(answer.body) or {}
    assert (answer.status, body.get("code", 0)) == (rule.status, rule.code), answer.body
    assert found_wrong(body.get("errors", {})) == dict(rule.wrong)
    for key, value in rule.shows.items():
        assert at(answer.body, key) == setting.filled(value), answer.body
    if schema is not None:
        for entry in await playground.wire():
            schema.check(entry)


def found_wrong(errors: JsonObject, path: str = "") -> dict[str, str]:
    """The first error of each wrong field, by its path."""
    found: dict[str, str] = {}
    for name, inner in errors.items():
        if name == "_errors":
            found[path or "body"] = inner[0]["code"]
        else:
            found |= found_wrong(inner, f"{path}.{name}" if path else name)
    return found


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path; `*` is the number of items."""
    for part in path.split(".") if path else ():
        items = as_list(value)
        if part == "*":
            return len(items)
        value = items[int(part)] if items else (as_object(value) or {}).get(part)
    return value


class Setting:
    """One playground with what the steps made in it."""

    def __init__(self, playground: Playground) -> None:
        self.playground = playground
        info = playground.info
        self.ids: dict[str, str] = {
            "general": info.channels["general"],
            "ops": info.channels["ops"],
            "guild": info.guild_id,
            "app": info.application_id,
            "ada": playground.ada.id,
            "missing": "1",
        }

    def filled(self, value: Any) -> Any:
        """The value with its ids in place of their names."""
        if isinstance(value, str):
            for name in sorted(self.ids, key=len, reverse=True):
                value = value.replace(f"${name}", self.ids[name])
            return value
        if isinstance(value, list):
            return [self.filled(item) for item in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in cast("JsonObject", value).items()}
        return value

    async def send(self, method: str, path: str, body: Any = None) -> RestAnswer:
        return await self.playground.rest(method, self.filled(path), self.filled(body))

    async def take(self, step: str) -> None:
        """A step by name, or `make NAME TYPE` for a channel, or `without PERMISSION` for the bot in #general."""
        match step.split():
            case ["make", name, kind]:
                made = await self.send("POST", "/guilds/$guild/channels", {"name": name, "type": int(kind)})
                self.ids[name] = made.body["id"]
            case ["without", name]:
                await self._deny(getattr(permissions, name))
            case _:
                await STEPS[step](self)

    async def _deny(self, permission: int) -> None:
        """Everywhere: the bot's roles lose it."""
        roles = await self.send("GET", "/guilds/$guild/roles")
        changed = {role["id"]: int(role["permissions"]) & ~permission for role in roles.body if role["name"] != "Admin"}
        await self.playground.change_world(role_permissions=changed)

    async def post(self, name: str, body: JsonObject, channel: str = "general") -> None:
        self.ids[name] = (await self.send("POST", f"/channels/${channel}/messages", body)).body["id"]


async def _own(setting: Setting) -> None:
    await setting.post("own", {"content": "ours"})


async def _elsewhere(setting: Setting) -> None:
    await setting.post("elsewhere", {"content": "in #ops"}, "ops")


async def _persons(setting: Setting) -> None:
    setting.ids["persons"] = (await setting.playground.mo.say("a person's")).id


async def _notice(setting: Setting) -> None:
    """A message of the bot that says that something was pinned."""
    await setting.send("PUT", "/channels/$general/pins/$own")
    newest = await setting.send("GET", f"{MESSAGES}?limit=1")
    setting.ids["notice"] = newest.body[0]["id"]


async def _poll(setting: Setting) -> None:
    answers = [{"poll_media": {"text": "yes"}}]
    await setting.post("poll", {"poll": {"question": {"text": "Ready?"}, "answers": answers}})


async def _components(setting: Setting) -> None:
    await setting.post("components", {"flags": 1 << 15, "components": [{"type": 10, "content": "hello"}]})


async def _thread(setting: Setting) -> None:
    body = {"name": "talk", "type": 11}
    setting.ids["thread"] = (await setting.send("POST", f"{GENERAL}/threads", body)).body["id"]
    await setting.post("within", {"content": "in the thread"}, "thread")


async def _locked(setting: Setting) -> None:
    await setting.playground.change_world(threads={setting.ids["thread"]: {"locked": True}})


async def _no_content_intent(setting: Setting) -> None:
    await setting.playground.change_world(application_flags=0)


async def _two_commands(setting: Setting) -> None:
    for name in ("first", "second"):
        made = await setting.send(
            "POST", "/applications/$app/guilds/$guild/commands", {"name": name, "description": "x"}
        )
        setting.ids[name] = made.body["id"]


async def _direct(setting: Setting) -> None:
    made = await setting.send("POST", "/users/@me/channels", {"recipient_id": "$ada"})
    setting.ids["direct"] = made.body["id"]


async def _tags(setting: Setting) -> None:
    """The forum `ask` gets a tag."""
    made = await setting.send("PATCH", "/channels/$ask", {"available_tags": [{"name": "bug"}]})
    setting.ids["bug"] = made.body["available_tags"][0]["id"]


async def _post(setting: Setting) -> None:
    body = {"name": "How?", "message": {"content": "first"}}
    setting.ids["post"] = (await setting.send("POST", "/channels/$ask/threads", body)).body["id"]


async def _tag_required(setting: Setting) -> None:
    await setting.send("PATCH", "/channels/$ask", {"flags": 1 << 4})


async def _hidden(setting: Setting) -> None:
    """#ops is hidden from the bot."""
    deny = {"id": setting.ids["guild"], "type": 0, "allow": "0", "deny": str(permissions.VIEW_CHANNEL)}
    await setting.playground.change_world(overwrites={setting.ids["ops"]: [deny]})


STEPS: dict[str, Callable[[Setting], Awaitable[None]]] = {
    "own message": _own,
    "message elsewhere": _elsewhere,
    "person's message": _persons,
    "notice": _notice,
    "poll": _poll,
    "components": _components,
    "thread": _thread,
    "locked": _locked,
    "no content intent": _no_content_intent,
    "hidden": _hidden,
    "direct channel": _direct,
    "tags": _tags,
    "post": _post,
    "tag required": _tag_required,
    "two commands": _two_commands,
}
