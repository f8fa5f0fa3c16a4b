"""The card's *Take over*: how a person continues by hand; counterpart of `ompycord takeover`."""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.replies import send_privately
from ompycord.domain.access import Person
from ompycord.domain.run import RunRecord
from ompycord.render.cards.actions import TAKEOVER

__all__ = ["takeover_feature"]


def takeover_feature(context: BotContext) -> Feature:
    """The button."""

    async def pressed(interaction: Interaction, person: Person, record: RunRecord) -> None:
        context.require(person, TAKEOVER.right, record)
        await send_privately(
            interaction, reply_texts.take_over(record, (await context.snapshots.load(record)).branch, context.sanitizer)
        )

    return Feature(actions={TAKEOVER: pressed})
