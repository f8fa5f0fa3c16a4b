"""The role that a member of a server has now, asked of Discord: for what starts without an interaction."""

import aiohttp
import discord

from ompycord.bot.access import member
from ompycord.bot.options import BotOptions
from ompycord.domain.access import Role

__all__ = ["role_of_member"]


async def role_of_member(client: discord.Client, options: BotOptions, guild: str, person: str) -> Role | None:
    """None where Discord cannot be asked now; no role for someone who has left the server."""
    found = client.get_guild(int(guild))
    if found is None:
        return None
    try:
        user = await found.fetch_member(int(person))
    except discord.NotFound:
        return Role.NONE
    except (discord.HTTPException, discord.RateLimited, OSError, aiohttp.ClientError):
        return None
    return member(user, options, is_ours=guild in options.guilds).role
