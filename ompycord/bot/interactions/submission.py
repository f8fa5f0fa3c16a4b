"""From typed text to a started run, along `flow.py`'s table: persist, acknowledge, then work.

docs/contracts/commands-and-buttons.md, *Answer in three seconds*. The run starts once or not at all, and the text is
never lost.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.flow import Flow, FlowStep, Signal, advance
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.drafts import DraftBody, submission_of
from ompycord.bot.interactions.replies import NOT_TAKEN, defer, send_privately, words_for
from ompycord.bot.refusing import refused
from ompycord.bot.rest import SendFailed
from ompycord.domain.access import Person
from ompycord.domain.ids import DraftId, RunId
from ompycord.domain.records import Draft
from ompycord.domain.run import RunRecord
from ompycord.errors import OmpycordError, StorageError
from ompycord.render.cards.cardview import Button
from ompycord.render.message import RenderedMessage, message
from ompycord.render.notices import reply_too_late
from ompycord.telemetry import get_logger

__all__ = ["SubmissionService"]

DURABLE_S = 2.0
"""Seconds without a stored draft after which the answer is deferred."""
KEEP_PAUSES_S = (0.1, 0.3, 1.0, 2.0, 5.0, 10.0, 15.0)
"""Seconds between tries of a database that refuses; Discord's token is valid for 15 minutes."""
SUMMARY_S = 10.0
"""Seconds for which the reply waits for the summary's address."""

log = get_logger(__name__)


@dataclass(slots=True)
class _Case:
    """One text with the state of its submission."""

    interaction: Interaction
    person: Person
    draft: Draft
    received_s: float
    writing: asyncio.Task[bool] | None = None
    record: RunRecord | None = None
    notes: list[str] = field(default_factory=list[str])
    why: str = ""


