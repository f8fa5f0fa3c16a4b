"""REST: reactions on a message."""

from typing import Final

from ompycord.playground.rest.call import NO_CONTENT, Call, Reply, Route
from ompycord.playground.rest.messages import channel_of, message_of
from ompycord.playground.rules import permissions
from ompycord.playground.rules.intents import GUILD_MESSAGE_REACTIONS
from ompycord.playground.world import reactions


def react(call: Call) -> Reply:
    """`PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me`."""
    core = call.services.core
    channel = channel_of(call, permissions.READ_MESSAGE_HISTORY)
    message = message_of(call)
    call.services.threads.require_live(channel)
    if not reactions.people(message, call.params["emoji_name"]):
        core.world.require(core.world.bot_id, channel, permissions.ADD_REACTIONS)
    reactions.add(core, message, call.params["emoji_name"], core.world.bot_id)
    return NO_CONTENT


def take_back(call: Call) -> Reply:
    """`DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me`."""
    core = call.services.core
    channel = channel_of(call)
    user = call.params.get("user_id", core.world.bot_id)
    if user != core.world.bot_id:
        core.world.require(core.world.bot_id, channel, permissions.MANAGE_MESSAGES)
    reactions.remove(core, message_of(call), call.params["emoji_name"], user)
    return NO_CONTENT


def list_people(call: Call) -> Reply:
    """`GET /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}`."""
    channel_of(call, permissions.READ_MESSAGE_HISTORY)
    limit, after = call.number("limit", 25, 1, 100), call.number("after", 0, 0, 2**63 - 1)
    found = sorted(
        int(user) for user in reactions.people(message_of(call), call.params["emoji_name"]) if int(user) > after
    )
    return Reply(body=[call.services.core.world.user(str(user)) for user in found[:limit]])


def clear(call: Call) -> Reply:
    """Remove all reactions, or all of one emoji."""
    core = call.services.core
    channel = channel_of(call, permissions.MANAGE_MESSAGES)
    message = message_of(call)
    emoji = call.params.get("emoji_name")
    kept = [item for item in message["_reactions"] if emoji is not None and item["emoji"]["name"] != emoji]
    message["_reactions"] = kept
    call.services.messages.save(message)
    data = {"channel_id": channel["id"], "message_id": message["id"], "guild_id": core.world.guild_id}
    more = {"emoji": {"id": None, "name": emoji}} if emoji else {}
    name = "MESSAGE_REACTION_REMOVE_EMOJI" if emoji else "MESSAGE_REACTION_REMOVE_ALL"
    core.gateway.dispatch(name, {**data, **more}, intents=GUILD_MESSAGE_REACTIONS)
    shown = {**data, **more, "all": True}
    core.feed.publish("REACTION_REMOVE", shown, audience=core.world.viewers(channel))
    return NO_CONTENT


_ALL: Final = "/channels/{channel_id}/messages/{message_id}/reactions"
_ONE: Final = _ALL + "/{emoji_name}"
ROUTES: Final = [
    Route(method="PUT", template=_ONE + "/@me", handler=react, rate="reaction"),
    Route(method="DELETE", template=_ONE + "/@me", handler=take_back, rate="reaction"),
    Route(method="DELETE", template=_ONE + "/{user_id}", handler=take_back, rate="reaction"),
    Route(method="GET", template=_ONE, handler=list_people),
    Route(method="DELETE", template=_ONE, handler=clear, rate="reaction"),
    Route(method="DELETE", template=_ALL, handler=clear, rate="reaction"),
]
