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
from ompycord.bot.interactions.replies import NOT_TAKEN, defer, send_privately, show_form, words_for
from ompycord.bot.rest import SendFailed
from ompycord.conductor import MESSAGE_LENGTH, When
from ompycord.domain.access import Person, Role
from ompycord.domain.run import RunRecord
from ompycord.errors import OmpycordError
from ompycord.render.cards.actions import SAY
from ompycord.render.message import message
from ompycord.telemetry import get_logger
from ompycord.text import cut

__all__ = ["say_feature"]

_WHEN: dict[When, str] = {
    "next": "After its current step",
    "now": "Now, during its current step",
    "restart": "Restart the agent with this",
}
"""How a message can reach a run."""

log = get_logger(__name__)


def say_feature(context: BotContext) -> Feature:
    """The command, the button and the form."""
    saying, choices = _Saying(context), Choices(context)

    @slash_command(name="say", description="Send a run a message: an answer, a correction, the next job.")
    @app_commands.rename(text="message")
    @app_commands.describe(
        text="The message; without it a form opens",
        run="This thread's run, or your latest, if left out",
        when="After its current step, if left out",
    )
    @app_commands.autocomplete(run=choices.runs)
    async def command(
        interaction: Interaction,
        text: app_commands.Range[str, 1, 4000] | None = None,
        run: app_commands.Range[str, 1, 100] | None = None,
        when: When = "next",
    ) -> None:
        await saying.command(interaction, text, run, when)

    return Feature(
        commands=(command,), actions={SAY: saying.pressed}, forms={"sayform": saying.submitted}, role=Role.RUNNER
    )


class _Saying:
    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def command(self, interaction: Interaction, text: str | None, run: str | None, when: When) -> None:
        person = self._context.person(interaction)
        if text is None:
            await self._open(interaction, person, await self._context.run(interaction, run), when)
            return
        is_taken = await _is_deferred(interaction)
        await self._notify(interaction, person, run, text, when, is_taken=is_taken)

    async def pressed(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        await self._open(interaction, person, record, "next")

    async def _open(self, interaction: Interaction, person: Person, record: RunRecord, when: When) -> None:
        preview_message = await self._context.messages.preview_message(record, when, person)
        form = _message_form(
            custom_id=self._context.signer.sign("sayform", record.id),
            preview_message=reply_texts.preview_message(preview_message),
            when=when,
        )
        await show_form(interaction, form)

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        form = read_form(interaction)
        chosen = form.choice("when")
        when: When = "now" if chosen == "now" else "restart" if chosen == "restart" else "next"
        is_taken = await _is_deferred(interaction)
        await self._notify(interaction, person, component.ref, form.text("message"), when, is_taken=is_taken)

    async def _notify(
        self, interaction: Interaction, person: Person, run: str | None, text: str, when: When, *, is_taken: bool
    ) -> None:
        """Send the message once: the interaction's id identifies a repetition. Then reply in whatever way is open."""
        back: str | None = None
        try:
            record = await self._context.run(interaction, run)
            sent = await self._context.messages.send_message(record, text, when, person, key=str(interaction.id))
            words = reply_texts.sent(record.id, sent)
        except OmpycordError as error:
            words = reply_texts.given_back(words_for(error, str(interaction.id)[-8:]))
            back = text
        if is_taken:
            await send_privately(interaction, words, files=[("your-text.txt", back)] if back is not None else ())
        else:
            await self._post_in_channel(interaction, person, words, back)

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


def _message_form(*, custom_id: str, preview_message: str, when: When) -> ui.Modal:
    """The form for a message to a run. `preview_message` shows what will become of it."""
    modal = ui.Modal(title="Say", custom_id=custom_id, timeout=None)
    field = ui.TextInput[ui.Modal](custom_id="message", style=discord.TextStyle.paragraph, max_length=MESSAGE_LENGTH)
    options = [discord.SelectOption(label=label, value=name, default=name == when) for name, label in _WHEN.items()]
    choice = ui.Select[ui.Modal](custom_id="when", options=options)
    modal.add_item(ui.Label(text="Message", description=cut(preview_message, DESCRIPTION), component=field))
    modal.add_item(ui.Label(text="When", component=choice))
    modal.stop()
    return modal
