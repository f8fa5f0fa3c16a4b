"""A message in the thread of a run that has ended: the offer to start a follow-up with it.

Counterparts: `thread_messages.py`, which reads messages, and `commands/follow_up.py`, the button and its form. The
offer is a draft whose id is made from the message's: by that it is found again, also after a restart, and starts one
run.
"""

import hashlib
from typing import Final

import discord

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.drafts import DraftBody, attached_files
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.bot.interactions.submission import SubmissionService
from ompycord.bot.rest import SendFailed
from ompycord.conductor import LoadedRun
from ompycord.conductor.typed_answers import WrittenMessage
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import DraftId, new_ulid
from ompycord.domain.policy import Circumstances, is_allowed, resource_of
from ompycord.domain.records import Draft
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import RunRecord
from ompycord.domain.task import Mode
from ompycord.errors import Refused, RefusedInWords
from ompycord.render.cards.actions import FOLLOW_UP
from ompycord.render.cards.cardview import Button
from ompycord.render.message import RenderedMessage, message
from ompycord.render.render_context import RenderContext
from ompycord.telemetry import get_logger

__all__ = ["FollowUpOffers", "follow_up_body", "is_for_follow_up", "offer_id", "require_runner"]

_COMMAND: Final = "/omp"

log = get_logger(__name__)


def require_runner(person: Person) -> None:
    """Raises Refused for a person who may start runs nowhere; where they may is asked when the run begins."""
    if not is_allowed(person, "new", context=Circumstances(anywhere=True)):
        raise Refused(RefusalCode.WATCH_ONLY, who="an admin", needs=Role.RUNNER.word)


async def follow_up_body(context: BotContext, record: RunRecord, prompt: str = "") -> DraftBody:
    """A follow-up as a draft: repository, agent, mode and budget are those of the run that it follows.

    Raises Refused.
    """
    task = await context.store.tasks.task(record.task or "")
    if task is None:
        raise Refused(RefusalCode.TASK_MISSING, run=record.id[-6:].lower())
    kept = task.typed()
    if task.mode is Mode.ASK:  # what follows an answer is work; its small limit is the answer's own
        kept |= {"mode": None, "budget_usd": None}
    typed = {name: kept.get(name) for name in ("repository", "agent", "mode", "branch", "budget_usd", "model")}
    body = {"prompt": prompt, "follows": record.id, **{name: value for name, value in typed.items() if value}}
    return DraftBody(typed=body, shown_in=record.channel or task.origin.channel or "")


def is_for_follow_up(written: WrittenMessage) -> bool:
    """Whether a message is meant for the run: a text of a person that is for no one else and is no command."""
    text = written.text.strip()
    return bool(text) and written.is_person and not written.is_to_others and not text.casefold().startswith(_COMMAND)


def offer_id(message_id: str) -> DraftId:
    """The id of the offer for a message; its time is the message's own."""
    entropy = hashlib.sha256(f"follow-up of message {message_id}".encode()).digest()[:10]
    made = discord.utils.snowflake_time(int(message_id))
    return DraftId(new_ulid(now_ms=round(made.timestamp() * 1000), entropy=entropy))


