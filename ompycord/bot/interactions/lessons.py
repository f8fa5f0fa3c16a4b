"""The buttons of a proposal to the memory: *Keep*, *Edit…* with its form, *Drop*; decided once, by the first person.

Counterparts: `render/memory/proposal.py`, which draws them, and `conductor/remembering/`.
"""

from functools import partial
from typing import Final

import discord
from discord import ui

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.decided_once import reply_to_decision
from ompycord.bot.interactions.forms import DESCRIPTION, read_form
from ompycord.bot.interactions.replies import defer, give_back, send_privately, show_form
from ompycord.conductor.remembering import Lessons
from ompycord.conductor.remembering.lessons import LessonDecision
from ompycord.conductor.snapshots import LoadedRun
from ompycord.domain.access import Person
from ompycord.domain.folds.proposed_lesson import ProposedLesson
from ompycord.domain.memory.items import TITLE_LENGTH, NewMemory
from ompycord.domain.policy import Denied, authorize, resource_of
from ompycord.errors import OmpycordError, RefusedInWords
from ompycord.render.marker import question_tag
from ompycord.render.memory.proposal import LESSON_DROP, LESSON_EDIT, LESSON_KEEP

__all__ = ["lessons_feature"]

_BODY: Final = 2000
"""Characters that the form takes; of a longer text the rest is dropped with the edit, as it shows."""
_DONE: Final[dict[LessonDecision, str]] = {
    "kept": "Kept. Agents of later runs here are given it where it fits their task.",
    "edited": "Kept in your words. Agents of later runs here are given it where it fits their task.",
    "dropped": "Dropped. No agent is given it.",
}


def lessons_feature(context: BotContext) -> Feature:
    """The three buttons, and the form of one of them."""
    buttons = _LessonButtons(context)
    return Feature(
        components={
            LESSON_KEEP: partial(buttons.decide, "kept"),
            LESSON_DROP: partial(buttons.decide, "dropped"),
            LESSON_EDIT: buttons.open_form,
        },
        forms={"memform": buttons.submitted},
    )


class _LessonButtons:
    """Handlers whose nonce names the proposal."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def decide(
        self, decision: LessonDecision, interaction: Interaction, person: Person, component: ComponentId
    ) -> None:
        await defer(interaction)
        loaded, found = await self._found(interaction, component)
        committed = await self._lessons.decide(loaded, found.item, decision, person)
        await reply_to_decision(self._context, interaction, committed, _DONE[decision])

    async def open_form(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Rights are checked now, since the form must be the first answer."""
        loaded, found = await self._found(interaction, component)
        if isinstance(authorize(person, "remember", resource_of(loaded.record)), Denied):
            self._context.require(person, "remember", loaded.record)
        if found.status != "open":
            await send_privately(interaction, f"It was {found.status} already. Nothing was changed.")
            return
        custom_id = self._context.signer.sign("memform", component.ref, component.nonce)
        await show_form(interaction, _form(found, custom_id))

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        form = read_form(interaction)
        title, body = form.text("title").strip(), form.text("body").strip()
        await defer(interaction)
        try:
            loaded, found = await self._found(interaction, component)
            if not title:
                raise RefusedInWords("It needs a title. Nothing was saved.")
            text = NewMemory(kind=found.what.kind, title=title, body=body, paths=found.what.paths)
            committed = await self._lessons.decide(loaded, found.item, "edited", person, text=text)
        except OmpycordError as error:
            await give_back(interaction, error, f"{title}\n\n{body}")
            return
        await reply_to_decision(self._context, interaction, committed, _DONE["edited"])

    @property
    def _lessons(self) -> Lessons:
        if self._context.lookups.lessons is None:
            raise RefusedInWords("Nothing is remembered here.")
        return self._context.lookups.lessons

    async def _found(self, interaction: Interaction, component: ComponentId) -> tuple[LoadedRun, ProposedLesson]:
        loaded = await self._context.snapshots.load(await self._context.visible(interaction, component.ref))
        lessons = loaded.snapshot.lessons if loaded.snapshot is not None else ()
        found = next((one for one in lessons if question_tag(one.item) == component.nonce), None)
        if found is None:
            raise RefusedInWords("That proposal is not known any more. Nothing was changed.")
        return loaded, found


def _form(found: ProposedLesson, custom_id: str) -> ui.Modal:
    modal = ui.Modal(title=f"Edit the {found.what.kind.word}", custom_id=custom_id, timeout=None)
    title = ui.TextInput[ui.Modal](custom_id="title", default=found.what.title[:TITLE_LENGTH], max_length=TITLE_LENGTH)
    body = ui.TextInput[ui.Modal](
        custom_id="body",
        style=discord.TextStyle.paragraph,
        default=found.what.body[:_BODY] or None,
        max_length=_BODY,
        required=False,
    )
    about = "What to do, or not to do, the next time."
    modal.add_item(ui.Label(text="Title", description=about[:DESCRIPTION], component=title))
    modal.add_item(ui.Label(text="Details", component=body))
    modal.stop()
    return modal
