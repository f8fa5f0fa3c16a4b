"""The bot's options: the section `discord` of the settings, and the members of each role.

Read by `bot.py` and what it makes.
"""

import re
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from ompycord.domain.access import Access, Snowflake
from ompycord.domain.base import Frozen

__all__ = ["BotOptions", "DiscordSettings"]

_READY_S = 2.0
_PROXY = r"^http://[^\s/]+:[0-9]{1,5}/?$"
_CUSTOM = re.compile(r"<a?:\w{2,32}:[0-9]{15,20}>")


class DiscordSettings(Frozen):
    """Where the bot lives. Outside of `guilds`, and in direct messages, it does nothing."""

    token: SecretStr | None = None
    """Without one, `up` opens the playground."""
    guilds: tuple[Snowflake, ...] = ()
    """Servers in which commands are registered and obeyed."""
    home_channel: Snowflake | None = None
    """Where runs are shown that were asked for outside of a work channel."""
    work_channels: tuple[Snowflake, ...] = ()
    """Channels that show the runs asked for in them; a repository's own channel is one too."""
    ops_channel: Snowflake | None = None
    """Where the bot reports its own problems and questions that no one answers."""
    board_channel: Snowflake | None = None
    """A channel with one message that lists all live runs."""
    launch_emoji: Annotated[str, Field(min_length=1, max_length=64)] = "🚀"
    """The reaction that starts a message as a task, once the bot has armed it."""
    message_content: bool = False
    """Ask for the privileged intent: what people write in a run's thread reaches the run."""
    approver_role: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """What people here call those who may answer, apart from the requester; shown on questions."""
    reconnect_cap_s: Annotated[float, Field(gt=0, le=1024)] = 15.0
    """The longest pause between two tries to reach the gateway, in seconds."""
    guild_ready_timeout_s: Annotated[float, Field(ge=0, le=60)] | None = None
    """Seconds that discord.py waits for servers at the start. Left out: 2, and 0 where `api` names another Discord."""
    proxy: Annotated[str, StringConstraints(pattern=_PROXY)] | None = None
    """The proxy by which Discord is reached: `http://[name:password@]host:port`. Left out: the one of HTTPS_PROXY."""
    api: str | None = None
    """Another Discord: the address of its API. Only the playground needs it."""
    gateway: str | None = None

    @field_validator("launch_emoji")
    @classmethod
    def _is_an_emoji(cls, value: str) -> str:
        if _CUSTOM.fullmatch(value) is None and (value.isascii() or ":" in value):
            raise ValueError("write the emoji itself, such as 🚀, or an own one of the server as <:name:its-id>")
        return value

    @property
    def ready_timeout_s(self) -> float:
        """`guild_ready_timeout_s`, or what holds where it is left out."""
        if self.guild_ready_timeout_s is not None:
            return self.guild_ready_timeout_s
        return _READY_S if self.api is None else 0.0


class BotOptions(DiscordSettings):
    """All options, for a bot that has a server."""

    access: Access = Access()

    @model_validator(mode="after")
    def _has_server(self) -> Self:
        if not self.guilds:
            raise ValueError("a bot needs a server that it works in")
        return self
