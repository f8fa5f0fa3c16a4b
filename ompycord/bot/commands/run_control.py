"""*Stop* and *Resume*, as commands and on the card: stop the agent and continue, without losing anything."""

from collections.abc import Awaitable, Callable

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.domain.access import Person, Role
from ompycord.domain.run import RunRecord
from ompycord.render.cards.actions import RESUME, STOP

__all__ = ["run_control_feature"]

_RUN = "This thread's run, or your latest, if left out"


def run_control_feature(context: BotContext) -> Feature:
    """Both commands and both buttons."""
    choices = Choices(context)

    async def act(
        interaction: Interaction, run: str | None, move: Callable[[Interaction, Person, RunRecord], Awaitable[None]]
    ) -> None:
        await defer(interaction)
        record = await context.run(interaction, run)
        await move(interaction, context.person(interaction), record)

    async def stopped(interaction: Interaction, person: Person, record: RunRecord) -> None:
        await context.runs.stop(record, person)
        await send_privately(interaction, "Stopped. Nothing is lost; continue with *Resume* or `/omp resume`.")

    async def resumed(interaction: Interaction, person: Person, record: RunRecord) -> None:
        await context.runs.resume(await context.snapshots.load(record), person)
        await send_privately(interaction, "Resumed.")

    @slash_command(name="stop", description="Pause the agent. Nothing is lost; Resume continues.")
    @app_commands.describe(run=_RUN)
    @app_commands.autocomplete(run=choices.runs)
    async def stop(interaction: Interaction, run: app_commands.Range[str, 1, 100] | None = None) -> None:
        await act(interaction, run, stopped)

    @slash_command(
        name="resume", description="Continue a stopped or interrupted run, or one that its provider refused."
    )
    @app_commands.describe(run=_RUN)
    @app_commands.autocomplete(run=choices.runs)
    async def resume(interaction: Interaction, run: app_commands.Range[str, 1, 100] | None = None) -> None:
        await act(interaction, run, resumed)

    return Feature(commands=(stop, resume), actions={STOP: stopped, RESUME: resumed}, role=Role.RUNNER)
