"""The bot's own settings, as a frozen model; composed by `settings.py`, read by `bot.py` and what it makes."""

from typing import Annotated

from pydantic import Field

from ompycord.domain.access import Access, Snowflake
from ompycord.domain.base import Frozen

__all__ = ["BotOptions"]


class BotOptions(Frozen):
    """Where the bot works and for whom. Outside of `guilds`, and in direct messages, it does nothing."""

    guilds: Annotated[tuple[Snowflake, ...], Field(min_length=1)]
    """Servers in which commands are registered and obeyed."""
    home_channel: Snowflake | None = None
    """Where runs are shown that were asked for outside of a work channel."""
    work_channels: tuple[Snowflake, ...] = ()
    """Channels that show the runs asked for in them; a repository's own channel is one too."""
    ops_channel: Snowflake | None = None
    board_channel: Snowflake | None = None
    """Where one message lists all live runs."""
    access: Access = Access()
    message_content: bool = False
    """Ask for the privileged intent."""
    launch_emoji: Annotated[str, Field(min_length=1, max_length=64)] = "🚀"
    """The reaction by which a message becomes a task."""
    guild_ready_timeout_s: Annotated[float, Field(ge=0, le=60)] = 2.0
    """How long discord.py waits for servers at the start; 0 suits the playground."""
    reconnect_cap_s: Annotated[float, Field(gt=0, le=1024)] = 60.0
    """The longest pause between two tries to reach the gateway."""
    approver_role: str | None = Field(default=None, max_length=100)
    """How people here call those who may answer besides the requester; shown on questions."""
