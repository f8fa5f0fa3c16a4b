"""How a stored message is shown: to the bot in Discord's shape, to the page with one key more; `messages.py` stores
it.
"""

from typing import Any

from ompycord.playground.rules import bodies, component_trees
from ompycord.playground.rules.documents import Json, as_object, public
from ompycord.playground.world import attachments
from ompycord.playground.world.clock import timestamp
from ompycord.playground.world.core import Core


def show(core: Core, message: Json, *, viewer: str, with_reference: bool = True) -> Json:
    """The message as Discord's API gives it to `viewer`, whose own reactions are marked."""
    shown = public(message)
    shown["author"] = core.world.user(message["_author"])
    shown["mentions"] = [core.world.user(user) for user in message["_mentions"] if core.world.knows_user(user)]
    shown["attachments"] = [attachments.shown(core, item) for item in message["attachments"]]
    shown["components"] = component_trees.with_media(message["components"], shown["attachments"])
    shown["embeds"] = [_with_attached(shown["attachments"], embed) for embed in message["embeds"]]
    reactions = [_reaction(item, viewer) for item in message["_reactions"]]
    if reactions:
        shown["reactions"] = reactions
    if message["flags"] & bodies.HAS_THREAD:
        thread = core.storage.get("channel", message["id"])
        if thread is not None:
            shown["thread"] = public(thread)
    if "poll" in message:
        shown["poll"] = _poll(core, message["poll"])
    if "_snapshots" in message:
        shown["message_snapshots"] = [{"message": _snapshot(core, item)} for item in message["_snapshots"]]
    reference = message.get("message_reference")
    if reference and with_reference and message["type"] in (19, 21):
        found = core.storage.get("message", reference["message_id"])
        shown["referenced_message"] = show(core, found, viewer=viewer, with_reference=False) if found else None
    return shown


def for_page(core: Core, message: Json, *, viewer: str) -> Json:
    """The message with `ephemeral_for`, the one person who may see it, or null."""
    return {**show(core, message, viewer=viewer), "ephemeral_for": message["_ephemeral_for"]}


def for_gateway(core: Core, message: Json) -> Json:
    """The message as an event carries it: with the guild and the author's membership."""
    shown = show(core, message, viewer=core.world.bot_id)
    channel = core.storage.get("channel", message["channel_id"])
    if channel is None or channel["type"] == 1:
        return shown
    shown["guild_id"] = core.world.guild_id
    member = core.storage.get("member", message["_author"])
    if member is not None:
        shown["member"] = public(member)
    for user in shown["mentions"]:
        mentioned = core.storage.get("member", user["id"])
        if mentioned is not None:
            user["member"] = public(mentioned)
    return shown


def audience(core: Core, message: Json, channel: Json | None) -> frozenset[str]:
    """The people who may see a message: those who view its channel, or the one whom an ephemeral one is for."""
    if message["_ephemeral_for"]:
        return frozenset([message["_ephemeral_for"]])
    return core.world.viewers(channel) if channel is not None else frozenset()


def _poll(core: Core, poll: Json) -> Json:
    """The poll with its results, which are final once it has ended; no one votes in the playground."""
    is_over = poll["expiry"] <= timestamp(core.clock.now())
    return {**poll, "results": {**poll["results"], "is_finalized": is_over}}


def _snapshot(core: Core, copied: Json) -> Json:
    """A forwarded message, without its author (Discord, "Message", *Message Snapshot*)."""
    files = [attachments.shown(core, item) for item in copied["attachments"]]
    return {
        **public(copied),
        "mentions": [core.world.user(user) for user in copied["_mentions"] if core.world.knows_user(user)],
        "attachments": files,
        "embeds": [_with_attached(files, embed) for embed in copied["embeds"]],
        "components": component_trees.with_media(copied["components"], files),
    }


def _reaction(stored: Json, viewer: str) -> Json:
    count = len(stored["users"])
    return {
        "emoji": stored["emoji"],
        "count": count,
        "count_details": {"burst": 0, "normal": count},
        "burst_colors": [],
        "me_burst": False,
        "me": viewer in stored["users"],
    }


def _with_attached(files: list[Json], embed: Json) -> Json:
    """Replace `attachment://name` by the file's address."""
    by_name = {f"attachment://{item['filename']}": item["url"] for item in files}
    result: Json = dict(embed)
    for key, part in (("image", "url"), ("thumbnail", "url"), ("footer", "icon_url"), ("author", "icon_url")):
        inner: dict[str, Any] | None = as_object(result.get(key))
        if inner is not None and inner.get(part) in by_name:
            result[key] = {**inner, part: by_name[inner[part]]}
    return result
