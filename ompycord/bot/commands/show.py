"""`/omp show` and the card's *Details*, *Diff* and *Checks*: one run in full; only the asking person sees it."""

from functools import partial
from typing import Literal

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer
from ompycord.bot.interactions.run_details import show_part
from ompycord.domain.access import Person
from ompycord.domain.run import RunRecord
from ompycord.render.cards.actions import CHECKS, DETAILS, DIFF

__all__ = ["show_feature"]

Part = Literal["story", "plan", "diff", "checks", "log", "cost", "people", "next", "report", "memory"]


def show_feature(context: BotContext) -> Feature:
    """The command and the buttons."""
    choices = Choices(context)

    @slash_command(name="show", description="One run in full. Only you see it; long parts come as files.")
    @app_commands.describe(
        run="This thread's run, or your latest, if left out", what="Which part; the story if left out"
    )
    @app_commands.autocomplete(run=choices.runs)
    async def show(
        interaction: Interaction, run: app_commands.Range[str, 1, 100] | None = None, what: Part = "story"
    ) -> None:
        await defer(interaction)
        await show_part(context, interaction, await context.run(interaction, run), what)

    async def pressed(part: Part, interaction: Interaction, person: Person, record: RunRecord) -> None:
        await show_part(context, interaction, record, part)

    buttons = {DETAILS: partial(pressed, "story"), DIFF: partial(pressed, "diff"), CHECKS: partial(pressed, "checks")}
    return Feature(commands=(show,), actions=buttons)
