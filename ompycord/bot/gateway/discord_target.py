"""Points discord.py at another server before login: the one named exception to *no changing module globals*.

docs/platform/discord.md, *Another server*: these three are all that the library reads. Counterpart: the playground's
printed addresses.
"""

import discord.asset
import discord.gateway
import discord.http
from yarl import URL

from ompycord.domain.base import Frozen

__all__ = ["DISCORD", "DiscordTarget", "point_at"]


class DiscordTarget(Frozen):
    """Where Discord is. Addresses without a slash at the end."""

    api: str
    """`https://discord.com/api/v10`"""
    gateway: str
    """`wss://gateway.discord.gg/`"""
    cdn: str
    """`https://cdn.discordapp.com`"""


DISCORD = DiscordTarget(
    api=discord.http.Route.BASE,
    gateway=str(discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY),
    cdn=discord.asset.Asset.BASE,
)
"""Discord itself, as discord.py has it."""


def point_at(target: DiscordTarget) -> None:
    """Use this server for every client made from now on; to be called before login."""
    discord.http.Route.BASE = target.api
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(target.gateway)
    discord.asset.Asset.BASE = target.cdn  # pyright: ignore[reportAttributeAccessIssue]  # typed as a literal
