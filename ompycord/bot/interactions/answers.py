"""Answers to questions, by option button or form; decided once, by the first person.

Counterpart of `render.question`.
"""

from functools import partial

import discord
from discord import ui

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature, Handler
from ompycord.bot.interactions.decided_once import reply_to_decision, require_open, what_next
from ompycord.bot.interactions.forms import DESCRIPTION, read_form
from ompycord.bot.interactions.replies import defer, give_back, show_form
from ompycord.conductor import LoadedRun
from ompycord.domain.access import Person
from ompycord.domain.folds.snapshot import Question
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import OmpycordError, Refused, RefusedInWords
from ompycord.render.marker import question_tag
from ompycord.render.sanitizer import Sanitizer

__all__ = ["answers_feature"]

_OPTIONS = 20
_ANSWER_LIMIT = 4000


def answers_feature(context: BotContext) -> Feature:
    """The option buttons, *Answer…* and its form."""
    answers = _Answers(context)
    options: dict[str, Handler] = {f"opt{index}": partial(answers.option, index) for index in range(_OPTIONS)}
    return Feature(components={**options, "answer": answers.open_form}, forms={"ansform": answers.submitted})


class _Answers:
    """Handlers whose nonce is the question's tag."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def option(self, index: int, interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        loaded, question = await self._load_question(interaction, component)
        if index >= len(question.options):
            raise Refused(RefusalCode.NOT_AN_OPTION)
        await self._answer(interaction, person, loaded, question, question.options[index])

    async def open_form(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        loaded, question = await self._load_question(interaction, component)
        await require_open(self._context, person, loaded, "answer", "question", question.ref)
        custom_id = self._context.signer.sign("ansform", component.ref, component.nonce)
        form = _answer_form(question, custom_id=custom_id, sanitizer=self._context.sanitizer)
        await show_form(interaction, form)

    async def submitted(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        text = read_form(interaction).text("answer").strip()
        await defer(interaction)
        if not text:
            raise RefusedInWords("The answer is empty, so nothing was sent.")
        try:
            loaded, question = await self._load_question(interaction, component)
            await self._answer(interaction, person, loaded, question, text)
        except OmpycordError as error:
            await give_back(interaction, error, text)

    async def _load_question(self, interaction: Interaction, component: ComponentId) -> tuple[LoadedRun, Question]:
        loaded = await self._context.snapshots.load(await self._context.visible(interaction, component.ref))
        for question in loaded.snapshot.questions if loaded.snapshot else ():
            if question_tag(question.ref) == component.nonce:
                return loaded, question
        raise Refused(RefusalCode.ANSWER_NOT_NEEDED)

    async def _answer(
        self, interaction: Interaction, person: Person, loaded: LoadedRun, question: Question, answer: str
    ) -> None:
        committed = await self._context.approvals.answer(loaded, question.ref, answer, person)
        shown = self._context.sanitizer.line(answer, 300)
        next_ = what_next(loaded)
        words = f"Your answer: *{shown}*.{next_}" if next_ else f"Answer sent: *{shown}*."
        await reply_to_decision(self._context, interaction, committed, words)


def _answer_form(question: Question, *, custom_id: str, sanitizer: Sanitizer) -> ui.Modal:
    """The form for an answer in free text. The beginning of the question stands above the input."""
    modal = ui.Modal(title="Answer", custom_id=custom_id, timeout=None)
    field = ui.TextInput[ui.Modal](custom_id="answer", style=discord.TextStyle.paragraph, max_length=_ANSWER_LIMIT)
    text = sanitizer.label(question.text, DESCRIPTION)
    modal.add_item(ui.Label(text="Your answer", description=text or None, component=field))
    modal.stop()
    return modal
