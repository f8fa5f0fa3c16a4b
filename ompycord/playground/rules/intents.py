"""Gateway intents: each event carries those that let a session receive it (Discord, "Gateway", List of Intents)."""

from typing import Final

GUILDS: Final = 1 << 0
GUILD_MEMBERS: Final = 1 << 1
GUILD_PRESENCES: Final = 1 << 8
GUILD_MESSAGES: Final = 1 << 9
GUILD_MESSAGE_REACTIONS: Final = 1 << 10
GUILD_MESSAGE_TYPING: Final = 1 << 11
DIRECT_MESSAGES: Final = 1 << 12
DIRECT_MESSAGE_REACTIONS: Final = 1 << 13
DIRECT_MESSAGE_TYPING: Final = 1 << 14
MESSAGE_CONTENT: Final = 1 << 15
MESSAGE_CONTENT_FLAGS: Final = 0b11 << 18
"""The application's flags that allow MESSAGE_CONTENT (verified, or in few guilds)."""
KNOWN_INTENTS: Final = (1 << 26) - 1
ALWAYS: Final = 0
"""For events that every session receives, whatever its intents."""
