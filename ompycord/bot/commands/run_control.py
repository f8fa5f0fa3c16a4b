"""`/omp stop` and `/omp resume`: halt the agent and go on, without losing anything."""

from collections.abc import Awaitable, Callable

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.interactions.buttons import RunButtons
from ompycord.bot.interactions.replies import defer, say
from ompycord.domain.access import Person
from ompycord.domain.run import RunRecord

__all__ = ["add_run_control"]

_RUN = "This thread's run, or your latest, if left out"


def add_run_control(group: app_commands.Group, context: BotContext, choices: Choices, buttons: RunButtons) -> None:
    """Register both commands."""

    async def act(
        interaction: Interaction, run: str | None, move: Callable[[RunRecord, Person], Awaitable[str]]
    ) -> None:
        await defer(interaction)
        record = await context.run(interaction, run)
        await say(interaction, await move(record, context.person(interaction)))

    @group.command(name="stop", description="Halt the agent now. Nothing is lost; the run waits for you.")
    @app_commands.describe(run=_RUN)
    @app_commands.autocomplete(run=choices.runs)
    async def stop(interaction: Interaction, run: app_commands.Range[str, 1, 100] | None = None) -> None:
        await act(interaction, run, buttons.stopped)

    @group.command(name="resume", description="Go on with a stopped, failed or interrupted run.")
    @app_commands.describe(run=_RUN)
    @app_commands.autocomplete(run=choices.runs)
    async def resume(interaction: Interaction, run: app_commands.Range[str, 1, 100] | None = None) -> None:
        await act(interaction, run, buttons.resumed)
