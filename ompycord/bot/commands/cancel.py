"""`/omp cancel`: end a run for good, after a confirmation."""

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.interactions.buttons import RunButtons
from ompycord.bot.interactions.replies import defer

__all__ = ["add_cancel"]


def add_cancel(group: app_commands.Group, context: BotContext, choices: Choices, buttons: RunButtons) -> None:
    """Register the command."""

    @group.command(name="cancel", description="End a run for good. Its record stays; work not yet published is gone.")
    @app_commands.describe(run="This thread's run, or your latest, if left out", reason="Why; it stands on the card")
    @app_commands.autocomplete(run=choices.runs)
    async def cancel(
        interaction: Interaction,
        run: app_commands.Range[str, 1, 100] | None = None,
        reason: app_commands.Range[str, 1, 400] | None = None,
    ) -> None:
        await defer(interaction)
        record = await context.run(interaction, run)
        await buttons.ask_cancel(interaction, context.person(interaction), record, reason=reason)
