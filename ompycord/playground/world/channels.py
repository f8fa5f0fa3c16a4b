"""Channels of the guild and direct ones: changed, removed, published; `threads.py` has the threads in them."""

from typing import Final

from ompycord.playground.rules.channels import SETTABLE, default_of, overwrite, tag
from ompycord.playground.rules.documents import Json, as_objects, public
from ompycord.playground.rules.intents import DIRECT_MESSAGES, GUILDS
from ompycord.playground.world import thread_members, views
from ompycord.playground.world.core import Core
from ompycord.playground.world.guild import THREAD_TYPES
from ompycord.playground.world.threads import Threads

NEWEST: Final = 20
"""How far back the last message of a thread is looked for, past those that one person sees."""


def shown(core: Core, channel: Json) -> Json:
    """The channel in Discord's shape; a direct one names the person at the other end."""
    if channel["type"] != 1:
        return public(channel)
    others = [core.world.user(user) for user in channel["_recipients"] if user != core.world.bot_id]
    return {**public(channel), "recipients": others}


def for_page(core: Core, channel: Json) -> Json:
    """The channel as the page gets it: a thread with its members' ids and the last message that all may see."""
    if channel["type"] not in THREAD_TYPES:
        return shown(core, channel)
    newest = core.storage.newest("message", channel["id"], limit=NEWEST)
    last = next((item for item in newest if not item["_ephemeral_for"] and item["type"] != 21), None)
    last_message = views.for_page(core, last, viewer=core.world.bot_id) if last else None
    return {**thread_members.for_page(channel), "last_message": last_message}


def change(core: Core, channel: Json, changes: Json) -> None:
    """Set what may be set, store and publish.

    For people who lose the view of it the channel is deleted, for those who gain it its threads are created.
    """
    before = core.world.viewers(channel)
    apply(core, channel, changes)
    core.world.save_channel(channel)
    publish(core, "CHANNEL_UPDATE", channel)
    now = core.world.viewers(channel)
    core.feed.publish("CHANNEL_DELETE", public(channel), audience=before - now)
    for thread in core.world.threads(parent=channel["id"]):
        gained = core.world.viewers(thread) - before
        core.feed.publish("THREAD_CREATE", thread_members.for_page(thread), audience=gained)


def apply(core: Core, channel: Json, changes: Json) -> None:
    """Set what may be set on a channel of its kind; new tags of a forum get their ids."""
    for key in SETTABLE[channel["type"]]:
        if key in changes:
            channel[key] = default_of(channel, key) if changes[key] is None else changes[key]
    channel["permission_overwrites"] = [overwrite(item) for item in as_objects(channel["permission_overwrites"])]
    if "available_tags" in changes and "available_tags" in channel:
        channel["available_tags"] = [tag(item, core.ids.next()) for item in as_objects(changes["available_tags"])]


def publish(core: Core, name: str, channel: Json) -> None:
    """Send a CHANNEL_* event to gateway and page."""
    core.gateway.dispatch(name, public(channel), intents=GUILDS)
    core.feed.publish(name, public(channel), audience=core.world.viewers(channel))


def remove(core: Core, threads: Threads, channel: Json) -> None:
    """Delete a channel with its threads and messages, and publish it; channels in a category stay, without it."""
    for thread in core.world.threads(parent=channel["id"]):
        threads.delete(thread)
    for child in core.world.channels_in(channel["id"]):
        change(core, child, {"parent_id": None})
    core.storage.delete_children("message", channel["id"])
    core.storage.delete("channel", channel["id"])
    publish(core, "CHANNEL_DELETE", channel)


def open_direct(core: Core, person: str) -> Json:
    """The direct channel between the bot and a person, made on first use."""
    core.world.user(person)
    for channel in core.world.direct_channels():
        if person in channel["_recipients"]:
            return channel
    made: Json = {"id": core.ids.next(), "type": 1, "last_message_id": None, "flags": 0}
    made["_recipients"] = [core.world.bot_id, person]
    core.world.save_channel(made)
    core.gateway.dispatch("CHANNEL_CREATE", shown(core, made), intents=DIRECT_MESSAGES)
    core.feed.publish("CHANNEL_CREATE", shown(core, made), audience=[person])
    return made
