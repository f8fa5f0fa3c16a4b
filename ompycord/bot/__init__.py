"""The Discord bot: commands, forms, buttons, live cards; the only importer of discord.py.

Counterpart: the conductor.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ompycord.bot.bot import Bot
    from ompycord.bot.gateway.discord_target import DISCORD, DiscordTarget, point_at
    from ompycord.bot.lookups import HealthLine, Lookups
    from ompycord.bot.options import BotOptions

__all__ = ["DISCORD", "Bot", "BotOptions", "DiscordTarget", "HealthLine", "Lookups", "point_at"]

_MODULES: Final = {
    "Bot": "bot",
    "DISCORD": "gateway.discord_target",
    "DiscordTarget": "gateway.discord_target",
    "point_at": "gateway.discord_target",
    "HealthLine": "lookups",
    "Lookups": "lookups",
    "BotOptions": "options",
}


def __getattr__(name: str) -> object:
    """Each is imported on its first use: the settings need the options alone."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
