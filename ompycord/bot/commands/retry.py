"""The card's *Retry…* and *Run again…*: the task of a run that has ended in a form, to change and run again.

A form starts one run, however often it is sent.
"""

from pydantic import ValidationError

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.flow import Flow
from ompycord.bot.interactions.drafts import DraftBody
from ompycord.bot.interactions.forms import FormValues, read_form
from ompycord.bot.interactions.replies import give_back, show_form
from ompycord.bot.interactions.submission import SubmissionService
from ompycord.bot.interactions.task_form import MODES, TYPED_PROMPT, again_form
from ompycord.domain.access import Person
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.repository import ANOTHER_BASE
from ompycord.domain.run import FINAL, RunKind, RunRecord, RunState
from ompycord.domain.task import Mode
from ompycord.errors import OmpycordError, Refused, RefusedInWords
from ompycord.render.cards.actions import AGAIN, RETRY

__all__ = ["retry_feature"]


def retry_feature(context: BotContext) -> Feature:
    """Both buttons, and their form."""
    again = _RunAgain(context)
    return Feature(actions={RETRY: again.pressed, AGAIN: again.pressed}, forms={"againf": again.submitted})


class _RunAgain:
    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._submissions = SubmissionService(context)

    async def pressed(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        """Open the form. What it does not hold, and a task that is too long for it, waits in a draft."""
        self._context.require(person, "retry", record)
        if record.kind is not RunKind.HOSTED:
            raise Refused(RefusalCode.RUNS_ELSEWHERE, run=short_id(record.id))
        if record.state not in FINAL:
            raise Refused(RefusalCode.NOT_ENDED, run=short_id(record.id))
        task = await self._context.store.tasks.task(record.task or "")
        if task is None:
            raise Refused(RefusalCode.TASK_MISSING, run=short_id(record.id))
        snapshot = await self._context.snapshots.of(RunId(record.id))
        typed = {name: value for name, value in task.typed().items() if value is not None}
        body = DraftBody(typed=typed, kept=task.files, shown_in=record.channel or task.origin.channel or "")
        draft = self._submissions.draft_of(interaction, person, body, draft_id=self._context.ids.ulid())
        form = again_form(
            custom_id=self._context.signer.sign("againf", draft.id),
            title="Edit and run",
            catalog=self._context.catalog,
            repository=self._context.catalog.repository(task.repository),
            task=task,
            is_base_first=_lacks_base(snapshot),
        )
        await self._context.store.drafts.save_draft(draft)
        await show_form(interaction, form)

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Take the submitted form, perhaps in another process than the one that opened it."""
        form = read_form(interaction)
        prompt = form.text("prompt").strip()
        try:
            draft = await self._context.store.drafts.draft(component.ref)
            if draft is None or draft.person != person.id:
                raise RefusedInWords("That form was opened for another person. Press the button yourself.")
            body = _filled(DraftBody.of(draft), form, prompt)
            body.request(body.text("prompt"))  # refuse now what submitting would refuse
        except (OmpycordError, ValidationError) as refused:  # StorageError too: the text is not on disk yet
            await give_back(interaction, refused, prompt)
            return
        whole = self._submissions.draft_of(interaction, person, body, draft_id=component.ref)
        await self._submissions.take(interaction, person, whole, flow=Flow.MODAL_OPEN)


def _lacks_base(snapshot: StatusSnapshot | None) -> bool:
    """Whether the run failed since its base is not there."""
    if snapshot is None or snapshot.state is not RunState.FAILED:
        return False
    return (snapshot.message or "").endswith(ANOTHER_BASE)


def _filled(body: DraftBody, form: FormValues, prompt: str) -> DraftBody:
    """The task with what was typed. Sent twice, it is the same: what is added to a long prompt is added once."""
    before = body.text("prompt")
    if len(before) > TYPED_PROMPT:
        prompt = before if not prompt or before.endswith(f"\n\n{prompt}") else f"{before}\n\n{prompt}"
    agent, _, mode = form.choice("care").partition("|")
    changed = {
        "prompt": prompt,
        "agent": agent,
        "mode": mode if mode in MODES else Mode.STANDARD,
        "done_when": form.text("done").strip() or None,
    }
    if agent != body.text("agent"):
        changed["model"] = None  # a name that another agent gave
    if "follows" not in body.typed:
        changed["branch"] = form.text("base").strip() or None
    return body.completed(**changed)
