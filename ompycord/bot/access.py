"""From an interaction to a `Person`: role ids of the interaction's own member data, default deny.

Counterpart: `domain.access`, which defines the roles. Used at every command, click and form.
"""

import discord

from ompycord.bot.options import BotOptions
from ompycord.domain.access import Person, Role

__all__ = ["Interaction", "is_ours", "member", "person_of"]

Interaction = discord.Interaction[discord.Client]
"""An interaction as our client gets it."""

_NAME = 128


def is_ours(interaction: Interaction, options: BotOptions) -> bool:
    """Whether it comes from a configured server. Direct messages and other servers are ignored."""
    return interaction.guild_id is not None and str(interaction.guild_id) in options.guilds


def person_of(interaction: Interaction, options: BotOptions) -> Person:
    """Who acts, with the role that they have at this moment; none outside the configured servers."""
    return member(interaction.user, options, is_ours=is_ours(interaction, options))


def member(user: discord.User | discord.Member, options: BotOptions, *, is_ours: bool) -> Person:
    """The author of a message as a person."""
    role = Role.NONE
    if is_ours and isinstance(user, discord.Member):
        # `Member.roles` goes through the cache of guilds, which lacks what the gateway has not sent yet.
        roles = [str(role_id) for role_id in user._roles]  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # see above
        role = options.access.role_of(str(user.id), roles)
    return Person(id=str(user.id), name=user.display_name[:_NAME] or str(user.id), role=role)
