"""The card's *Follow up…* and its form: another run on the branch of one that has ended, in its agent's session."""

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
from ompycord.bot.interactions.forms import DESCRIPTION, read_form
from ompycord.bot.interactions.replies import give_back, show_form
from ompycord.bot.interactions.submission import SubmissionService
from ompycord.bot.interactions.task_form import TYPED_PROMPT
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import RunId
from ompycord.domain.policy import is_allowed
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import RunRecord
from ompycord.errors import OmpycordError, Refused, RefusedInWords
from ompycord.render.cards.actions import FOLLOW_UP
from ompycord.text import cut

__all__ = ["follow_up_feature"]


def follow_up_feature(context: BotContext) -> Feature:
    """The button and the form."""
    follow_ups = _FollowUps(context)
    return Feature(actions={FOLLOW_UP: follow_ups.pressed}, forms={"followf": follow_ups.submitted})


class _FollowUps:
    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._submissions = SubmissionService(context)

    async def pressed(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        """Open the form. What it does not hold waits in a draft."""
        _require_runner(person)
        draft = self._submissions.draft_of(
            interaction, person, await self.body(record), draft_id=self._context.ids.ulid()
        )
        await self._context.store.drafts.save_draft(draft)
        snapshot = await self._context.snapshots.of(RunId(record.id))
        branch = snapshot.branch if snapshot is not None else None
        custom_id = self._context.signer.sign("followf", draft.id)
        await show_form(interaction, _form(custom_id, reply_texts.goes_on_with(branch)))

    async def body(self, record: RunRecord, prompt: str = "") -> DraftBody:
        """A follow-up as a draft: the same repository, agent, mode and budget as the run that it follows."""
        task = await self._context.store.tasks.task(record.task or "")
        if task is None:
            raise Refused(RefusalCode.TASK_MISSING, run=record.id[-6:].lower())
        kept = task.typed()
        typed = {name: kept[name] for name in ("repository", "agent", "mode", "branch", "budget_usd")}
        body = {"prompt": prompt, "follows": record.id, **{name: value for name, value in typed.items() if value}}
        return DraftBody(typed=body, shown_in=record.channel or task.origin.channel or "")

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Take the submitted form, perhaps in another process than the one that opened it."""
        prompt = read_form(interaction).text("prompt").strip()
        try:
            _require_runner(person)
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


def _require_runner(person: Person) -> None:
    if not is_allowed(person, "new"):
        raise Refused(RefusalCode.WATCH_ONLY, who="An admin", needs=Role.RUNNER.word)


def _form(custom_id: str, description: str) -> ui.Modal:
    modal = ui.Modal(title="Follow up", custom_id=custom_id, timeout=None)
    field = ui.TextInput[ui.Modal](custom_id="prompt", style=discord.TextStyle.paragraph, max_length=TYPED_PROMPT)
    modal.add_item(
        ui.Label(text="What should be done next?", description=cut(description, DESCRIPTION), component=field)
    )
    modal.stop()
    return modal
