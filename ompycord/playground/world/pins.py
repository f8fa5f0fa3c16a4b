"""Pinned messages of a channel; its counterpart is the pin routes of `rest/messages.py`."""

from typing import Any

from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.errors import refusal
from ompycord.playground.rules.intents import DIRECT_MESSAGES, GUILDS
from ompycord.playground.world.clock import timestamp
from ompycord.playground.world.core import Core
from ompycord.playground.world.messages import Draft, Messages


def add(core: Core, messages: Messages, message: Json, *, by: str) -> None:
    """Pin a message and post Discord's notice of it (type 6), once. Refused with 30003 at the limit."""
    if message["pinned"]:
        return
    channel_id = message["channel_id"]
    if len(listed(core, channel_id)) >= core.limits.pins:
        raise refusal(30003)
    now = timestamp(core.clock.now())
    message["pinned"], message["_pinned_at"] = True, now
    messages.touch(message)
    channel = core.world.channel(channel_id)
    _publish(core, channel, now)
    guild = {} if channel["type"] == 1 else {"guild_id": core.world.guild_id}
    notice = {"message_reference": {"type": 0, "channel_id": channel_id, "message_id": message["id"], **guild}}
    messages.create(Draft(channel=channel, author=by, body={}, type=6, more=notice))


def remove(core: Core, messages: Messages, message: Json) -> None:
    """Unpin a message; nothing happens where it is not pinned."""
    if message["pinned"]:
        message["pinned"] = False
        messages.touch(message)
        channel = core.world.channel(message["channel_id"])
        _publish(core, channel, channel.get("last_pin_timestamp"))


def listed(core: Core, channel_id: str) -> list[Json]:
    """Pinned messages, last pinned first."""
    found = [item for item in core.storage.newest("message", channel_id, limit=1_000_000) if item["pinned"]]
    return sorted(found, key=lambda item: item["_pinned_at"], reverse=True)


def _publish(core: Core, channel: Json, at: Any) -> None:
    channel["last_pin_timestamp"] = at
    core.world.save_channel(channel)
    data: Json = {"channel_id": channel["id"], "last_pin_timestamp": at}
    if channel["type"] != 1:
        data["guild_id"] = core.world.guild_id
    core.gateway.dispatch("CHANNEL_PINS_UPDATE", data, intents=GUILDS | DIRECT_MESSAGES)
