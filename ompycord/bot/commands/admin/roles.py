"""`/omp-admin role` and `who`: give a role in the server, a repository or a channel, and see who has one."""

from typing import Literal

import discord
from discord import app_commands

from ompycord.bot.access import Interaction, own_roles
from ompycord.bot.commands.admin.admins import require_admin
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.conductor.roles.book import RoleBook
from ompycord.domain.access import Role
from ompycord.domain.roles.grants import RoleGrant
from ompycord.errors import RefusedInWords
from ompycord.render.team.who import role_rows, who_text

__all__ = ["roles_feature"]

RoleChoice = Literal["none", "viewer", "runner", "approver", "admin", "as configured"]
Name = app_commands.Range[str, 1, 100]


def roles_feature(context: BotContext) -> Feature:
    """The commands."""
    choices, roles = Choices(context), _Roles(context)

    @slash_command(name="role", description="Give a person or a role of Discord another role here.")
    @app_commands.describe(
        role="What they may do; *as configured* takes back what was given here",
        member="A person",
        discord_role="A role of Discord: everybody who has it",
        repository="Only in this repository",
        in_channel="Only in this channel",
    )
    @app_commands.autocomplete(repository=choices.repositories)
    async def role(
        interaction: Interaction,
        role: RoleChoice,
        member: discord.Member | None = None,
        discord_role: discord.Role | None = None,
        repository: Name | None = None,
        in_channel: discord.TextChannel | None = None,
    ) -> None:
        await defer(interaction)
        if (member is None) == (discord_role is None):
            raise RefusedInWords("Name a member or a role of Discord, one of both. Nothing was changed.")
        if repository is not None and in_channel is not None:
            raise RefusedInWords("Name a repository or a channel, not both. Nothing was changed.")
        subject = str(member.id) if member is not None else str(discord_role.id if discord_role is not None else "")
        where = (repository, None if in_channel is None else str(in_channel.id))
        await roles.change(interaction, role, ("user" if member is not None else "role", subject), where)

    @slash_command(name="who", description="Who has which role in this channel and its repository.")
    @app_commands.describe(repository="Another repository than this channel's")
    @app_commands.autocomplete(repository=choices.repositories)
    async def who(interaction: Interaction, repository: Name | None = None) -> None:
        await defer(interaction)
        await roles.show(interaction, repository)

    admins = {one.name: Role.ADMIN for one in (role, who)}
    return Feature(admin=(role, who), exceptions=admins)


class _Roles:
    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def change(
        self,
        interaction: Interaction,
        role: RoleChoice,
        subject: tuple[Literal["user", "role"], str],
        where: tuple[str | None, str | None],
    ) -> None:
        person, book = require_admin(interaction, self._context), self._book()
        repository, channel = where
        if repository is not None:
            self._context.catalog.repository(repository)
        grant = RoleGrant(
            guild=str(interaction.guild_id),
            place="repository" if repository is not None else "channel" if channel is not None else "server",
            name=repository or channel or "",
            kind=subject[0],
            subject=subject[1],
            role="none" if role == "as configured" else role,
            by=person.id,
            by_name=person.name,
            at=self._context.clock.now_ms(),
        )
        mine = own_roles(interaction.user) if isinstance(interaction.user, discord.Member) else ()
        who = f"<@{grant.subject}>" if grant.kind == "user" else f"<@&{grant.subject}>"
        place = _place(repository, channel)
        if role == "as configured":
            was_there = await book.take_back(grant, person, own_roles=mine)
            words = f"{who} has again what the settings give {place}."
            await send_privately(interaction, words if was_there else f"Nothing was given to {who} {place}.")
            return
        await book.give(grant, person, own_roles=mine)
        now = "no role" if role == "none" else f"the role *{role}*"
        await send_privately(interaction, f"{who} has {now} {place} from now on. `/omp-admin who` lists all.")

    async def show(self, interaction: Interaction, repository: str | None) -> None:
        require_admin(interaction, self._context)
        guild, channel = str(interaction.guild_id), self._context.channel_of(interaction)
        catalog = self._context.catalog
        spec = catalog.repository(repository) if repository is not None else catalog.preset(channel)
        name = None if spec is None else spec.name
        access = self._context.access(guild)
        grants = [one for one in self._book().grants(guild) if one.name in {"", name, channel}]
        rows = role_rows(access.within(guild=guild, repository=name, channel=channel), grants)
        scopes = (access.servers.get(guild), access.repositories.get(name or ""), access.channels.get(channel))
        caps = [Role[one.most.upper()] for one in scopes if one is not None and one.most is not None]
        place = f"<#{channel}>" + (f" and {self._context.sanitizer.line(name, 60)}" if name else "")
        text = who_text(place, rows, min(caps).word if caps else None, self._context.sanitizer)
        await send_privately(interaction, text)

    def _book(self) -> RoleBook:
        """Raises Refused where roles are those of the settings alone."""
        if self._context.lookups.roles is None:
            raise RefusedInWords("Roles are those of `ompycord.yml` here: change `access` there.")
        return self._context.lookups.roles


def _place(repository: str | None, channel: str | None) -> str:
    if repository is not None:
        return f"in the repository {repository}"
    return f"in <#{channel}>" if channel is not None else "in this server"
