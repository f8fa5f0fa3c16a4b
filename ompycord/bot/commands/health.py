"""`/omp health`: Discord as the bot sees it, then what the composition root knows of the machine."""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.bot.lookups import HealthLine

__all__ = ["health_feature"]


def health_feature(context: BotContext) -> Feature:
    """The command."""

    @slash_command(name="health", description="Discord, agents, confinement, disk, providers.")
    async def health(interaction: Interaction) -> None:
        await defer(interaction)
        waiting = len(await context.store.outbox.outbox(limit=100))
        pending = f"{waiting if waiting < 100 else 'more than 99'} messages wait for Discord"  # noqa: PLR2004  # the limit above
        lines = [
            context.connection(),
            HealthLine(name="Message queue", is_ok=waiting == 0, text=pending if waiting else "empty"),
            *await context.lookups.health(),
        ]
        text = "\n".join(
            f"{'✅' if line.is_ok else '⚠'} **{context.sanitizer.line(line.name, 60)}** "
            f"{context.sanitizer.line(line.text, 300)}"
            for line in lines
        )
        await send_privately(interaction, text)

    return Feature(commands=(health,))
