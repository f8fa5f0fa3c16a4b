"""*Stop*, *Resume* and *Go back…*, as commands and on the card: stop the agent and continue, losing nothing."""

from collections.abc import Awaitable, Callable
from typing import Literal

import discord
from discord import app_commands, ui

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.forms import read_form
from ompycord.bot.interactions.replies import defer, send_privately, show_form
from ompycord.conductor import checkpoint_words
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import RunRecord
from ompycord.errors import OmpycordError, Refused
from ompycord.render.cards.actions import GO_BACK, PUBLISH, RESUME, STOP
from ompycord.text import cut
from ompycord.text.limits import AUTOCOMPLETE_CHOICES, CHOICE, SELECT_OPTIONS

__all__ = ["run_control_feature"]

_RUN = "This thread's run, or your latest, if left out"
_ABOUT_ROUNDS = "The agent starts again from that result. What came after is kept, but not in the branch."


def run_control_feature(context: BotContext) -> Feature:
    """The commands, the buttons and the form."""
    choices = Choices(context)
    going_back = _GoingBack(context)

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
    @app_commands.autocomplete(round=going_back.rounds)
    async def resume(
        interaction: Interaction,
        run: app_commands.Range[str, 1, 100] | None = None,
        round: app_commands.Range[int, 1, 1000] | None = None,  # noqa: A002  # the option's name
    ) -> None:
        async def put_back(interaction: Interaction, person: Person, record: RunRecord) -> None:
            await going_back.put_back(interaction, person, record, round or 1)

        await act(interaction, run, resumed if round is None else put_back)

    return Feature(
        commands=(stop, resume),
        actions={STOP: stopped, RESUME: resumed, PUBLISH: resumed, GO_BACK: going_back.pressed},
        forms={"gobackto": going_back.submitted},
        role=Role.RUNNER,
    )


class _GoingBack:
    """The work of a paused run is put back to the result of an earlier round."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def rounds(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[int]]:
        """The rounds to which the chosen run can go back."""
        if not self._context.may_use(interaction):
            return []
        try:
            record = await self._context.run(interaction, getattr(interaction.namespace, "run", None))
        except OmpycordError:
            return []
        known = await self._context.checkpoints.of(RunId(record.id))
        shown = [app_commands.Choice(name=cut(checkpoint_words(one), CHOICE), value=one.round) for one in known]
        return [one for one in shown if typed in one.name][-AUTOCOMPLETE_CHOICES:]

    async def pressed(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        """Show the rounds, the latest ones where there are too many."""
        self._context.require(person, GO_BACK.right, record)
        known = (await self._context.checkpoints.of(RunId(record.id)))[-SELECT_OPTIONS:]
        if not known:
            raise Refused(RefusalCode.NOTHING_TO_GO_BACK_TO, run=short_id(record.id))
        options = [
            discord.SelectOption(label=cut(checkpoint_words(one).capitalize(), CHOICE), value=str(one.round))
            for one in known
        ]
        form = ui.Modal(title="Go back", custom_id=self._context.signer.sign("gobackto", record.id), timeout=None)
        choice = ui.Select[ui.Modal](custom_id="round", options=options)
        form.add_item(ui.Label(text="To the result of", description=_ABOUT_ROUNDS, component=choice))
        form.stop()
        await show_form(interaction, form)

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        record = await self._context.visible(interaction, component.ref)
        await self.put_back(interaction, person, record, int(read_form(interaction).choice("round") or 0))

    async def put_back(self, interaction: Interaction, person: Person, record: RunRecord, number: int) -> None:
        """Put it back, and say so. Raises Refused, with the rounds that there are."""
        loaded = await self._context.snapshots.load(record)
        await self._context.checkpoints.roll_back(loaded, number, person)
        await send_privately(interaction, f"Put back to round {number}; the agent continues from there.")
