"""Reactions of people and the bot on a message."""

from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.emoji import is_unicode_emoji
from ompycord.playground.rules.errors import refusal
from ompycord.playground.rules.intents import DIRECT_MESSAGE_REACTIONS, GUILD_MESSAGE_REACTIONS
from ompycord.playground.world.core import Core


def add(core: Core, message: Json, emoji: str, user: str) -> None:
    """React once. Refused with 10014 for what is no emoji (the guild has none of its own), 30010 beyond 20 kinds."""
    if not is_unicode_emoji(emoji):
        raise refusal(10014)
    entry: Json | None = _entry(message, emoji)
    if entry is None:
        if len(message["_reactions"]) >= core.limits.reactions:
            raise refusal(30010)
        entry = {"emoji": {"id": None, "name": emoji}, "users": []}
        message["_reactions"].append(entry)
    if user not in entry["users"]:
        entry["users"].append(user)
        _save_and_publish(core, message, entry, user, name="ADD")


def remove(core: Core, message: Json, emoji: str, user: str) -> None:
    """Take a reaction back; nothing happens where there is none."""
    entry = _entry(message, emoji)
    if entry is None or user not in entry["users"]:
        return
    entry["users"].remove(user)
    if not entry["users"]:
        message["_reactions"].remove(entry)
    _save_and_publish(core, message, entry, user, name="REMOVE")


def people(message: Json, emoji: str) -> list[str]:
    """Who reacted with this emoji, in their order."""
    entry = _entry(message, emoji)
    return list(entry["users"]) if entry else []


def _entry(message: Json, emoji: str) -> Json | None:
    return next((item for item in message["_reactions"] if item["emoji"]["name"] == emoji), None)


def _save_and_publish(core: Core, message: Json, entry: Json, user: str, *, name: str) -> None:
    core.storage.put("message", message["id"], message, parent=message["channel_id"])
    data: Json = {
        "user_id": user,
        "channel_id": message["channel_id"],
        "message_id": message["id"],
        "emoji": entry["emoji"],
        "burst": False,
        "type": 0,
    }
    channel = core.world.channel(message["channel_id"])
    intents = DIRECT_MESSAGE_REACTIONS
    if channel["type"] != 1:
        intents = GUILD_MESSAGE_REACTIONS
        data["guild_id"] = core.world.guild_id
    full = dict(data)
    if name == "ADD":
        full["message_author_id"] = message["_author"]
        if core.storage.get("member", user) is not None and channel["type"] != 1:
            full["member"] = core.world.member_to_api(user)
    core.gateway.dispatch(f"MESSAGE_REACTION_{name}", full, intents=intents)
    shown: Json = {**data, "count": len(entry["users"])}
    core.feed.publish(f"REACTION_{name}", shown, audience=core.world.viewers(channel))
