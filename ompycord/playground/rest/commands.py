"""REST: the application's commands."""

from typing import Any, Final

from ompycord.playground.rest.call import NO_CONTENT, Call, Reply, Route
from ompycord.playground.rules.commands import check_command, normalized_options
from ompycord.playground.rules.documents import Json, as_list, as_object
from ompycord.playground.rules.errors import Form, refusal

MUTABLE: Final = [
    "name",
    "name_localizations",
    "description",
    "description_localizations",
    "options",
    "default_member_permissions",
    "dm_permission",
    "contexts",
    "integration_types",
    "nsfw",
]


def list_commands(call: Call) -> Reply:
    """`GET /applications/{application_id}/commands`."""
    return Reply(body=_scope(call))


def overwrite_commands(call: Call) -> Reply:
    """Replace all commands of the scope; those of the same name and type keep their ids."""
    wanted: list[Any] = as_list(call.body)
    form = Form()
    if not isinstance(call.body, list):
        form.wrong((), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    seen: set[tuple[int, str]] = set()
    for place, item in enumerate(wanted):
        body = as_object(item) or {}
        check_command(form, (place,), body, call.services.core.limits)
        key = (body.get("type") or 1, str(body.get("name")))
        if key in seen:
            form.wrong(
                (place, "name"), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"
            )
        seen.add(key)
    form.check()
    _require_room(call, wanted)
    earlier = {(item["type"], item["name"]): item for item in _scope(call)}
    for item in earlier.values():
        call.services.core.storage.delete("command", item["id"])
    made = [_store(call, item, earlier.get((item.get("type") or 1, item["name"]))) for item in wanted]
    _publish(call)
    return Reply(body=made)


def create_command(call: Call) -> Reply:
    """Create or, with the name of an existing one, replace a command."""
    form = Form()
    check_command(form, (), call.form, call.services.core.limits)
    form.check()
    scope = _scope(call)
    kind = call.form.get("type") or 1
    earlier = next((item for item in scope if (item["type"], item["name"]) == (kind, call.form["name"])), None)
    if earlier is None:
        _require_room(call, [*scope, call.form])
    made = _store(call, call.form, earlier)
    _publish(call)
    return Reply(body=made, status=200 if earlier else 201)


def get_command(call: Call) -> Reply:
    """`GET /applications/{application_id}/commands/{command_id}`."""
    return Reply(body=_command(call))


def edit_command(call: Call) -> Reply:
    """`PATCH /applications/{application_id}/commands/{command_id}`."""
    stored = _command(call)
    merged = {**stored, **call.form}
    form = Form()
    check_command(form, (), merged, call.services.core.limits)
    form.check()
    if any(item["id"] != stored["id"] and _key(item) == _key(merged) for item in _scope(call)):
        raise refusal(40041)
    made = _store(call, merged, stored)
    _publish(call)
    return Reply(body=made)


def delete_command(call: Call) -> Reply:
    """`DELETE /applications/{application_id}/commands/{command_id}`."""
    call.services.core.storage.delete("command", _command(call)["id"])
    _publish(call)
    return NO_CONTENT


def command_permissions(call: Call) -> Reply:
    """There are no overwrites in the playground: an empty list, or 10066 for one command."""
    if "command_id" in call.params:
        raise refusal(10066)
    return Reply(body=[])


def _scope(call: Call) -> list[Json]:
    core = call.services.core
    if call.params["application_id"] != core.world.application_id:
        raise refusal(10002)
    guild_id = call.params.get("guild_id")
    if guild_id is not None:
        core.world.require_guild(guild_id)
    return [item for item in core.storage.all("command") if item.get("guild_id") == guild_id]


def _command(call: Call) -> Json:
    for item in _scope(call):
        if item["id"] == call.params["command_id"]:
            return item
    raise refusal(10063)


def _key(command: Json) -> tuple[int, str]:
    """What is unique within a scope."""
    return (command.get("type") or 1, command["name"])


def _require_room(call: Call, wanted: list[Json]) -> None:
    for kind, highest in call.services.core.limits.commands_per_type.items():
        if sum(1 for item in wanted if (item.get("type") or 1) == kind) > highest:
            raise refusal(30032)


def _store(call: Call, wanted: Json, earlier: Json | None) -> Json:
    core = call.services.core
    kind = wanted.get("type") or 1
    command: Json = {
        "id": earlier["id"] if earlier else core.ids.next(),
        "application_id": core.world.application_id,
        "version": core.ids.next(),
        "type": kind,
        "default_member_permissions": None,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        "nsfw": False,
        **{key: wanted[key] for key in MUTABLE if wanted.get(key) is not None},
    }
    command["description"] = command.get("description", "")
    if "options" in command:
        command["options"] = normalized_options(as_list(command["options"]))
    if command["default_member_permissions"] is not None:
        command["default_member_permissions"] = str(command["default_member_permissions"])
    if "guild_id" in call.params:
        command["guild_id"] = call.params["guild_id"]
    core.storage.put("command", command["id"], command)
    return command


def _publish(call: Call) -> None:
    core = call.services.core
    core.feed.publish("COMMANDS_UPDATE", {"commands": core.storage.all("command")})


_GLOBAL: Final = "/applications/{application_id}/commands"
_GUILD: Final = "/applications/{application_id}/guilds/{guild_id}/commands"
ROUTES: Final = [
    Route(method="GET", template=_GUILD + "/permissions", handler=command_permissions),
    Route(method="GET", template=_GUILD + "/{command_id}/permissions", handler=command_permissions),
    *(
        Route(method=method, template=scope + tail, handler=handler)
        for scope in (_GLOBAL, _GUILD)
        for method, tail, handler in (
            ("GET", "", list_commands),
            ("PUT", "", overwrite_commands),
            ("POST", "", create_command),
            ("GET", "/{command_id}", get_command),
            ("PATCH", "/{command_id}", edit_command),
            ("DELETE", "/{command_id}", delete_command),
        )
    ),
]
