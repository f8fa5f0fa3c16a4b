"""*Give it…* below a request for a secret: how this person gives it, said to them alone. Its value never comes here.

Counterpart of `render/approvals/secret_requests.py`.
"""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.domain.access import Person
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused
from ompycord.render.approvals.secret_requests import GIVE, give_words
from ompycord.render.cards.cardview import Button
from ompycord.render.marker import question_tag
from ompycord.render.message import message

__all__ = ["secret_feature"]


def secret_feature(context: BotContext) -> Feature:
    """The button."""

    async def give(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        loaded = await context.snapshots.load(await context.visible(interaction, component.ref))
        requests = (one for one in (loaded.snapshot.questions if loaded.snapshot else ()) if one.secret is not None)
        found = next((one for one in requests if question_tag(one.ref) == component.nonce), None)
        pages = context.lookups.secret_pages
        if found is None or found.secret is None or pages is None:
            raise Refused(RefusalCode.ANSWER_NOT_NEEDED)
        link = await pages.link(loaded, found.secret, person)
        if link is None:
            await send_privately(interaction, give_words(loaded.run, found.secret, context.sanitizer, until=None))
            return
        made, address = link
        words = give_words(loaded.run, found.secret, context.sanitizer, until=made.until)
        button = Button(label="Open the page", style="link", url=address)
        await send_privately(interaction, words, buttons=message(words, buttons=[button], sign=context.signer.button))

    return Feature(components={GIVE.action or "": give})
