"""*Stop* and *Resume*, as commands and on the card: stop the agent and continue, without losing anything."""

from collections.abc import Awaitable, Callable
from typing import Literal

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.conductor import checkpoint_words
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunRecord
from ompycord.errors import OmpycordError
from ompycord.render.cards.actions import PUBLISH, RESUME, STOP
from ompycord.text import cut
from ompycord.text.limits import AUTOCOMPLETE_CHOICES, CHOICE

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
        loaded = await context.snapshots.load(record)
        await context.runs.resume(loaded, person)
        is_late = loaded.snapshot is not None and loaded.snapshot.is_unpublished
        await send_privately(
            interaction, "Publishing again; the card says what comes of it." if is_late else "Resumed."
        )

    async def pauses(interaction: Interaction, person: Person, record: RunRecord) -> None:
        await context.checkpoints.pause(record, person)
        words = (
            "It pauses before its next round, if there is one. Continue with *Resume*, or go back: `/omp resume round:`"
        )
        await send_privately(interaction, words)

    async def rounds(interaction: Interaction, typed: str) -> list[app_commands.Choice[int]]:
        """The rounds to which the chosen run can go back."""
        if not context.may_use(interaction):
            return []
        try:
            record = await context.run(interaction, getattr(interaction.namespace, "run", None))
        except OmpycordError:
            return []
        known = await context.checkpoints.of(RunId(record.id))
        shown = [app_commands.Choice(name=cut(checkpoint_words(one), CHOICE), value=one.round) for one in known]
        return [one for one in shown if typed in one.name][-AUTOCOMPLETE_CHOICES:]

    @slash_command(name="stop", description="Pause the agent. Nothing is lost; Resume continues.")
    @app_commands.describe(run=_RUN, when="Now, or before the next round; now if left out")
    @app_commands.autocomplete(run=choices.runs)
    async def stop(
        interaction: Interaction,
        run: app_commands.Range[str, 1, 100] | None = None,
        when: Literal["now", "before the next round"] = "now",
    ) -> None:
        await act(interaction, run, stopped if when == "now" else pauses)

    @slash_command(
        name="resume", description="Continue a stopped or interrupted run, or one that its provider refused."
    )
    @app_commands.describe(run=_RUN, round="Put the work back to how it stood after this round first")
    @app_commands.autocomplete(run=choices.runs)
    @app_commands.autocomplete(round=rounds)
    async def resume(
        interaction: Interaction,
        run: app_commands.Range[str, 1, 100] | None = None,
        round: app_commands.Range[int, 1, 1000] | None = None,  # noqa: A002  # the option's name
    ) -> None:
        async def put_back(interaction: Interaction, person: Person, record: RunRecord) -> None:
            loaded = await context.snapshots.load(record)
            await context.checkpoints.roll_back(loaded, round or 1, person)
            await send_privately(interaction, f"Put back to round {round}; the agent continues from there.")

        await act(interaction, run, resumed if round is None else put_back)

    return Feature(
        commands=(stop, resume), actions={STOP: stopped, RESUME: resumed, PUBLISH: resumed}, role=Role.RUNNER
    )
