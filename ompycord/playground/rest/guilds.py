"""REST: the guild, its members and roles, channels and direct messages."""

from typing import Final

from ompycord.playground.rest.call import NO_CONTENT, Call, Reply, Route, limited
from ompycord.playground.rest.messages import channel_of
from ompycord.playground.rest.posts import check_tags
from ompycord.playground.rules import channels as kinds
from ompycord.playground.rules import permissions, shapes
from ompycord.playground.rules.documents import Json, public
from ompycord.playground.rules.errors import Form, refusal
from ompycord.playground.world import channels
from ompycord.playground.world.guild import THREAD_TYPES


def my_guilds(call: Call) -> Reply:
    """`GET /users/@me/guilds`."""
    world = call.services.core.world
    if world.storage.get("member", world.bot_id) is None:
        return Reply(body=[])
    guild, granted = (
        world.guild,
        permissions.guild_permissions(world.member(world.bot_id), world.storage.all("role"), world.guild),
    )
    shown: Json = {key: guild[key] for key in ("id", "name", "icon", "banner", "features")}
    return Reply(body=[{**shown, "owner": False, "permissions": str(granted)}])


def get_guild(call: Call) -> Reply:
    """`GET /guilds/{guild_id}`."""
    world = call.services.core.world
    world.require_guild(call.params["guild_id"])
    shown = world.guild_to_api()
    if call.query.get("with_counts", "").lower() in ("1", "true"):
        shown |= {"approximate_member_count": len(world.members()), "approximate_presence_count": len(world.members())}
    return Reply(body=shown)


def list_channels(call: Call) -> Reply:
    """`GET /guilds/{guild_id}/channels`."""
    world = call.services.core.world
    world.require_guild(call.params["guild_id"])
    return Reply(body=world.channels())


def create_channel(call: Call) -> Reply:
    """`POST /guilds/{guild_id}/channels`."""
    core = call.services.core
    core.world.require_guild(call.params["guild_id"])
    _require_in_guild(call, permissions.MANAGE_CHANNELS)
    shapes.require(call.form, shapes.CHANNEL)
    form = Form()
    kind = call.form.get("type") or kinds.TEXT
    form.length(("name",), call.form.get("name"), 1, core.limits.channel_name)
    if form.choice(("type",), kind, kinds.KINDS):
        kinds.check(form, {**call.form, "type": kind}, kind, core.limits)
        _check_parent(call, form, kind)
    form.check()
    if len(core.world.channels()) >= core.limits.guild_channels:
        raise refusal(30013)
    name = kinds.clean_name(kind, str(call.form["name"]))
    channel = kinds.fresh(kind, core.ids.next(), core.world.guild_id, name, len(core.world.channels()))
    channels.apply(core, channel, {key: value for key, value in call.form.items() if key not in ("name", "type")})
    core.world.save_channel(channel)
    channels.publish(core, "CHANNEL_CREATE", channel)
    return Reply(body=public(channel), status=201)


def _check_parent(call: Call, form: Form, kind: int) -> None:
    """A channel stands in a category that has room, a category in none."""
    core = call.services.core
    if call.form.get("parent_id") is None or "parent_id" not in kinds.SETTABLE[kind]:
        return
    parent = core.storage.get("channel", str(call.form["parent_id"]))
    if parent is None:
        form.wrong(("parent_id",), "CHANNEL_PARENT_INVALID", "Category does not exist")
    elif parent["type"] != kinds.CATEGORY:
        form.wrong(("parent_id",), "CHANNEL_PARENT_INVALID_TYPE", "Not a category")
    elif len(core.world.channels_in(parent["id"])) >= core.limits.category_channels:
        words = f"Maximum number of channels in category reached ({core.limits.category_channels})"
        form.wrong(("parent_id",), "CHANNEL_PARENT_MAX_CHANNELS", words)


def get_channel(call: Call) -> Reply:
    """`GET /channels/{channel_id}`."""
    return Reply(body=channels.shown(call.services.core, channel_of(call)))


def edit_channel(call: Call) -> Reply:
    """Change a channel or a thread; a new name or topic has its own slow limit."""
    core = call.services.core
    channel = channel_of(call)
    if channel["type"] == kinds.DIRECT:
        raise refusal(50003)
    is_thread = channel["type"] in THREAD_TYPES
    opens_locked = is_thread and channel["thread_metadata"]["locked"] and call.form.get("archived") is False
    if not is_thread or channel["owner_id"] != core.world.bot_id or opens_locked:
        needed = permissions.MANAGE_THREADS if is_thread else permissions.MANAGE_CHANNELS
        core.world.require(core.world.bot_id, channel, needed)
    if any(key in call.form and call.form[key] != channel.get(key) for key in ("name", "topic")):
        verdict = call.backend.limiter.take_sub_limit(core.limits.rates.rename_channel, channel["id"], core.clock.now())
        if verdict is not None:
            raise limited(verdict)
    if is_thread:
        if call.form.get("archived") is not False:
            call.services.threads.require_unlocked(channel, core.world.bot_id)
        if call.form.get("applied_tags") is not None:
            shapes.require(call.form, shapes.THREAD)
            check_tags(
                core.world.channel(channel["parent_id"]), call.form["applied_tags"], most=core.limits.applied_tags
            )
        return Reply(body=public(call.services.threads.update(channel, call.form)))
    shapes.require(call.form, shapes.CHANNEL)
    form = Form()
    if "name" in call.form:
        form.length(("name",), call.form["name"], 1, core.limits.channel_name)
    kinds.check(form, call.form, channel["type"], core.limits)
    _check_parent(call, form, channel["type"])
    form.check()
    channels.change(core, channel, call.form)
    return Reply(body=public(channel))