class SubmissionService:
    """Takes texts from commands, forms and *Try again* buttons."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def take(
        self, interaction: Interaction, person: Person, draft: Draft, *, flow: Flow, signal: Signal = Signal.TEXT_CAME
    ) -> RunRecord | None:
        """Walk the table until nothing is left to do; the run, if one was started.

        The 3 seconds count from now: to be called at once when the interaction came.
        """
        case = _Case(interaction, person, draft, received_s=self._context.clock.monotonic_s())
        async with asyncio.TaskGroup() as group:
            next_signal: Signal | None = signal
            while next_signal is not None:
                before, (flow, step) = flow, advance(flow, next_signal)
                log.debug(
                    "flow", draft=draft.id, signal=str(next_signal), step=str(step), was=str(before), now=str(flow)
                )
                next_signal = await self._do(step, case, group)
        return case.record

    async def _do(self, step: FlowStep, case: _Case, group: asyncio.TaskGroup) -> Signal | None:
        match step:
            case FlowStep.KEEP:
                case.writing = group.create_task(self._keep(case.draft))
                left = DURABLE_S - (self._context.clock.monotonic_s() - case.received_s)
                return await self._written(case.writing, max(left, 0.0))
            case FlowStep.KEEP_ON:
                return Signal.KEPT if case.writing is None else await self._written(case.writing, None)
            case FlowStep.ACKNOWLEDGE | FlowStep.DEFER:
                return await self._acknowledge(case, is_kept=step is FlowStep.ACKNOWLEDGE)
            case FlowStep.START:
                return await self._start(case)
            case _:
                await self._end(step, case)
                return None

    # -- the draft ---------------------------------------------------------------------------------------------------

    async def _keep(self, draft: Draft) -> bool:
        """Write the draft, with repetitions; whether it is on disk."""
        for pause in (*KEEP_PAUSES_S, None):
            try:
                await self._context.store.drafts.save_draft(draft)
            except StorageError as error:
                log.warning("draft.waits", draft=draft.id, cause=str(error))
                if pause is not None:
                    await self._context.clock.sleep(pause)
            else:
                return True
        return False

    @staticmethod
    async def _written(writing: asyncio.Task[bool], timeout: float | None) -> Signal:
        """Finish a write, which a timeout of ours never interrupts."""
        done, _ = await asyncio.wait([writing], timeout=timeout)
        if not done:
            return Signal.LATE
        return Signal.KEPT if writing.result() else Signal.LOST

    # -- the answer --------------------------------------------------------------------------------------------------

    async def _acknowledge(self, case: _Case, *, is_kept: bool) -> Signal:
        try:
            if is_kept:
                await send_privately(
                    case.interaction, reply_texts.KEPT, buttons=self._resume_button(case.draft, reply_texts.KEPT)
                )
            else:
                await defer(case.interaction)
        except NOT_TAKEN as error:
            log.warning("interaction.missed", draft=case.draft.id, cause=str(error)[:200])
            return Signal.MISSED
        return Signal.TAKEN

    def _resume_button(self, draft: Draft, content: str) -> RenderedMessage:
        button = Button(action="draft", label="Try again", style="primary", ref=draft.id)
        return message(content, buttons=[button], sign=self._context.signer.button)

    # -- the run -----------------------------------------------------------------------------------------------------

    async def _start(self, case: _Case) -> Signal:
        try:
            submission, case.notes = await submission_of(
                case.draft,
                rest=self._context.rest,
                keep=self._context.lookups.keep_file,
                sanitizer=self._context.sanitizer,
            )
            case.record = await self._context.runs.submit(DraftId(case.draft.id), submission, case.person)
        except (OmpycordError, ValueError) as error:  # ValueError: pydantic's
            refused(case.interaction, error)
            case.why = words_for(error, case.draft.id[-6:].lower())
            return Signal.DECLINED
        return Signal.STARTED

    # -- the last word -----------------------------------------------------------------------------------------------

    async def _end(self, step: FlowStep, case: _Case) -> None:
        match step:
            case FlowStep.SHOW:
                await self._notify(case, await self._where(case))
            case FlowStep.REFUSE:
                words = f"{case.why} Your text is saved: press *Try again*."
                await self._notify(case, words, buttons=self._resume_button(case.draft, words))
            case FlowStep.GIVE_BACK:
                why = "I could not save that now, so no run was started."
                typed = str(case.draft.body.get("prompt", ""))
                await self._notify(case, reply_texts.given_back(why), files=[("your-text.txt", typed)])
            case FlowStep.OFFER_RESUME:
                words = reply_too_late()
                await self._post(case, self._resume_button(case.draft, words))
            case FlowStep.REPORT_LOSS:
                words = reply_texts.text_lost(case.person.name, self._context.sanitizer)
                await self._post(case, message(words, sign=self._context.signer.button))
            case _:
                pass

    async def _where(self, case: _Case) -> str:
        return reply_texts.NOTHING_CHANGED if case.record is None else await self.where(case.record, case.notes)

    async def where(self, record: RunRecord, notes: Sequence[str] = ()) -> str:
        """The text that the run started, and where. A database that cannot be read now changes only the text."""
        try:
            url = await self._context.live.posted(RunId(record.id), SUMMARY_S)
        except StorageError as error:
            log.warning("mirror.not_read", run=record.id, cause=str(error))
            url = None
        return (
            reply_texts.started(record.id, url, notes)
            if url
            else reply_texts.shown_in_channel(record.id, record.channel, notes)
        )

    async def _notify(
        self,
        case: _Case,
        words: str,
        *,
        files: list[tuple[str, str | bytes]] | None = None,
        buttons: RenderedMessage | None = None,
    ) -> None:
        """Send a reply on which the run does not depend."""
        try:
            await send_privately(case.interaction, words, files=files or (), buttons=buttons)
        except NOT_TAKEN as error:
            log.warning("reply.not_taken", draft=case.draft.id, cause=str(error)[:200])

    async def _post(self, case: _Case, what: RenderedMessage) -> None:
        """Post in the channel, since the reply is no longer possible. Mentions no one."""
        try:
            await self._context.rest.send(
                str(case.interaction.channel_id), what, nonce=case.draft.id[-25:], silent=True
            )
        except SendFailed as failed:
            log.warning("resume.not_posted", draft=case.draft.id, cause=str(failed))

    # -- Try again --------------------------------------------------------------------------------------------------

    async def resume(self, interaction: Interaction, person: Person, draft: Draft) -> RunRecord | None:
        """The *Try again* button: submit the same draft again; it becomes one run however often it is pressed."""
        return await self.take(interaction, person, draft, flow=Flow.ERROR_RECOVERY, signal=Signal.RESUME_CLICKED)

    def draft_of(self, interaction: Interaction, person: Person, body: DraftBody, *, draft_id: str) -> Draft:
        """A draft of what was typed, not yet stored."""
        return Draft(
            id=draft_id,
            person=person.id,
            guild=str(interaction.guild_id),
            channel=str(interaction.channel_id),
            body=body.stored(),
            created_at=self._context.clock.now_ms(),
        )
