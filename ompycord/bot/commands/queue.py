"""`/omp queue`: messages to a run that no agent has taken yet; editing and withdrawing them."""

from discord import TextStyle, app_commands, ui

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.forms import read_form
from ompycord.bot.interactions.replies import defer, give_back, send_privately, show_form
from ompycord.conductor import MESSAGE_LENGTH
from ompycord.domain.access import Person, Role
from ompycord.domain.component_state import MessageEdit
from ompycord.domain.ids import RunId
from ompycord.errors import OmpycordError, Refused, RefusedInWords
from ompycord.text import cut
from ompycord.text.limits import AUTOCOMPLETE_CHOICES

__all__ = ["queue_feature"]

_RUN = "This thread's run, or your latest, if left out"
_NAME = 100
_FORM_MS = 24 * 3600 * 1000
"""Milliseconds for which an edit form stays valid: no one leaves one open for longer, and its text is given back."""


def queue_feature(context: BotContext) -> Feature:
    """The commands, and the form in which a message is edited."""
    messages, choices = _WaitingMessages(context), Choices(context)
    queue = app_commands.Group(name="queue", description="Messages that wait for the agent of a run.")

    @queue.command(name="list", description="Messages that no agent has read yet.")
    @app_commands.describe(run=_RUN)
    @app_commands.autocomplete(run=choices.runs)
    async def listed(interaction: Interaction, run: app_commands.Range[str, 1, 100] | None = None) -> None:
        await messages.show(interaction, run)

    @queue.command(name="edit", description="Edit a queued message.")
    @app_commands.describe(message="Which message", run=_RUN)
    @app_commands.autocomplete(message=messages.completed, run=choices.runs)
    async def edit(
        interaction: Interaction,
        message: app_commands.Range[str, 1, 100],
        run: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        await messages.open_form(interaction, message, run)

    @queue.command(name="drop", description="Remove a queued message.")
    @app_commands.describe(message="Which message", run=_RUN)
    @app_commands.autocomplete(message=messages.completed, run=choices.runs)
    async def drop(
        interaction: Interaction,
        message: app_commands.Range[str, 1, 100],
        run: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        await messages.drop(interaction, message, run)

    return Feature(
        commands=(queue,),
        forms={"editsaid": messages.edited},
        role=Role.RUNNER,
        exceptions={"list": Role.VIEWER},
    )


class _WaitingMessages:
    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def completed(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        if not self._context.may_use(interaction):
            return []
        try:
            record = await self._context.run(interaction, getattr(interaction.namespace, "run", None))
        except Refused:
            return []
        waiting = await self._context.messages.waiting(RunId(record.id))
        found = [one for one in waiting if typed.lower() in one.body.text.lower()]
        return [
            app_commands.Choice(
                name=cut(self._context.renderer.redact(" ".join(one.body.text.split())), _NAME), value=one.id
            )
            for one in found[:AUTOCOMPLETE_CHOICES]
        ]

    async def show(self, interaction: Interaction, run: str | None) -> None:
        await defer(interaction)
        record = await self._context.run(interaction, run)
        waiting = await self._context.messages.waiting(RunId(record.id))
        await send_privately(interaction, reply_texts.waiting(record.id, waiting, self._context.sanitizer))

    async def open_form(self, interaction: Interaction, message: str, run: str | None) -> None:
        record = await self._context.run(interaction, run)
        waiting = await self._context.messages.waiting(RunId(record.id))
        known = next((one for one in waiting if one.id == message), None)
        if known is None:
            raise RefusedInWords("No such message: the agent has read it, or it was removed.")
        meaning = MessageEdit(run=record.id, message=known.id)
        state = await self._context.keep_meaning(meaning, valid_ms=_FORM_MS)
        form = edit_form(custom_id=self._context.signer.sign("editsaid", state), text=known.body.text)
        await show_form(interaction, form)

    async def edited(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        text = read_form(interaction).text("message")
        try:
            meaning = await self._context.meaning(component)
            if not isinstance(meaning, MessageEdit):
                raise RefusedInWords("That form has expired, so nothing was changed.")
            record = await self._context.visible(interaction, meaning.run)
            message = await self._context.messages.edit(record, meaning.message, text, person)
        except OmpycordError as refused:
            await give_back(interaction, refused, text)
            return
        await send_privately(interaction, reply_texts.edited(message.body.text, self._context.sanitizer))

    async def drop(self, interaction: Interaction, message: str, run: str | None) -> None:
        await defer(interaction)
        record = await self._context.run(interaction, run)
        dropped = await self._context.messages.drop(record, message, self._context.person(interaction))
        await send_privately(interaction, reply_texts.dropped(dropped.body.text, self._context.sanitizer))


def edit_form(*, custom_id: str, text: str) -> ui.Modal:
    """A form with a waiting message, to be edited."""
    modal = ui.Modal(title="Edit the message", custom_id=custom_id, timeout=None)
    field = ui.TextInput[ui.Modal](
        custom_id="message", style=TextStyle.paragraph, default=text[:MESSAGE_LENGTH], max_length=MESSAGE_LENGTH
    )
    modal.add_item(ui.Label(text="Message", description="It keeps its place in the queue.", component=field))
    modal.stop()
    return modal
