"""The Discord bot: commands, forms, buttons, live cards; the only importer of discord.py. Counterpart: the conductor."""

from ompycord.bot.bot import Bot
from ompycord.bot.gateway.discord_target import DISCORD, DiscordTarget, point_at
from ompycord.bot.lookups import HealthLine, Lookups
from ompycord.bot.options import BotOptions

__all__ = ["DISCORD", "Bot", "BotOptions", "DiscordTarget", "HealthLine", "Lookups", "point_at"]
