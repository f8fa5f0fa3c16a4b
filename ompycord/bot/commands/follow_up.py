"""The card's *Follow up…* and its form: another run on the branch of one that has ended, in its agent's session.

Counterpart: `interactions/follow_ups.py`, which offers the same for a message in the thread.
"""

import discord
from discord import ui
from pydantic import ValidationError

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.flow import Flow
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.drafts import DraftBody
from ompycord.bot.interactions.follow_ups import FollowUpOffers, follow_up_body, require_runner
from ompycord.bot.interactions.forms import DESCRIPTION, read_form
from ompycord.bot.interactions.replies import give_back, show_form
from ompycord.bot.interactions.submission import SubmissionService
from ompycord.bot.interactions.task_form import TYPED_PROMPT
from ompycord.domain.access import Person
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunRecord
from ompycord.errors import OmpycordError, RefusedInWords
from ompycord.render.cards.actions import FOLLOW_UP
from ompycord.text import cut

__all__ = ["follow_up_feature"]


def follow_up_feature(context: BotContext) -> Feature:
    """The button, the form, and what is offered for a message in the thread of a run that has ended."""
    follow_ups, offers = _FollowUps(context), FollowUpOffers(context)
    return Feature(
        actions={FOLLOW_UP: follow_ups.pressed},
        components={"followgo": offers.start, "followno": offers.decline},
        forms={"followf": follow_ups.submitted},
    )


class _FollowUps:
    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._submissions = SubmissionService(context)

    async def pressed(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        """Open the form. What it does not hold waits in a draft."""
        self._context.require(person, "new", record)
        draft = self._submissions.draft_of(
            interaction, person, await follow_up_body(self._context, record), draft_id=self._context.ids.ulid()
        )
        await self._context.store.drafts.save_draft(draft)
        snapshot = await self._context.snapshots.of(RunId(record.id))
        branch = snapshot.branch if snapshot is not None else None
        custom_id = self._context.signer.sign("followf", draft.id)
        await show_form(interaction, _form(custom_id, reply_texts.goes_on_with(branch)))

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Take the submitted form, perhaps in another process than the one that opened it."""
        prompt = read_form(interaction).text("prompt").strip()
        try:
            require_runner(person)
            draft = await self._context.store.drafts.draft(component.ref)
            if draft is None or draft.person != person.id:
                raise RefusedInWords("That form was opened for another person. *Follow up…* opens one for you.")
            body = DraftBody.of(draft).completed(prompt=prompt)
            body.request(prompt)  # refuse now what submitting would refuse
        except (OmpycordError, ValidationError) as refused:  # StorageError too: the text is not on disk yet
            await give_back(interaction, refused, prompt)
            return
        whole = self._submissions.draft_of(interaction, person, body, draft_id=component.ref)
        await self._submissions.take(interaction, person, whole, flow=Flow.MODAL_OPEN)


def _form(custom_id: str, description: str) -> ui.Modal:
    modal = ui.Modal(title="Follow up", custom_id=custom_id, timeout=None)
    field = ui.TextInput[ui.Modal](custom_id="prompt", style=discord.TextStyle.paragraph, max_length=TYPED_PROMPT)
    modal.add_item(
        ui.Label(text="What should be done next?", description=cut(description, DESCRIPTION), component=field)
    )
    modal.stop()
    return modal
