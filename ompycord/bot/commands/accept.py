"""*Accept changed tests*: a person takes what a run changed of tests. Counterpart of `conductor.Approvals`."""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.replies import send_privately
from ompycord.domain.access import Person
from ompycord.domain.run import RunRecord
from ompycord.render.cards.actions import ACCEPT

__all__ = ["accept_feature"]


def accept_feature(context: BotContext) -> Feature:
    """The button."""

    async def accepted(interaction: Interaction, person: Person, record: RunRecord) -> None:
        number = await context.approvals.accept_changes(await context.snapshots.load(record), person)
        what = "the change" if number == 1 else f"{number} changes"
        await send_privately(interaction, f"Accepted {what}. The run is verified now, with your name.")

    return Feature(actions={ACCEPT: accepted})
