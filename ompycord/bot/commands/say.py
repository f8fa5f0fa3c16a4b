"""`/omp say`, the card's *Say…* and its form: send a message to a run, and read what becomes of it.

No typed text is lost: a message that cannot be sent comes back as a file, and a reply that comes too late is posted in
the channel.
"""

import discord
from discord import app_commands, ui

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.forms import DESCRIPTION, read_form
from ompycord.bot.interactions.replies import NOT_TAKEN, defer, send_privately, show_form, words_to
from ompycord.bot.interactions.typed_answers import MessageAnswers, Taken
from ompycord.bot.rest import SendFailed
from ompycord.conductor import MESSAGE_LENGTH, When
from ompycord.conductor.typed_answers import WrittenMessage
from ompycord.domain.access import Person, Role
from ompycord.domain.policy import is_allowed, resource_of
from ompycord.domain.run import RunRecord
from ompycord.errors import OmpycordError
from ompycord.render.cards.actions import SAY
from ompycord.render.message import RenderedMessage, message
from ompycord.telemetry import get_logger
from ompycord.text import cut

__all__ = ["say_feature"]

_WHEN: dict[When, str] = {
    "next": "After its current step",
    "now": "Now, during its current step",
    "restart": "Restart the agent with this",
}
"""How a message can reach a run."""
_ANSWER = "answer"
ANSWERS_OPTION = "As the answer to its question"
WILL_ANSWER = "It asks something: what you write here is the answer, if you leave it so below."

log = get_logger(__name__)


def say_feature(context: BotContext) -> Feature:
    """The command, the button and the form."""
    saying, choices = _Saying(context), Choices(context)

    @slash_command(name="say", description="Answer a run's question, or send its agent a message.")
    @app_commands.rename(text="message")
    @app_commands.describe(
        text="The message; without it a form opens",
        run="This thread's run, or your latest, if left out",
        when="When the agent reads it; left out, an open question is answered",
    )
    @app_commands.autocomplete(run=choices.runs)
    async def command(
        interaction: Interaction,
        text: app_commands.Range[str, 1, 4000] | None = None,
        run: app_commands.Range[str, 1, 100] | None = None,
        when: When | None = None,
    ) -> None:
        await saying.command(interaction, text, run, when)

    return Feature(
        commands=(command,), actions={SAY: saying.pressed}, forms={"sayform": saying.submitted}, role=Role.RUNNER
    )


class _Saying:
    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._answers = MessageAnswers(context)

    async def command(self, interaction: Interaction, text: str | None, run: str | None, when: When | None) -> None:
        person = self._context.person(interaction)
        if text is None:
            await self._open(interaction, person, await self._context.run(interaction, run), when)
            return
        is_taken = await _is_deferred(interaction)
        await self._notify(interaction, person, run, text, when, is_taken=is_taken)

    async def pressed(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        await self._open(interaction, person, record, None)

    async def _open(self, interaction: Interaction, person: Person, record: RunRecord, when: When | None) -> None:
        preview_message = await self._context.messages.preview_message(record, when or "next", person)
        answers = when is None and await self._may_answer(record, person)
        form = _message_form(
            custom_id=self._context.signer.sign("sayform", record.id),
            preview_message=WILL_ANSWER if answers else reply_texts.preview_message(preview_message),
            chosen=_ANSWER if answers else when or "next",
            options={**({_ANSWER: ANSWERS_OPTION} if answers else {}), **_WHEN},
        )
        await show_form(interaction, form)

    async def _may_answer(self, record: RunRecord, person: Person) -> bool:
        """Whether the run asks something that this person may answer."""
        loaded = await self._context.snapshots.load(record)
        has_question = loaded.snapshot is not None and bool(loaded.snapshot.open_questions)
        return has_question and is_allowed(person, "answer", resource_of(record))

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        form = read_form(interaction)
        chosen = form.choice("when")
        when: When | None = "now" if chosen == "now" else "restart" if chosen == "restart" else "next"
        if chosen == _ANSWER:
            when = None
        is_taken = await _is_deferred(interaction)
        await self._notify(interaction, person, component.ref, form.text("message"), when, is_taken=is_taken)

    async def _notify(
        self, interaction: Interaction, person: Person, run: str | None, text: str, when: When | None, *, is_taken: bool
    ) -> None:
        """Send the text once: the interaction's id identifies a repetition. Then reply in whatever way is open."""
        back: str | None = None
        buttons: RenderedMessage | None = None
        try:
            record = await self._context.run(interaction, run)
            taken = await self._answer(interaction, person, record, text) if when is None else Taken(is_message=True)
            buttons, back = taken.reply, None if taken.is_kept else text
            words = taken.reply.content if taken.reply is not None else ""
            if taken.is_message:
                sent = await self._context.messages.send_message(
                    record, text, when or "next", person, key=str(interaction.id)
                )
                words = "\n".join(part for part in (words, reply_texts.sent(record.id, sent)) if part)
        except OmpycordError as error:
            words = reply_texts.given_back(words_to(interaction, error))
            back = text
        if is_taken:
            files = [("your-text.txt", back)] if back is not None else ()
            await send_privately(interaction, words, files=files, buttons=buttons)
        else:
            await self._post_in_channel(interaction, person, words, back)

    async def _answer(self, interaction: Interaction, person: Person, record: RunRecord, text: str) -> Taken:
        """Take the text as an answer, where the run asks something."""
        loaded = await self._context.snapshots.load(record)
        written = WrittenMessage(text=text, author=person.id)
        taken = await self._answers.take(loaded, written, person, typed=str(interaction.id), is_message=False)
        is_empty = taken.reply is None and not taken.is_message  # the conductor says so
        return Taken(is_message=True) if is_empty else taken

    async def _post_in_channel(self, interaction: Interaction, person: Person, words: str, back: str | None) -> None:
        late = reply_texts.late_reply(person.name, words, self._context.sanitizer)
        what = message(late, sign=self._context.signer.button, attachment=back)
        try:
            await self._context.rest.send(str(interaction.channel_id), what, nonce=str(interaction.id), silent=True)
        except SendFailed as failed:
            log.warning("say.not_answered", cause=str(failed))


async def _is_deferred(interaction: Interaction) -> bool:
    """Defer in time; False where Discord does not accept that, which does not keep the message from being sent."""
    try:
        await defer(interaction)
    except NOT_TAKEN as error:
        log.warning("interaction.missed", cause=str(error)[:200])
        return False
    return True


def _message_form(*, custom_id: str, preview_message: str, chosen: str, options: dict[str, str]) -> ui.Modal:
    """The form for a message to a run. `preview_message` shows what will become of it."""
    modal = ui.Modal(title="Say", custom_id=custom_id, timeout=None)
    field = ui.TextInput[ui.Modal](custom_id="message", style=discord.TextStyle.paragraph, max_length=MESSAGE_LENGTH)
    offered = [discord.SelectOption(label=label, value=name, default=name == chosen) for name, label in options.items()]
    choice = ui.Select[ui.Modal](custom_id="when", options=offered)
    modal.add_item(ui.Label(text="Message", description=cut(preview_message, DESCRIPTION), component=field))
    modal.add_item(ui.Label(text="When", component=choice))
    modal.stop()
    return modal
