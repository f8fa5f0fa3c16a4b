"""An issue as a task: shown first, whole, with its hidden parts marked; *Start* uses those bytes and no others.

Counterpart of `conductor/pull_requests/issues.py`, which reads it.
"""

import hashlib

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.interactions.drafts import DraftBody
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.bot.interactions.submission import SubmissionService
from ompycord.conductor.pull_requests.issues import IssueName
from ompycord.domain.access import Person
from ompycord.domain.events import Note
from ompycord.domain.ids import RunId
from ompycord.domain.issues.snapshot import IssueSnapshot
from ompycord.domain.task import IssueSource
from ompycord.errors import RefusedInWords
from ompycord.render.cards.cardview import Button
from ompycord.render.message import message
from ompycord.render.phrases import and_list, count
from ompycord.render.sanitizer import Sanitizer

__all__ = ["IssueTasks", "issue_words"]

_EXPIRED = "That view of the issue has expired, so nothing started. Ask for it again with `/omp new`."


class IssueTasks:
    """Shows issues and starts what was shown."""

    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._submissions = SubmissionService(context)

    async def show(self, interaction: Interaction, person: Person, body: DraftBody, name: IssueName) -> None:
        """Read the issue and show what an agent would read of it. `body` names repository and agent already."""
        await defer(interaction)
        snapshot = await self._context.pull_requests.issues.read(name, body.text("prompt"))
        whole = body.completed(prompt=snapshot.text, issue=snapshot.source.model_dump(mode="json"))
        draft = self._submissions.draft_of(interaction, person, whole, draft_id=self._context.ids.ulid())
        await self._context.store.drafts.save_draft(draft)
        button = Button(action="issuego", label="Start", style="primary", ref=draft.id)
        words = issue_words(snapshot, self._context.sanitizer)
        await send_privately(
            interaction,
            words,
            files=[(f"issue-{name.number}.txt", snapshot.text.encode())],
            buttons=message(words, buttons=[button], sign=self._context.signer.button),
        )

    async def start(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Start what was shown, once. What came later is listed and not read."""
        draft = await self._context.store.drafts.draft(component.ref)
        if draft is None:
            raise RefusedInWords(_EXPIRED)
        if draft.person != person.id:
            raise RefusedInWords("Only who asked for that issue can start it. `/omp new` shows it to you.")
        body = DraftBody.of(draft)
        source = IssueSource.model_validate(body.typed.get("issue"))
        if hashlib.sha256(body.text("prompt").encode()).hexdigest() != source.sha256:
            raise RefusedInWords(_EXPIRED)
        is_new = draft.run is None
        record = await self._submissions.resume(interaction, person, draft)
        if record is None or not is_new:
            return
        later = await self._context.pull_requests.issues.later(record.repository or "", source)
        if later:
            words = f"Came later in issue {source.number} and is not read: {and_list(later, most=6)}."[:500]
            await self._context.pull_requests.note(RunId(record.id), Note(text=words))
            await send_privately(interaction, self._context.sanitizer.line(words, 500))


def issue_words(snapshot: IssueSnapshot, sanitizer: Sanitizer) -> str:
    """What a person is told of the text that an agent will read; the text itself is beside it."""
    hidden = [count(number, kind) for kind, number in snapshot.hidden.items()]
    outsiders = [f"@{sanitizer.line(login, 60)}" for login in snapshot.outsiders]
    lines = [
        _head(snapshot),
        f"⚠ Hidden on the forge and marked in it: {and_list(hidden, most=6)}." if hidden else "",
        f"⚠ Words of people outside the team: {and_list(outsiders, most=6)}." if outsiders else "",
        f"{count(snapshot.left_out, 'comment')} did not fit." if snapshot.left_out else "",
    ]
    return "\n".join(line for line in lines if line)


def _head(snapshot: IssueSnapshot) -> str:
    number, size, digest = snapshot.source.number, len(snapshot.text), snapshot.source.sha256[:12]
    return f"What the agent will read of issue {number}, and nothing else: {size:,} characters, SHA-256 `{digest}`."
