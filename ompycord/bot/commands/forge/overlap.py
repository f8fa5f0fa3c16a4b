"""What people do about other work on the same files: *Wait for it*, *Build on it*, *Go on*; buttons of a card."""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.replies import send_privately
from ompycord.bot.interactions.submission import SubmissionService
from ompycord.domain.access import Person
from ompycord.domain.run import RunRecord
from ompycord.render.cards.actions import BUILD_ON, GO_ON, WAIT_FOR
from ompycord.render.cards.overlaps import other_work
from ompycord.render.phrases import and_list

__all__ = ["overlap_feature"]


def overlap_feature(context: BotContext) -> Feature:
    """The three buttons."""
    submissions = SubmissionService(context)

    async def wait(interaction: Interaction, person: Person, record: RunRecord) -> None:
        other = await context.overlaps.wait(await context.snapshots.load(record), person)
        it = other_work(other, context.sanitizer)
        await send_privately(interaction, f"Waiting for {it}. It goes on by itself once that is over.")

    async def build_on(interaction: Interaction, person: Person, record: RunRecord) -> None:
        begun = await context.overlaps.build_on(await context.snapshots.load(record), person)
        where = await submissions.where(begun)
        await send_privately(interaction, f"Cancelled; its task starts again on the other branch. {where}")

    async def go_on(interaction: Interaction, person: Person, record: RunRecord) -> None:
        others = await context.overlaps.go_on(await context.snapshots.load(record), person)
        them = and_list([other_work(other, context.sanitizer) for other in others], most=3)
        await send_privately(interaction, f"Going on beside {them}. A new conflict is shown on the card.")

    return Feature(actions={WAIT_FOR: wait, BUILD_ON: build_on, GO_ON: go_on})
