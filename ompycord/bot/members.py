"""Reads members from Discord when something of theirs is used; kept for a minute, fed by every interaction.

Implements `domain.ports.people.Members`. The session gives it a client; without one Discord counts as away.
"""

import asyncio
from collections import OrderedDict
from typing import Any, Final, cast

import aiohttp
import discord

from ompycord.domain.ports import Clock
from ompycord.domain.ports.people import FoundMember
from ompycord.errors import UnavailableError

__all__ = ["DiscordMembers"]

FRESH_S: Final = 60.0
"""Seconds for which an answer of Discord holds."""
_WAIT_S: Final = 10.0
_MOST: Final = 2000
_NAME: Final = 128


class DiscordMembers:
    """Members by server and id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._client: discord.Client | None = None
        self._kept = OrderedDict[tuple[str, str], tuple[float, FoundMember | None]]()

    def use(self, client: discord.Client) -> None:
        """Ask by this client from now on."""
        self._client = client

    def note(self, guild: str, person: str, found: FoundMember | None) -> None:
        """What came with an interaction or a message is Discord's word of this moment."""
        self._keep((guild, person), found)

    def forget(self, guild: str, person: str) -> None:
        """Ask again the next time."""
        self._kept.pop((guild, person), None)

    async def member(self, guild: str, person: str) -> FoundMember | None:
        """See the port."""
        key = (guild, person)
        known = self._kept.get(key)
        if known is not None and self._clock.monotonic_s() - known[0] < FRESH_S:
            return known[1]
        if self._client is None:
            raise UnavailableError("Discord is not connected yet.")
        try:
            async with asyncio.timeout(_WAIT_S):
                found = cast("dict[str, Any]", await self._client.http.get_member(int(guild), int(person)))
        except discord.NotFound:
            self._keep(key, None)
            return None
        except (discord.HTTPException, discord.RateLimited, OSError, aiohttp.ClientError) as error:
            raise UnavailableError(f"Discord did not say who {person} is: {type(error).__name__}.") from error
        user: dict[str, Any] = found.get("user") or {}
        name = found.get("nick") or user.get("global_name") or user.get("username") or person
        member = FoundMember(name=str(name)[:_NAME], roles=tuple(str(role) for role in found.get("roles", ())))
        self._keep(key, member)
        return member

    def _keep(self, key: tuple[str, str], found: FoundMember | None) -> None:
        self._kept[key] = (self._clock.monotonic_s(), found)
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
