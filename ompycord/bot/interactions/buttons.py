"""What each button of a run means: stop, resume, cancel, retry, details, diff, checks; counterpart of `render.actions`."""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.components import Handler
from ompycord.bot.interactions.replies import defer, say
from ompycord.bot.interactions.run_details import show_part
from ompycord.bot.interactions.submission import SubmissionService
from ompycord.bot.rest import SendFailed
from ompycord.domain.access import Person, may
from ompycord.domain.ids import DraftId, RunId, short_id, ulid_time_ms
from ompycord.domain.run import RunRecord
from ompycord.errors import Refused
from ompycord.render.cardview import Button
from ompycord.render.message import message
from ompycord.render.notices import needs_role
from ompycord.telemetry import get_logger

__all__ = ["RunButtons"]

CONFIRM_MS = 15 * 60 * 1000
_REMEMBERED = 200
_SAME_CLICK_MS = 60_000
"""A second press of *Retry* within this time is the same one."""

log = get_logger(__name__)


class RunButtons:
    """Handlers of buttons whose ref is a run (or the draft of a cancellation)."""

    def __init__(self, context: BotContext, submissions: SubmissionService) -> None:
        self._context = context
        self._submissions = submissions
        self._retried: dict[tuple[str, str], tuple[int, str]] = {}

    def table(self) -> dict[str, Handler]:
        """Action to handler."""
        return {
            "stop": self.stop,
            "resume": self.resume,
            "cancel": self.cancel,
            "docancel": self.cancel_confirmed,
            "keep": self.keep,
            "retry": self.retry,
            "again": self.retry,
            "draft": self.start_draft,
            "takeover": self.take_over,
            "details": self._details("story"),
            "diff": self._details("diff"),
            "checks": self._details("checks"),
        }

    async def stop(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        record = await self._context.visible(interaction, component.ref)
        await say(interaction, await self.stopped(record, person))

    async def stopped(self, record: RunRecord, person: Person) -> str:
        """Stop the run; what to say."""
        await self._context.conductor.stop(RunId(record.id), person)
        return f"Run `{short_id(record.id)}` stops. Nothing is lost: *Resume* or `/omp resume` goes on."

    async def resume(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        record = await self._context.visible(interaction, component.ref)
        await say(interaction, await self.resumed(record, person))

    async def resumed(self, record: RunRecord, person: Person) -> str:
        """Resume the run; what to say."""
        await self._context.conductor.resume(RunId(record.id), person)
        return f"Run `{short_id(record.id)}` goes on."

    # -- cancel ------------------------------------------------------------------------------------------------------

    async def cancel(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        record = await self._context.visible(interaction, component.ref)
        await self.ask_cancel(interaction, person, record, reason=None)

    async def ask_cancel(
        self, interaction: Interaction, person: Person, record: RunRecord, *, reason: str | None
    ) -> None:
        """Ask before ending a run for good. The reason waits on disk, under the id in the button."""
        if not may(person, "cancel", requester=record.requester):
            raise Refused(needs_role("approver", self._context.options.approver_role, self._context.sanitizer))
        asked = await self._context.keep_note(interaction, {"cancel": record.id, "reason": reason})
        title, branch = await self._context.title(record), await self._context.branch(record)
        words = reply_texts.confirm_cancel(record, title, branch, self._context.sanitizer)
        buttons = [
            Button(action="docancel", label="Cancel run", style="danger", ref=asked.id),
            Button(action="keep", label="Keep it", ref=asked.id),
        ]
        await say(interaction, words, buttons=message(words, buttons=buttons, sign=self._context.signer.button))

    async def cancel_confirmed(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await interaction.response.defer()
        asked = await self._context.store.draft(component.ref)
        if asked is None or self._context.clock.now_ms() - ulid_time_ms(component.ref) > CONFIRM_MS:
            await say(interaction, reply_texts.CONFIRM_EXPIRED)
            return
        record = await self._context.visible(interaction, str(asked.body["cancel"]))
        await self._context.conductor.cancel(RunId(record.id), person, reason=asked.body.get("reason"))
        await say(
            interaction, reply_texts.cancelled(record, await self._context.branch(record), self._context.sanitizer)
        )

    async def keep(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await interaction.response.defer()
        await say(interaction, reply_texts.NOTHING_CHANGED)

    # -- again -------------------------------------------------------------------------------------------------------

    async def retry(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        record = await self._context.visible(interaction, component.ref)
        key, now = (record.id, person.id), self._context.clock.now_ms()
        at, earlier = self._retried.get(key, (0, ""))
        if now - at < _SAME_CLICK_MS:
            await say(interaction, f"You pressed that already: run `{short_id(earlier)}` is the new one." if earlier
                      else "You pressed that already; the new run is being made.")  # fmt: skip
            return
        self._retried = dict(list(self._retried.items())[-_REMEMBERED:]) | {key: (now, "")}
        try:
            new = await self._context.conductor.retry(RunId(record.id), person)
        except BaseException:
            self._retried.pop(key, None)
            raise
        self._retried[key] = (now, new.id)
        await say(interaction, await self._submissions.where(new))

    async def start_draft(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """The Resume button of a kept text."""
        draft = await self._context.store.draft(component.ref)
        if draft is None or "prompt" not in draft.body:
            raise Refused("That text is not kept any more, so no run can start. `/omp new` takes it again.")
        if draft.person != person.id:
            raise Refused("That is somebody else's text; only its writer can start it.")
        message_of_ours = interaction.message
        record = await self._submissions.resume(interaction, person, draft)
        is_public = message_of_ours is not None and not message_of_ours.flags.ephemeral
        if record is not None and message_of_ours is not None and is_public:
            words = reply_texts.resumed_by(person.name, DraftId(record.id), self._context.sanitizer)
            closed = message(words, sign=self._context.signer.button)
            try:
                await self._context.rest.edit(str(message_of_ours.channel.id), str(message_of_ours.id), closed)
            except SendFailed as failed:  # the run started, which the reply says; the button starts no second one
                log.info("resume.not_closed", run=record.id, cause=str(failed))

    async def take_over(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        record = await self._context.visible(interaction, component.ref)
        if not may(person, "say", requester=record.requester):
            raise Refused(needs_role("runner", self._context.options.approver_role, self._context.sanitizer))
        await say(
            interaction, reply_texts.take_over(record, await self._context.branch(record), self._context.sanitizer)
        )

    # -- looking -----------------------------------------------------------------------------------------------------

    def _details(self, part: str) -> Handler:
        async def handle(interaction: Interaction, person: Person, component: ComponentId) -> None:
            await defer(interaction)
            record = await self._context.visible(interaction, component.ref)
            await show_part(self._context, interaction, record, part)

        return handle
