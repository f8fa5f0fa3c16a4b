"""The card's *Retry* and *Run again*: another run of the same task; one message makes one run, whoever presses it."""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.replies import send_privately
from ompycord.bot.interactions.submission import SubmissionService
from ompycord.domain.access import Person
from ompycord.domain.ids import short_id
from ompycord.domain.run import RunRecord
from ompycord.render.cards.actions import AGAIN, RETRY

__all__ = ["retry_feature"]

_NAME = 60


def retry_feature(context: BotContext) -> Feature:
    """Both buttons."""
    submissions = SubmissionService(context)

    async def pressed(interaction: Interaction, person: Person, record: RunRecord) -> None:
        message = interaction.message
        key = str(message.id if message is not None else interaction.id)
        receipt = await context.runs.retry(record, person, key=key)
        first = receipt.first
        if first is None:
            words = await submissions.where(receipt.record)
        else:
            who = "You" if first.by == person.id else context.sanitizer.line(first.by_name, _NAME)
            words = f"{who} pressed that already: run `{short_id(receipt.record.id)}` is the new one."
        await send_privately(interaction, words)

    return Feature(actions={RETRY: pressed, AGAIN: pressed})
