"""Who is pinged by a message: recorded for `GET /control/pings`, and notified on the page."""

from ompycord.playground.rules import bodies, permissions
from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.mentions import Mentions
from ompycord.playground.world import views
from ompycord.playground.world.core import Core


def notify(core: Core, message: Json, channel: Json, found: Mentions) -> None:
    """Record and publish who is pinged by a new message. Its author is never pinged."""
    world = core.world
    pinged: dict[str, None] = dict.fromkeys(found.users)
    for role in found.roles:
        pinged |= dict.fromkeys(world.people_with(role))
    if found.is_everyone:
        pinged |= dict.fromkeys(item["user"]["id"] for item in world.members())
    pinged.pop(message["_author"], None)
    users = [user for user in pinged if world.permissions_in(user, channel) & permissions.VIEW_CHANNEL]
    if message["_ephemeral_for"]:
        users = [user for user in users if user == message["_ephemeral_for"]]
    record(core, message, "create", users, found)
    if users:
        is_silent = bool(message["flags"] & bodies.SUPPRESS_NOTIFICATIONS)
        data: Json = {"message": message["id"], "channel": channel["id"], "users": users, "silent": is_silent}
        core.feed.publish("PING", data, audience=views.audience(core, message, channel))


def record(core: Core, message: Json, event: str, users: list[str], found: Mentions) -> None:
    """Store one entry: `users` were pinged by this `create` or `edit`, `found` is what the message mentions."""
    entry: Json = {
        "message": message["id"],
        "channel": message["channel_id"],
        "event": event,
        "users": users,
        "silent": bool(message["flags"] & bodies.SUPPRESS_NOTIFICATIONS),
        "mentions": {"users": list(found.users), "roles": list(found.roles), "everyone": found.is_everyone},
    }
    core.storage.put("ping", core.ids.next(), entry, parent=message["id"])
