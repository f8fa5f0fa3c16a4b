"""`/omp help`: what one may do here, by one's own role; its table lists the commands that exist."""

from typing import cast

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.interactions.replies import say
from ompycord.domain.access import Role
from ompycord.render.help import CommandHelp, help_text
from ompycord.render.help import Role as RoleName

__all__ = ["ROLE_NEEDED", "add_help"]

ROLE_NEEDED: dict[str, RoleName] = {
    "omp new": "runner",
    "omp say": "runner",
    "omp stop": "runner",
    "omp resume": "runner",
    "omp cancel": "runner",
    "omp queue edit": "runner",
    "omp queue drop": "runner",
}
"""Commands that need more than looking. Stopping and cancelling other people's runs needs *approver*."""


def add_help(group: app_commands.Group, context: BotContext) -> None:
    """Register the command; added last, so that it knows the others."""

    @group.command(name="help", description="What you may do here, with your own role.")
    @app_commands.describe(topic="A word to look for")
    async def help_command(interaction: Interaction, topic: app_commands.Range[str, 1, 50] | None = None) -> None:
        role = context.person(interaction).role
        name = cast("RoleName", role.name.lower()) if role is not Role.NONE else None
        await say(interaction, help_text(_table(group), name, topic=topic))


def _table(group: app_commands.Group) -> list[CommandHelp]:
    return [
        CommandHelp(
            usage=" ".join([f"/{command.qualified_name}", *(option.name for option in command.parameters)]),
            text=command.description,
            role=ROLE_NEEDED.get(command.qualified_name, "viewer"),
        )
        for command in group.walk_commands()
        if isinstance(command, app_commands.Command)
    ]
