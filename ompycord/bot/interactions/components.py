"""One stateless dispatcher for every button and form.

It has a signed id, a table of handlers, and a text as the answer for all else. Counterpart: `custom_ids.py`. Rights are
checked here or in the conductor at every click, from the interaction's own data.
"""

from typing import Any, cast

import discord

from ompycord.bot.access import Interaction, is_ours
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId, Rejection
from ompycord.bot.feature import Handler
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.replies import explain, send_privately
from ompycord.bot.refusing import refused_without_role, watch_refusals
from ompycord.bot.run_view import latest_card
from ompycord.domain.access import Role
from ompycord.domain.ids import RunId
from ompycord.render.help import help_text
from ompycord.render.notices import old_button

__all__ = ["Dispatcher"]


class Dispatcher:
    """Finds the handler of a click or a submitted form."""

    def __init__(self, context: BotContext, handlers: dict[str, Handler]) -> None:
        self._context = context
        self._handlers = handlers

    async def dispatch(self, interaction: Interaction) -> None:
        """Answer it, always."""
        try:
            await self._dispatch(interaction)
        except Exception as error:  # noqa: BLE001  # the top edge of buttons and forms: everything becomes words
            await explain(interaction, error)

    async def _dispatch(self, interaction: Interaction) -> None:
        data = cast("dict[str, Any]", interaction.data or {})
        person = self._context.person(interaction)
        component = self._context.signer.read(str(data.get("custom_id", "")))
        what = None if isinstance(component, Rejection) else component.action
        watch_refusals(interaction, person, self._context.refusals, what=what)
        if not is_ours(interaction, self._context.options):
            refused_without_role(interaction)
            await send_privately(interaction, reply_texts.ELSEWHERE)
            return
        if not self._context.may_use(interaction):
            refused_without_role(interaction)
            await send_privately(interaction, help_text([], Role.NONE))
            return
        if isinstance(component, Rejection):
            await send_privately(interaction, _rejected(interaction, component))
            return
        handler = self._handlers.get(component.action)
        if handler is None:
            await send_privately(interaction, await self._unknown(component))
            return
        await handler(interaction, person, component)

    async def _unknown(self, component: ComponentId) -> str:
        """Answer a component of ours from a version that had another button."""
        run = RunId(component.ref)
        card = latest_card(tuple(await self._context.store.surfaces.surfaces(run)))
        record = await self._context.store.records.run(run)
        if card is None or record is None:
            return reply_texts.no_handler(component.action)
        return old_button(self._context.rest.url(record.guild, card.channel, card.message))


def _rejected(interaction: Interaction, rejection: Rejection) -> str:
    if rejection is Rejection.OLD:
        return reply_texts.no_handler("of an older form")
    is_form = interaction.type is discord.InteractionType.modal_submit
    return reply_texts.FORM_UNKNOWN if is_form else reply_texts.BUTTON_UNKNOWN
