"""`/omp status`: the live card again, or the board of all runs; only the asking person sees the copy."""

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, show
from ompycord.bot.run_view import latest_card
from ompycord.domain.ids import RunId
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import RunRecord
from ompycord.errors import Refused
from ompycord.render.board import board_message

__all__ = ["status_feature"]


def status_feature(context: BotContext) -> Feature:
    """The command."""
    choices = Choices(context)

    @slash_command(name="status", description="Show a run's card, or all runs.")
    @app_commands.describe(run="A run; in its thread it is known, elsewhere the board comes without one")
    @app_commands.autocomplete(run=choices.runs)
    async def status(interaction: Interaction, run: app_commands.Range[str, 1, 100] | None = None) -> None:
        await defer(interaction)
        record = await context.run(interaction, run) if run else await context.run_here(interaction)
        if record is None:
            await _board(context, interaction)
        else:
            await _card(context, interaction, record)

    return Feature(commands=(status,))


async def _card(context: BotContext, interaction: Interaction, record: RunRecord) -> None:
    run_view = await context.renderer.view(RunId(record.id))
    if run_view is None and context.is_visible(interaction, record):
        context.snapshots.require_readable(RunId(record.id))
    if run_view is None or not context.is_visible(interaction, record):
        raise Refused(RefusalCode.NO_SUCH_RUN)
    copy = context.renderer.copy_of_card(run_view)
    live = latest_card(run_view.surfaces)
    if live is not None:
        copy = copy.model_copy(update={"content": context.rest.url(record.guild, live.channel, live.message)})
    await show(interaction, copy)


async def _board(context: BotContext, interaction: Interaction) -> None:
    rows = await context.renderer.board_rows(
        str(interaction.guild_id), is_shown=lambda record: context.is_visible(interaction, record)
    )
    await show(interaction, board_message(rows, sign=context.signer.button, redact=context.renderer.redact))
