"""`/omp health`: Discord as the bot sees it, then what the composition root knows of the machine."""

from collections.abc import Callable

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.interactions.replies import defer, say
from ompycord.bot.lookups import HealthLine

__all__ = ["add_health"]


def add_health(group: app_commands.Group, context: BotContext, discord_line: Callable[[], HealthLine]) -> None:
    """Register the command."""

    @group.command(name="health", description="Discord, agents, confinement, disk, providers.")
    async def health(interaction: Interaction) -> None:
        await defer(interaction)
        waiting = len(await context.store.outbox(limit=100))
        owed = f"{waiting if waiting < 100 else 'more than 99'} messages wait for Discord"  # noqa: PLR2004  # the limit above
        lines = [
            discord_line(),
            HealthLine(name="Outbox", is_ok=waiting == 0, text=owed if waiting else "nothing waits"),
            *await context.lookups.health(),
        ]
        text = "\n".join(
            f"{'✅' if line.is_ok else '⚠'} **{context.sanitizer.line(line.name, 60)}** {context.sanitizer.line(line.text, 300)}"
            for line in lines
        )
        await say(interaction, text)
