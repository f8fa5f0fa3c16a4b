"""*Accept changed tests* and *Mark ready*: a person decides on a result. Counterpart of `conductor.Approvals`."""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.replies import send_privately
from ompycord.domain.access import Person
from ompycord.domain.run import RunRecord
from ompycord.render.cards.actions import ACCEPT, MARK_READY

__all__ = ["accept_feature"]


def accept_feature(context: BotContext) -> Feature:
    """The buttons."""

    async def accepted(interaction: Interaction, person: Person, record: RunRecord) -> None:
        number = await context.approvals.accept_changes(await context.snapshots.load(record), person)
        what = "the change" if number == 1 else f"{number} changes"
        await send_privately(interaction, f"Accepted {what}. The run is verified now, with your name.")

    async def marked_ready(interaction: Interaction, person: Person, record: RunRecord) -> None:
        await context.approvals.mark_ready(await context.snapshots.load(record), person)
        await send_privately(interaction, "Its pull request asks for review in a moment; the card says when.")

    return Feature(actions={ACCEPT: accepted, MARK_READY: marked_ready})
