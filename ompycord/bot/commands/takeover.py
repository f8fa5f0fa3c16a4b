"""*Take over* of an open run and *Check out* of an ended one: how a person continues by hand.

Counterpart of `ompycord takeover`.
"""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.replies import send_privately
from ompycord.domain.access import Person
from ompycord.domain.run import FINAL, RunRecord
from ompycord.render.cards.actions import CHECK_OUT, TAKEOVER

__all__ = ["takeover_feature"]


def takeover_feature(context: BotContext) -> Feature:
    """Both buttons."""

    async def taken_over(interaction: Interaction, person: Person, record: RunRecord) -> None:
        context.require(person, TAKEOVER.right, record)
        if record.state in FINAL:  # the button of an older card
            await checked_out(interaction, person, record)
        else:
            await send_privately(interaction, reply_texts.take_over(record, context.sanitizer))

    async def checked_out(interaction: Interaction, person: Person, record: RunRecord) -> None:
        branch = (await context.snapshots.load(record)).branch
        words = reply_texts.check_out(record, branch, context.catalog.remote_of(record), context.sanitizer)
        await send_privately(interaction, words)

    return Feature(actions={TAKEOVER: taken_over, CHECK_OUT: checked_out})
