"""From an interaction to a `Person`: role ids of the interaction's own member data, default deny.

Counterpart: `domain.access`, which defines the roles. Used at every command, click and form.
"""

import discord

from ompycord.bot.lookups import Lookups
from ompycord.bot.options import BotOptions
from ompycord.domain.access import Access, Person, Role
from ompycord.domain.ports.people import FoundMember

__all__ = ["Interaction", "access_of", "is_ours", "member", "own_roles", "person_of"]

Interaction = discord.Interaction[discord.Client]
"""An interaction as our client gets it."""

_NAME = 128


def is_ours(interaction: Interaction, options: BotOptions) -> bool:
    """Whether it comes from a configured server. Direct messages and other servers are ignored."""
    return interaction.guild_id is not None and str(interaction.guild_id) in options.guilds


def access_of(guild: str | None, options: BotOptions, lookups: Lookups) -> Access:
    """The roles that hold in a server now."""
    return options.access if lookups.roles is None else lookups.roles.access(guild)


def person_of(interaction: Interaction, options: BotOptions, lookups: Lookups) -> Person:
    """Who acts, with the role that they have at this moment; none outside the configured servers."""
    return member(interaction.user, options, lookups, is_ours=is_ours(interaction, options))


def own_roles(user: discord.Member) -> tuple[str, ...]:
    """The ids of a member's roles."""
    # `Member.roles` goes through the cache of guilds, which lacks what the gateway has not sent yet.
    return tuple(str(role_id) for role_id in user._roles)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # see above


def member(user: discord.User | discord.Member, options: BotOptions, lookups: Lookups, *, is_ours: bool) -> Person:
    """The author of a message as a person."""
    name = user.display_name[:_NAME] or str(user.id)
    if not is_ours or not isinstance(user, discord.Member):
        return Person(id=str(user.id), name=name, role=Role.NONE)
    guild, roles = str(user.guild.id), own_roles(user)
    if lookups.members is not None:
        lookups.members.note(guild, str(user.id), FoundMember(name=name, roles=roles))
    return access_of(guild, options, lookups).person(str(user.id), name, roles, guild=guild)
