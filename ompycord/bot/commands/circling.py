"""What people decide about an agent that goes in circles: *Continue*, *Change plan…*, *Stop*; buttons of its card."""

import discord
from discord import ui

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.forms import DESCRIPTION, read_form
from ompycord.bot.interactions.replies import defer, send_privately, show_form, words_to
from ompycord.conductor import MESSAGE_LENGTH
from ompycord.domain.access import Person
from ompycord.domain.run import RunRecord
from ompycord.errors import OmpycordError
from ompycord.render.cards.actions import CONTINUE, GIVE_UP, REPLAN

__all__ = ["circling_feature"]

_DESCRIPTION = "The agent starts again with this, in the files as they are."


def circling_feature(context: BotContext) -> Feature:
    """The three buttons and the form."""
    circling = _Circling(context)
    return Feature(
        actions={CONTINUE: circling.continued, REPLAN: circling.replan, GIVE_UP: circling.given_up},
        forms={"replanto": circling.submitted},
    )


class _Circling:
    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def continued(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        await self._context.runs.resume(await self._context.snapshots.load(record), person)
        await send_privately(interaction, "Continued. If it goes in circles again, it is ended and its work is kept.")

    async def given_up(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        await self._context.runs.give_up(await self._context.snapshots.load(record), person)
        await send_privately(interaction, "Stopped. What it made is put on a branch.")

    async def replan(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        await self._context.messages.preview_message(record, "restart", person)
        form = ui.Modal(title="Change plan", custom_id=self._context.signer.sign("replanto", record.id), timeout=None)
        style = discord.TextStyle.paragraph
        field = ui.TextInput[ui.Modal](custom_id="message", style=style, max_length=MESSAGE_LENGTH)
        form.add_item(ui.Label(text="New plan", description=_DESCRIPTION[:DESCRIPTION], component=field))
        form.stop()
        await show_form(interaction, form)

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Send the message, then resume the run: its agent starts with it. A text that cannot be sent comes back."""
        await defer(interaction)
        text = read_form(interaction).text("message")
        try:
            record = await self._context.visible(interaction, component.ref)
            await self._context.messages.send_message(record, text, "restart", person, key=str(interaction.id))
            record = await self._context.visible(interaction, component.ref)
            await self._context.runs.resume(await self._context.snapshots.load(record), person)
        except OmpycordError as error:
            words = reply_texts.given_back(words_to(interaction, error))
            await send_privately(interaction, words, files=[("your-text.txt", text)])
        else:
            await send_privately(interaction, "Sent. The agent starts again with it.")
