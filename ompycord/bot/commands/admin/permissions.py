"""`/omp-admin permissions`: what was allowed here for a day, and ending one of it."""

from collections.abc import Sequence

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.admin.admins import require_admin
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.conductor.risk.standing import StandingPermissions
from ompycord.domain.access import Role
from ompycord.domain.policy import is_allowed
from ompycord.domain.risk.standing import CallDecision
from ompycord.errors import RefusedInWords
from ompycord.render.approvals.standing import standing_name, standing_text
from ompycord.text.limits import AUTOCOMPLETE_CHOICES, CHOICE

__all__ = ["permissions_feature"]


def permissions_feature(context: BotContext) -> Feature:
    """The command."""

    async def permission_names(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        if not is_allowed(context.person(interaction), "admin"):
            return []
        found = await _standing(context).listed(str(interaction.guild_id))
        named = [(standing_name(one, context.sanitizer)[:CHOICE], one.id) for one in found]
        wanted = typed.strip().lower()
        return [
            app_commands.Choice(name=name, value=id_)
            for name, id_ in named[:AUTOCOMPLETE_CHOICES]
            if wanted in name.lower() or wanted == id_.lower()
        ]

    @slash_command(name="permissions", description="What was allowed here for a day; ends one of it.")
    @app_commands.describe(end="Which one to end; all are listed, if left out")
    @app_commands.autocomplete(end=permission_names)
    async def permissions(interaction: Interaction, end: str | None = None) -> None:
        await defer(interaction)
        admin, guild = require_admin(interaction, context), str(interaction.guild_id)
        standing = _standing(context)
        found = await standing.listed(guild)
        if end is None:
            await send_privately(interaction, standing_text(found, context.sanitizer))
            return
        one = _named(end, found)
        if one is None or not await standing.revoke(guild, one.id, admin):
            raise RefusedInWords("No such permission holds here. `/omp-admin permissions` lists those that do.")
        await send_privately(interaction, f"Ended: {standing_name(one, context.sanitizer)}. The next run asks again.")

    return Feature(admin=(permissions,), exceptions={permissions.name: Role.ADMIN})


def _standing(context: BotContext) -> StandingPermissions:
    """Raises Refused where nothing can be allowed for a day."""
    if context.approvals.standing is None:
        raise RefusedInWords("Nothing can be allowed for a day here.")
    return context.approvals.standing


def _named(typed: str, found: Sequence[CallDecision]) -> CallDecision | None:
    wanted = typed.strip().upper()
    return next((one for one in found if wanted in {one.id, one.id[-6:]}), None)
