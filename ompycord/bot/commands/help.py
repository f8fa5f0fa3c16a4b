"""`/omp help`: what a person's role allows here; it lists the commands of all features."""

from collections.abc import Sequence
from typing import cast

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import show
from ompycord.domain.access import Role
from ompycord.render.help import help_text
from ompycord.render.message import message

__all__ = ["help_feature"]


def help_feature(context: BotContext, others: Sequence[Feature]) -> Feature:
    """The command, which lists the others and itself."""

    @slash_command(name="help", description="What you may do here, with your own role.")
    @app_commands.describe(topic="A word to look for")
    async def help_command(interaction: Interaction, topic: app_commands.Range[str, 1, 50] | None = None) -> None:
        role = context.role_here(interaction) if context.may_use(interaction) else Role.NONE
        rows = [row for feature in (*others, ours) for row in feature.help]
        words = help_text(rows, role, topic=topic, command_id=_id_of(interaction))
        await show(interaction, message(embeds=({"description": words},), sign=context.signer.sign))

    ours = Feature(commands=(help_command,))
    return ours


def _id_of(interaction: Interaction) -> str | None:
    """The id of `/omp` in this server, which Discord sends with every use of it."""
    found = cast("dict[str, object]", interaction.data or {}).get("id")
    return found if isinstance(found, str) and found.isdecimal() else None
