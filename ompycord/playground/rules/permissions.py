"""Discord's permission bits and how roles and channel overwrites make them; `world/guild.py`
stores both.
"""

from typing import Final

from ompycord.playground.rules.documents import Json, as_objects

CREATE_INSTANT_INVITE: Final = 1 << 0
ADMINISTRATOR: Final = 1 << 3
MANAGE_CHANNELS: Final = 1 << 4
ADD_REACTIONS: Final = 1 << 6
VIEW_CHANNEL: Final = 1 << 10
SEND_MESSAGES: Final = 1 << 11
SEND_TTS_MESSAGES: Final = 1 << 12
MANAGE_MESSAGES: Final = 1 << 13
EMBED_LINKS: Final = 1 << 14
ATTACH_FILES: Final = 1 << 15
READ_MESSAGE_HISTORY: Final = 1 << 16
MENTION_EVERYONE: Final = 1 << 17
CONNECT: Final = 1 << 20
SPEAK: Final = 1 << 21
USE_EXTERNAL_EMOJIS: Final = 1 << 18
CHANGE_NICKNAME: Final = 1 << 26
MANAGE_ROLES: Final = 1 << 28
USE_APPLICATION_COMMANDS: Final = 1 << 31
MANAGE_THREADS: Final = 1 << 34
CREATE_PUBLIC_THREADS: Final = 1 << 35
CREATE_PRIVATE_THREADS: Final = 1 << 36
SEND_MESSAGES_IN_THREADS: Final = 1 << 38
SEND_POLLS: Final = 1 << 49
PIN_MESSAGES: Final = 1 << 51
BYPASS_SLOWMODE: Final = 1 << 52
ALL: Final = (1 << 53) - 1

EVERYONE: Final = (
    CREATE_INSTANT_INVITE
    | ADD_REACTIONS
    | VIEW_CHANNEL
    | SEND_MESSAGES
    | SEND_TTS_MESSAGES
    | EMBED_LINKS
    | ATTACH_FILES
    | READ_MESSAGE_HISTORY
    | USE_EXTERNAL_EMOJIS
    | CONNECT
    | SPEAK
    | CHANGE_NICKNAME
    | USE_APPLICATION_COMMANDS
    | CREATE_PUBLIC_THREADS
    | CREATE_PRIVATE_THREADS
    | SEND_MESSAGES_IN_THREADS
    | SEND_POLLS
)
"""What a member without roles may do in the playground's guild."""

BOT: Final = (
    EVERYONE | MANAGE_CHANNELS | MANAGE_MESSAGES | MENTION_EVERYONE | MANAGE_ROLES | MANAGE_THREADS | PIN_MESSAGES
)
"""What the bot's own role gives it at first; `POST /control/world` takes it away again."""


def guild_permissions(member: Json, roles: list[Json], guild: Json) -> int:
    """What a member may do in the guild: the owner and administrators everything, the rest what their roles add up
    to.
    """
    if member["_user"] == guild["owner_id"]:
        return ALL
    granted = {guild["id"], *member["roles"]}
    total = 0
    for role in roles:
        if role["id"] in granted:
            total |= int(role["permissions"])
    return ALL if total & ADMINISTRATOR else total


def channel_permissions(base: int, member: Json, channel: Json, guild_id: str) -> int:
    """Apply a channel's overwrites: everyone, then roles, then the member (Discord, "Permission overwrites")."""
    if base & ADMINISTRATOR:
        return ALL
    overwrites = {item["id"]: item for item in as_objects(channel.get("permission_overwrites"))}
    total = _apply(base, [overwrites[guild_id]] if guild_id in overwrites else [])
    total = _apply(total, [overwrites[role] for role in member["roles"] if role in overwrites])
    total = _apply(total, [overwrites[member["_user"]]] if member["_user"] in overwrites else [])
    return total if total & VIEW_CHANNEL else 0


def _apply(total: int, overwrites: list[Json]) -> int:
    deny = allow = 0
    for item in overwrites:
        deny |= int(item["deny"])
        allow |= int(item["allow"])
    return (total & ~deny) | allow