class FollowUpOffers:
    """Offers, changes, withdraws and starts. What was withdrawn keeps its draft, without a text."""

    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._submissions = SubmissionService(context)

    # -- messages ------------------------------------------------------------------------------------------------------

    async def take(self, original: discord.Message, loaded: LoadedRun, written: WrittenMessage, person: Person) -> None:
        """Offer a follow-up for a message, where it is meant for the run and its writer may start one."""
        snapshot = loaded.snapshot
        if (
            not is_for_follow_up(written)
            or not is_allowed(person, "new", resource_of(loaded.record))
            or snapshot is None
        ):
            return
        if not FOLLOW_UP.offered_when(snapshot, RenderContext()):
            return
        body = await follow_up_body(self._context, loaded.record, written.text.strip())
        body = body.model_copy(update={"files": attached_files(original.attachments)})
        draft = Draft(
            id=offer_id(str(original.id)),
            person=person.id,
            guild=str(original.guild.id) if original.guild is not None else "",
            channel=str(original.channel.id),
            body=body.stored(),
            created_at=self._context.clock.now_ms(),
        )
        await self._context.store.drafts.save_draft(draft)
        posted = await self._post(original, self._offered(draft, snapshot.branch))
        if posted is not None:
            body = body.model_copy(update={"offer": posted})
            await self._context.store.drafts.save_draft(draft.model_copy(update={"body": body.stored()}))

    async def change(self, message_id: str, written: WrittenMessage) -> None:
        """Take the new text of a message; one that is not for the run any more is withdrawn."""
        draft = await self._open(message_id)
        if draft is None or draft.person != written.author:
            return
        if not is_for_follow_up(written):
            await self._withdraw(draft)
            return
        body = DraftBody.of(draft).completed(prompt=written.text.strip())
        await self._context.store.drafts.save_draft(draft.model_copy(update={"body": body.stored()}))

    async def delete(self, message_id: str) -> None:
        """Withdraw the offer for a message that was deleted."""
        draft = await self._open(message_id)
        if draft is not None:
            await self._withdraw(draft)

    async def _open(self, message_id: str) -> Draft | None:
        """The offer for a message that can still be started."""
        draft = await self._context.store.drafts.draft(offer_id(message_id))
        return draft if draft is not None and draft.run is None and DraftBody.of(draft).text("prompt") else None

    async def _withdraw(self, draft: Draft) -> None:
        body = DraftBody.of(draft)
        without = body.completed(prompt="").stored()
        await self._context.store.drafts.save_draft(draft.model_copy(update={"body": without}))
        if body.offer is not None:
            await self._close(draft.channel, body.offer, reply_texts.OFFER_WITHDRAWN)

    # -- buttons -------------------------------------------------------------------------------------------------------

    async def start(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Start it, once, for whoever may start runs: the run is theirs."""
        require_runner(person)
        draft = await self._draft(component)
        if draft.run is None and not DraftBody.of(draft).text("prompt"):
            raise RefusedInWords("That offer was withdrawn, so nothing started. Write your message again.")
        record = await self._submissions.resume(interaction, person, draft)
        if record is not None:
            words = reply_texts.started_by(person.name, record.id, self._context.sanitizer)
            await self._close_here(interaction, words)

    async def decline(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Withdraw it."""
        require_runner(person)
        draft = await self._draft(component)
        await defer(interaction)
        if draft.run is not None:
            raise RefusedInWords(f"Run `{draft.run[-6:].lower()}` has started with it already.")
        without = DraftBody.of(draft).completed(prompt="").stored()
        await self._context.store.drafts.save_draft(draft.model_copy(update={"body": without}))
        await self._close_here(interaction, reply_texts.OFFER_DECLINED)
        await send_privately(interaction, reply_texts.OFFER_DECLINED)

    async def _draft(self, component: ComponentId) -> Draft:
        draft = await self._context.store.drafts.draft(component.ref)
        if draft is None:
            raise RefusedInWords("That offer has expired, so nothing started. Write your message again.")
        return draft

    # -- our message ---------------------------------------------------------------------------------------------------

    def _offered(self, draft: Draft, branch: str | None) -> RenderedMessage:
        buttons = (
            Button(action="followgo", label="Start", style="primary", ref=draft.id),
            Button(action="followno", label="No", ref=draft.id),
        )
        words = reply_texts.offer(branch, self._context.sanitizer)
        return message(words, buttons=buttons, sign=self._context.signer.button)

    async def _post(self, original: discord.Message, what: RenderedMessage) -> str | None:
        channel, answered = str(original.channel.id), str(original.id)
        try:
            return await self._context.rest.send(channel, what, nonce=answered, silent=True, reply_to=answered)
        except SendFailed as failed:
            log.info("follow_up.not_offered", cause=str(failed))
            return None

    async def _close_here(self, interaction: Interaction, words: str) -> None:
        ours = interaction.message
        if ours is not None:
            await self._close(str(ours.channel.id), str(ours.id), words)

    async def _close(self, channel: str, offer: str, words: str) -> None:
        """Take the buttons away. Where that fails, they start nothing that they should not."""
        try:
            await self._context.rest.edit(channel, offer, message(words, sign=self._context.signer.button))
        except SendFailed as failed:
            log.info("follow_up.not_closed", cause=str(failed))
