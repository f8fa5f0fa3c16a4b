"""The guild: application, roles, members, channels, and who may do what in them; `seed.py` makes the first one."""

from typing import Final

from ompycord.playground.rules import permissions
from ompycord.playground.rules.channels import SPOKEN
from ompycord.playground.rules.documents import Json, public
from ompycord.playground.rules.errors import refusal
from ompycord.playground.world.clock import Clock
from ompycord.playground.world.ids import Snowflakes
from ompycord.playground.world.storage import Storage

THREAD_TYPES: Final = (10, 11, 12)
TEXT_TYPES: Final = (0, 1, 2, 5, 10, 11, 12, 13)
"""Channels that hold messages: also those of voice and stage."""


class World:
    """Reads and writes the things of the guild, in Discord's shapes. Missing things raise Discord's refusals."""

    def __init__(self, storage: Storage, clock: Clock, ids: Snowflakes) -> None:
        self.storage = storage
        self.clock = clock
        self.ids = ids

    # -- the application and its bot -------------------------------------------------------------------------------

    @property
    def application(self) -> Json:
        return self.storage.all("application")[0]

    @property
    def application_id(self) -> str:
        return self.application["id"]

    @property
    def bot_id(self) -> str:
        return self.application["_bot"]

    @property
    def bot_token(self) -> str:
        return self.application["_token"]

    def application_to_api(self) -> Json:
        """The application with its owner and bot, for the bot itself."""
        application = public(self.application)
        owner = self.user(self.guild["owner_id"])
        return {**application, "bot": self.user(self.bot_id), "owner": owner, "flags_new": str(application["flags"])}

    # -- people ----------------------------------------------------------------------------------------------------

    def user(self, user_id: str) -> Json:
        found = self.storage.get("user", user_id)
        if found is None:
            raise refusal(10013)
        return public(found)

    def knows_user(self, user_id: str) -> bool:
        return self.storage.get("user", user_id) is not None

    def member(self, user_id: str) -> Json:
        """The stored membership, with `_user`; refused with 10007 for people who are not in the guild."""
        found = self.storage.get("member", user_id)
        if found is None:
            raise refusal(10007)
        return found

    def member_to_api(self, user_id: str) -> Json:
        return {**public(self.member(user_id)), "user": self.user(user_id)}

    def members(self) -> list[Json]:
        return [self.member_to_api(item["_user"]) for item in self.storage.all("member")]

    # -- the guild -------------------------------------------------------------------------------------------------

    @property
    def guild(self) -> Json:
        return self.storage.all("guild")[0]

    @property
    def guild_id(self) -> str:
        return self.guild["id"]

    def guild_to_api(self) -> Json:
        return {**public(self.guild), "roles": self.roles(), "emojis": [], "stickers": []}

    def require_guild(self, guild_id: str) -> None:
        """Refuse a guild that is not ours (10004) or that the bot was kicked from (50001)."""
        if guild_id != self.guild_id:
            raise refusal(10004)
        if self.storage.get("member", self.bot_id) is None:
            raise refusal(50001)

    def roles(self) -> list[Json]:
        return [public(role) for role in self.storage.all("role")]

    def role(self, role_id: str) -> Json:
        found = self.storage.get("role", role_id)
        if found is None:
            raise refusal(10011)
        return found

    def people_with(self, role_id: str) -> list[str]:
        return [item["_user"] for item in self.storage.all("member") if role_id in item["roles"]]

    # -- channels and threads --------------------------------------------------------------------------------------

    def channel(self, channel_id: str) -> Json:
        found = self.storage.get("channel", channel_id)
        if found is None:
            raise refusal(10003)
        return found

    def save_channel(self, channel: Json) -> None:
        self.storage.put("channel", channel["id"], channel, parent=channel.get("parent_id") or "")

    def channels(self) -> list[Json]:
        """The guild's channels, without its threads and without direct messages."""
        return [public(item) for item in self.storage.all("channel") if item["type"] not in (1, *THREAD_TYPES)]

    def channels_in(self, category_id: str) -> list[Json]:
        """The channels of a category."""
        found = (item for item in self.storage.all("channel") if item["type"] not in THREAD_TYPES)
        return [item for item in found if item.get("parent_id") == category_id]

    def direct_channels(self) -> list[Json]:
        return [item for item in self.storage.all("channel") if item["type"] == 1]

    def threads(self, *, parent: str | None = None, is_archived: bool | None = None) -> list[Json]:
        """Threads, newest last; all, or those of one channel, or only those archived or not."""
        return [
            item
            for item in self.storage.all("channel")
            if item["type"] in THREAD_TYPES
            and parent in (None, item["parent_id"])
            and is_archived in (None, item["thread_metadata"]["archived"])
        ]

    # -- what a user may do --------------------------------------------------------------------------------------

    def permissions_in(self, user_id: str, channel: Json) -> int:
        """The permissions of a user in a channel; a thread has those of its parent. No member: none."""
        if channel["type"] == 1:
            is_party = user_id in channel["_recipients"]
            return permissions.EVERYONE | permissions.PIN_MESSAGES if is_party else 0
        member = self.storage.get("member", user_id)
        if member is None:
            return 0
        place = self.channel(channel["parent_id"]) if channel["type"] in THREAD_TYPES else channel
        base = permissions.guild_permissions(member, self.storage.all("role"), self.guild)
        granted = permissions.channel_permissions(base, member, place, self.guild_id)
        if channel["type"] in SPOKEN and not granted & permissions.CONNECT:
            granted &= permissions.VIEW_CHANNEL
        if channel["type"] == 12 and not granted & permissions.MANAGE_THREADS and user_id not in channel["_members"]:
            return 0
        return granted

    def viewers(self, channel: Json) -> frozenset[str]:
        """The people who may view a channel, a thread or a direct channel."""
        people = (item["id"] for item in self.storage.all("user") if not item.get("bot"))
        return frozenset(user for user in people if self.permissions_in(user, channel) & permissions.VIEW_CHANNEL)

    def require(self, user_id: str, channel: Json, needed: int) -> None:
        """Refused with 50001 where the user may not view the channel, with 50013 where a permission is missing."""
        granted = self.permissions_in(user_id, channel)
        if not granted & permissions.VIEW_CHANNEL:
            raise refusal(50001)
        if granted & needed != needed:
            raise refusal(50013)
