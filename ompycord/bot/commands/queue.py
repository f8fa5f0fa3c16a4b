"""`/omp queue`: what was said to a run and no agent has yet, and taking it back."""

from discord import app_commands

from ompycord.bot import wording
from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.desk import Desk
from ompycord.bot.replies import defer, say
from ompycord.domain.access import Role
from ompycord.domain.ids import RunId
from ompycord.errors import Refused
from ompycord.text import cut
from ompycord.text.limits import AUTOCOMPLETE_CHOICES

__all__ = ["add_queue"]

_RUN = "This thread's run, or your latest, if left out"
_NAME = 100


def add_queue(group: app_commands.Group, desk: Desk, choices: Choices) -> None:
    """Register both commands."""
    queue = app_commands.Group(
        name="queue", description="What was said to a run and waits for its agent.", parent=group
    )

    @queue.command(name="list", description="What was said to a run and no agent has yet.")
    @app_commands.describe(run=_RUN)
    @app_commands.autocomplete(run=choices.runs)
    async def listed(interaction: Interaction, run: app_commands.Range[str, 1, 100] | None = None) -> None:
        await defer(interaction)
        record = await desk.run(interaction, run)
        waiting = await desk.conductor.waiting(RunId(record.id))
        await say(interaction, wording.waiting(record.id, waiting, desk.inert))

    async def completed(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        if desk.person(interaction).role < Role.VIEWER:
            return []
        try:
            record = await desk.run(interaction, getattr(interaction.namespace, "run", None))
        except Refused:
            return []
        waiting = await desk.conductor.waiting(RunId(record.id))
        found = [one for one in waiting if typed.lower() in one.body.text.lower()]
        return [
            app_commands.Choice(name=cut(" ".join(one.body.text.split()), _NAME), value=one.id)
            for one in found[:AUTOCOMPLETE_CHOICES]
        ]

    @queue.command(name="drop", description="Take back what was said, as long as no agent has it.")
    @app_commands.rename(said="message")
    @app_commands.describe(said="What to take back", run=_RUN)
    @app_commands.autocomplete(said=completed, run=choices.runs)
    async def drop(
        interaction: Interaction,
        said: app_commands.Range[str, 1, 100],
        run: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        await defer(interaction)
        record = await desk.run(interaction, run)
        taken_back = await desk.conductor.drop(RunId(record.id), said, desk.person(interaction))
        await say(interaction, wording.dropped(taken_back.body.text, desk.inert))
