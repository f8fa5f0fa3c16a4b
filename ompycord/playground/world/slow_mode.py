"""Slow mode: people wait between two messages in a channel or thread; bots do not.

Discord, "Channel", `rate_limit_per_user`: "bots, as well as users with the permission BYPASS_SLOWMODE, are unaffected".
"""

from ompycord.playground.rules import permissions
from ompycord.playground.rules.documents import Json
from ompycord.playground.rules.errors import DiscordError
from ompycord.playground.world.core import Core
from ompycord.playground.world.ids import made_at


def require_pause(core: Core, channel: Json, person: str) -> None:
    """Before a person's message. Refused with 20016 and the seconds that are left."""
    pause_s = channel.get("rate_limit_per_user") or 0
    if not pause_s or core.world.permissions_in(person, channel) & permissions.BYPASS_SLOWMODE:
        return
    now = core.clock.now()
    for message in core.storage.newest("message", channel["id"], limit=1000):
        left_s = made_at(message["id"]) + pause_s - now
        if left_s <= 0:
            return
        if message["_author"] == person:
            words = "This action cannot be performed due to slowmode rate limit"
            raise DiscordError(429, 20016, words, more={"retry_after": round(left_s, 3)})
