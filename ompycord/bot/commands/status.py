"""`/omp status`: the live card again, or the board of all runs; only the asking person sees the copy."""

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.board import rows_of
from ompycord.bot.commands.choices import Choices
from ompycord.bot.desk import Desk
from ompycord.bot.replies import defer, show
from ompycord.bot.scenes import latest_card
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunRecord
from ompycord.errors import Refused
from ompycord.render.board import board_message
from ompycord.render.notices import no_such_run

__all__ = ["add_status"]


def add_status(group: app_commands.Group, desk: Desk, choices: Choices) -> None:
    """Register the command."""

    @group.command(name="status", description="The live card again, or the board of all runs.")
    @app_commands.describe(run="A run; in its thread it is known, elsewhere the board comes without one")
    @app_commands.autocomplete(run=choices.runs)
    async def status(interaction: Interaction, run: app_commands.Range[str, 1, 100] | None = None) -> None:
        await defer(interaction)
        record = await desk.run(interaction, run) if run else await desk.run_here(interaction)
        if record is None:
            await _board(desk, interaction)
        else:
            await _card(desk, interaction, record)


async def _card(desk: Desk, interaction: Interaction, record: RunRecord) -> None:
    scene = await desk.scenes.look(RunId(record.id))
    if scene is None or not desk.is_visible(interaction, record):
        raise Refused(no_such_run())
    copy = desk.scenes.copy_of_card(scene)
    live = latest_card(scene.surfaces)
    if live is not None:
        copy = copy.model_copy(update={"content": desk.rest.url(record.guild, live.channel, live.message)})
    await show(interaction, copy)


async def _board(desk: Desk, interaction: Interaction) -> None:
    rows = await rows_of(desk.store, desk.scenes, str(interaction.guild_id))
    await show(interaction, board_message(rows, sign=desk.signer.button, redact=desk.scenes.redact))