def delete_channel(call: Call) -> Reply:
    """`DELETE /channels/{channel_id}`."""
    channel = channel_of(call)
    core = call.services.core
    if channel["type"] == 1:
        return Reply(body=channels.shown(core, channel))
    if channel["type"] in THREAD_TYPES:
        core.world.require(core.world.bot_id, channel, permissions.MANAGE_THREADS)
        call.services.threads.delete(channel)
        return Reply(body=public(channel))
    core.world.require(core.world.bot_id, channel, permissions.MANAGE_CHANNELS)
    channels.remove(core, call.services.threads, channel)
    return Reply(body=public(channel))


def set_overwrite(call: Call) -> Reply:
    """Change what a role or a member may do in a channel."""
    channel = channel_of(call)
    if channel["type"] in (kinds.DIRECT, *THREAD_TYPES):
        raise refusal(50003 if channel["type"] == kinds.DIRECT else 50024)
    call.services.core.world.require(call.services.core.world.bot_id, channel, permissions.MANAGE_ROLES)
    target = call.params["overwrite_id"]
    kept = [item for item in channel["permission_overwrites"] if item["id"] != target]
    form = call.form
    shapes.require(form, shapes.OVERWRITE)
    new = kinds.overwrite({**form, "id": target})
    channels.change(call.services.core, channel, {"permission_overwrites": [*kept, new]})
    return NO_CONTENT


# -- people and roles -------------------------------------------------------------------------------------------------


def list_members(call: Call) -> Reply:
    """`GET /guilds/{guild_id}/members`."""
    world = call.services.core.world
    world.require_guild(call.params["guild_id"])
    if not world.application["flags"] & (0b11 << 14):
        # Without the members intent in the developer portal (Discord, "List guild members").
        raise refusal(50001)
    limit, after = call.number("limit", 1, 1, 1000), call.number("after", 0, 0, 2**63 - 1)
    found = [item for item in world.members() if int(item["user"]["id"]) > after]
    return Reply(body=sorted(found, key=lambda item: int(item["user"]["id"]))[:limit])


def search_members(call: Call) -> Reply:
    """`GET /guilds/{guild_id}/members/search`."""
    world = call.services.core.world
    world.require_guild(call.params["guild_id"])
    query = call.query.get("query", "").lower()
    limit = call.number("limit", 1, 1, 1000)
    found = [item for item in world.members() if item["user"]["username"].lower().startswith(query)]
    return Reply(body=found[:limit])


def get_member(call: Call) -> Reply:
    """`GET /guilds/{guild_id}/members/{user_id}`."""
    world = call.services.core.world
    world.require_guild(call.params["guild_id"])
    return Reply(body=world.member_to_api(call.params["user_id"]))


def list_roles(call: Call) -> Reply:
    """`GET /guilds/{guild_id}/roles`."""
    world = call.services.core.world
    world.require_guild(call.params["guild_id"])
    return Reply(body=world.roles())


def get_role(call: Call) -> Reply:
    """`GET /guilds/{guild_id}/roles/{role_id}`."""
    world = call.services.core.world
    world.require_guild(call.params["guild_id"])
    return Reply(body=public(world.role(call.params["role_id"])))


# -- direct messages --------------------------------------------------------------------------------------------------


def open_direct(call: Call) -> Reply:
    """`POST /users/@me/channels`."""
    core = call.services.core
    return Reply(body=channels.shown(core, channels.open_direct(core, str(call.form.get("recipient_id")))))


def _require_in_guild(call: Call, needed: int) -> None:
    world = call.services.core.world
    granted = permissions.guild_permissions(world.member(world.bot_id), world.storage.all("role"), world.guild)
    if granted & needed != needed:
        raise refusal(50013)


_GUILD: Final = "/guilds/{guild_id}"
ROUTES: Final = [
    Route(method="GET", template="/users/@me/guilds", handler=my_guilds),
    Route(method="POST", template="/users/@me/channels", handler=open_direct),
    Route(method="GET", template=_GUILD, handler=get_guild),
    Route(method="GET", template=_GUILD + "/channels", handler=list_channels),
    Route(method="POST", template=_GUILD + "/channels", handler=create_channel),
    Route(method="GET", template=_GUILD + "/members", handler=list_members),
    Route(method="GET", template=_GUILD + "/members/search", handler=search_members),
    Route(method="GET", template=_GUILD + "/members/{user_id}", handler=get_member),
    Route(method="GET", template=_GUILD + "/roles", handler=list_roles),
    Route(method="GET", template=_GUILD + "/roles/{role_id}", handler=get_role),
    Route(method="GET", template="/channels/{channel_id}", handler=get_channel),
    Route(method="PATCH", template="/channels/{channel_id}", handler=edit_channel),
    Route(method="DELETE", template="/channels/{channel_id}", handler=delete_channel),
    Route(method="PUT", template="/channels/{channel_id}/permissions/{overwrite_id}", handler=set_overwrite),
]
