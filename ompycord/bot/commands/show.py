"""`/omp show`: one run in full; only the asking person sees it."""

from typing import Literal

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.interactions.replies import defer
from ompycord.bot.interactions.run_details import show_part

__all__ = ["add_show"]

Part = Literal["story", "plan", "diff", "checks", "log", "cost", "people", "next"]


def add_show(group: app_commands.Group, context: BotContext, choices: Choices) -> None:
    """Register the command."""

    @group.command(name="show", description="One run in full. Only you see it; long parts come as files.")
    @app_commands.describe(
        run="This thread's run, or your latest, if left out", what="Which part; the story if left out"
    )
    @app_commands.autocomplete(run=choices.runs)
    async def show(
        interaction: Interaction, run: app_commands.Range[str, 1, 100] | None = None, what: Part = "story"
    ) -> None:
        await defer(interaction)
        await show_part(context, interaction, await context.run(interaction, run), what)
