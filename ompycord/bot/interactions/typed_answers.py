"""Typed answers: what a message or `/omp say` answers, *Undo*, and the choice among several questions.

Counterpart: `conductor/typed_answers/`, which judges what is an answer, keeps it and gives it.
"""

from dataclasses import dataclass
from typing import Final

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions import reply_texts
from ompycord.bot.interactions.replies import defer, defer_update, send_privately
from ompycord.bot.refusing import note_code
from ompycord.conductor import LoadedRun, TypedInLog
from ompycord.conductor.typed_answers import Judgement, MessageVerdict, WrittenMessage, answer_to, judge
from ompycord.domain.access import Person, Role
from ompycord.domain.component_state import AnswerChoice
from ompycord.domain.folds.snapshot import Question
from ompycord.domain.ids import RunId
from ompycord.domain.policy import is_allowed, resource_of
from ompycord.domain.records import Committed, Decision
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import RunKind, RunRecord
from ompycord.errors import Refused, RefusedInWords
from ompycord.render.approvals.secret_requests import NEVER_WRITE_IT
from ompycord.render.cards.cardview import Button
from ompycord.render.marker import question_tag
from ompycord.render.message import RenderedMessage, message
from ompycord.render.notices import already_decided
from ompycord.render.question import answer_buttons
from ompycord.render.refusals import Audience, refusal_words
from ompycord.render.typed_answer import (
    CHANGED_AFTER_UNDO,
    ONLY_FILES,
    UNDO,
    may_not_answer,
    not_offered,
    taken,
    too_long,
    undone,
    which_question,
)
from ompycord.text.limits import BUTTON_LABEL

__all__ = ["MessageAnswers", "Taken", "typed_answers_feature"]

_OFFERED: Final = 20
"""Questions among which a person chooses at most; the others have buttons of their own."""
_CHOICE_MS: Final = 24 * 3600 * 1000
"""How long a choice stands: until its run would be paused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a text."""

    is_message: bool = False
    """Whether it is a message to the agent, which the caller sends."""
    reply: RenderedMessage | None = None
    """What its writer is told."""
    is_repeated: bool = False
    """Whether the reply explains something that its writer needs to be told once."""
    is_kept: bool = True
    """False: nothing has the text, so whoever forgets it gives it back."""


def typed_answers_feature(context: BotContext) -> Feature:
    """*Undo* and the buttons of a choice."""
    answers = MessageAnswers(context)
    return Feature(components={"undo": answers.undo, "pick": answers.picked, "picksay": answers.picked_message})


class MessageAnswers:
    """Takes texts of people who may be answering."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def take(
        self, loaded: LoadedRun, written: WrittenMessage, person: Person, *, typed: str, is_message: bool
    ) -> Taken:
        """Take the answer, ask what is meant, or leave it to the caller. `typed`: the id of message or command."""
        judged = judge(written, *await self._context.typed_answers.open(loaded))
        if judged.verdict is MessageVerdict.NOTHING:
            return Taken()
        if judged.verdict is MessageVerdict.MESSAGE:
            return Taken(is_message=True)
        if not is_allowed(person, "answer", resource_of(loaded.record)):
            return self._from_others(loaded, person, has_text=judged.verdict is not MessageVerdict.ONLY_FILES)
        if judged.verdict is MessageVerdict.ANSWER and judged.question is not None:
            return await self._answer(loaded, judged.question, judged.text, person, typed=typed, is_message=is_message)
        return await self._ask_back(loaded, judged, person)

    async def _ask_back(self, loaded: LoadedRun, judged: Judgement, person: Person) -> Taken:
        """What is said where nothing can be answered with that yet. Raises Refused where another person was first."""
        match judged.verdict:
            case MessageVerdict.WHICH:
                return Taken(reply=await self._which(loaded.record, judged, person))
            case MessageVerdict.NOT_OFFERED if judged.question is not None:
                return Taken(reply=self._not_offered(loaded.run, judged.question, judged.text), is_kept=False)
            case MessageVerdict.ANSWERED if judged.earlier is not None:
                raise Refused(RefusalCode.ANSWER_IS_WAITING, who=judged.earlier.by)
            case MessageVerdict.TOO_LONG:
                return Taken(reply=self._words(too_long(len(judged.text))), is_kept=False)
            case _:
                return Taken(reply=self._words(ONLY_FILES), is_kept=False)

    async def _answer(
        self, loaded: LoadedRun, question: Question, answer: str, person: Person, *, typed: str, is_message: bool
    ) -> Taken:
        try:
            found = await self._context.typed_answers.take(
                loaded, question.ref, answer, person, typed=typed, is_message=is_message
            )
        except Refused as error:
            if error.code == RefusalCode.ANSWER_IS_WAITING and error.facts.get("person") == person.id:
                return Taken(is_message=True)  # the next line of a person whose answer waits
            raise
        if isinstance(found, Decision):
            return Taken(reply=self._words(self._first(found)), is_kept=False)
        if is_message:  # its reply is a delivery, so that it is there and true after a restart too
            return Taken()
        tag = question_tag(typed)
        undo = UNDO.model_copy(update={"ref": loaded.run})
        words = taken(answer, found, self._context.sanitizer)
        return Taken(
            reply=message(words, buttons=[undo], sign=lambda action, ref: self._context.signer.sign(action, ref, tag))
        )

    def _from_others(self, loaded: LoadedRun, person: Person, *, has_text: bool) -> Taken:
        """For a person who may not answer this run's questions: a message as ever, with a word."""
        if not has_text:
            return Taken()
        note_code(
            self._context.refusals, person, guild=loaded.record.guild or "", what="an answer in the thread",
            code=RefusalCode.NOT_PERMITTED, needs="requester or approver", run=loaded.run,
        )  # fmt: skip
        may_send = is_allowed(person, "say", resource_of(loaded.record))
        words = may_not_answer(self._context.options.approver_role, self._context.sanitizer, is_sent=may_send)
        return Taken(is_message=may_send, reply=self._words(words), is_repeated=True, is_kept=may_send)

    async def change(self, loaded: LoadedRun, written: WrittenMessage, *, typed: str) -> RenderedMessage | None:
        """Take a changed message: what its writer is told; None where nothing needs to be said."""
        transcript = await self._context.typed_answers.transcript(loaded.run)
        known = transcript.typed.get(typed)
        question = loaded.snapshot.question(known.body.question) if known and loaded.snapshot else None
        if known is None or question is None or not written.is_person or known.body.person != written.author:
            return None
        judged = answer_to(question, written.text)
        is_answer = judged.verdict is MessageVerdict.ANSWER and not written.is_to_others and bool(judged.text)
        if is_answer and judged.text == known.answer:
            return None  # such as an edit that only shows what a link leads to
        if transcript.waiting_answer(typed) is None:
            return self._words(await self._too_late_to_change(loaded.run, known))
        if is_answer:
            is_changed = await self._context.typed_answers.edit(loaded.run, typed, judged.text)
            return None if is_changed else self._words(await self._too_late_to_change(loaded.run, known))
        person = Person(id=known.body.person, name=known.body.by, role=Role.NONE)
        await self._context.typed_answers.drop(loaded.run, typed, person, "changed")
        is_other = judged.verdict is MessageVerdict.NOT_OFFERED and bool(judged.text)
        return self._not_offered(loaded.run, question, judged.text) if is_other else None

    async def delete(self, run: RunId, *, typed: str) -> None:
        """Take it that a message was deleted."""
        known = (await self._context.typed_answers.transcript(run)).waiting_answer(typed)
        if known is not None:
            person = Person(id=known.body.person, name=known.body.by, role=Role.NONE)
            await self._context.typed_answers.drop(run, typed, person, "deleted")

    async def _too_late_to_change(self, run: RunId, known: TypedInLog) -> str:
        first = await self._context.store.decisions.decision(run, "question", known.body.question)
        if first is None:
            return CHANGED_AFTER_UNDO
        if (first.by, first.action) == (known.body.person, known.answer):
            return refusal_words(Refused(RefusalCode.ANSWER_IS_GIVEN), Audience.DISCORD)
        return self._first(first)

    def _not_offered(self, run: RunId, question: Question, text: str) -> RenderedMessage:
        """The same buttons as below the question itself. What may be a secret is not repeated."""
        tag, sanitizer = question_tag(question.ref), self._context.sanitizer
        words = NEVER_WRITE_IT if question.secret is not None else not_offered(text, question.options, sanitizer)
        return message(
            words,
            buttons=answer_buttons(question, run, self._context.sanitizer),
            sign=lambda action, ref: self._context.signer.sign(action, ref, tag),
        )

    async def _which(self, record: RunRecord, judged: Judgement, person: Person) -> RenderedMessage:
        meaning = AnswerChoice(run=record.id, text=judged.text, person=person.id)
        ref = await self._context.keep_meaning(meaning, valid_ms=_CHOICE_MS)
        sanitizer, signer = self._context.sanitizer, self._context.signer
        offered = judged.questions[:_OFFERED]
        buttons = [
            Button(
                action="pick",
                label=sanitizer.label(one.text, BUTTON_LABEL) or f"Question {number}",
                style="primary",
                ref=f"{ref}:{question_tag(one.ref)}",
            )
            for number, one in enumerate(offered, 1)
        ]
        if record.kind is RunKind.HOSTED:
            buttons.append(Button(action="picksay", label="None: send it as a message", ref=ref))

        def sign(action: str, of: str) -> str:
            state, _, tag = of.partition(":")
            return signer.sign(action, state, tag) if tag else signer.button(action, state)

        return message(which_question(judged.text, sanitizer), buttons=buttons, sign=sign)

    def _words(self, words: str) -> RenderedMessage:
        return message(words, sign=self._context.signer.button)

    def _first(self, first: Decision) -> str:
        return already_decided(first.by_name, first.at, first.action, self._context.sanitizer)

    # -- buttons -------------------------------------------------------------------------------------------------------

    async def undo(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Withdraw a typed answer; only its writer does that."""
        record = await self._context.visible(interaction, component.ref)
        run = RunId(record.id)
        known = await self._by_tag(run, component.nonce)
        if known is None:
            raise Refused(RefusalCode.ANSWER_NOT_NEEDED)
        if known.body.person != person.id:
            raise RefusedInWords(f"Only {self._context.sanitizer.line(known.body.by, 60)} can undo that.")
        await (defer(interaction) if known.body.is_message else defer_update(interaction))
        answer = await self._context.typed_answers.drop(run, known.body.typed, person, "undone")
        words = undone(answer, self._context.sanitizer) if answer is not None else await self._too_late(run, known)
        await send_privately(interaction, words)

    async def _by_tag(self, run: RunId, tag: str) -> TypedInLog | None:
        written = await self._context.typed_answers.transcript(run)
        return next((one for name, one in written.typed.items() if question_tag(name) == tag), None)

    async def _too_late(self, run: RunId, known: TypedInLog) -> str:
        """Why an answer cannot be withdrawn any more."""
        if (await self._context.typed_answers.transcript(run)).typed[known.body.typed].is_dropped:
            return "That was not sent, so there is nothing to undo."
        first = await self._context.store.decisions.decision(run, "question", known.body.question)
        if first is None:
            return "That answer is no longer needed."
        return f"Too late to undo. {self._first(first)}"

    async def picked(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Give the text as the answer to the chosen question."""
        loaded, meaning = await self._chosen(interaction, person, component)
        await defer_update(interaction)
        open_ = loaded.snapshot.open_questions if loaded.snapshot else ()
        question = next((one for one in open_ if question_tag(one.ref) == component.nonce), None)
        if question is None:
            raise Refused(RefusalCode.ANSWER_NOT_NEEDED)
        answer = answer_to(question, meaning.text)
        if answer.verdict is not MessageVerdict.ANSWER:
            offer = self._not_offered(loaded.run, question, meaning.text)
            await send_privately(interaction, offer.content, buttons=offer)
            return
        committed = await self._context.approvals.answer(loaded, question.ref, answer.text, person)
        await send_privately(interaction, self._given(committed, answer.text))

    def _given(self, committed: Committed, answer: str) -> str:
        if committed.earlier is not None:
            return self._first(committed.earlier)
        return f"Answer sent: *{self._context.sanitizer.line(answer, 300)}*."

    async def picked_message(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """Send the text to the agent as a message."""
        loaded, meaning = await self._chosen(interaction, person, component)
        await defer_update(interaction)
        preview = await self._context.messages.preview_message(loaded.record, "next", person)
        if preview.outcome == "restart":
            await send_privately(interaction, reply_texts.deaf(preview))
            return
        sent = await self._context.messages.send_message(loaded.record, meaning.text, "next", person, key=component.ref)
        await send_privately(interaction, reply_texts.sent(loaded.record.id, sent))

    async def _chosen(
        self, interaction: Interaction, person: Person, component: ComponentId
    ) -> tuple[LoadedRun, AnswerChoice]:
        meaning = await self._context.meaning(component)
        if not isinstance(meaning, AnswerChoice):
            raise Refused(RefusalCode.ANSWER_NOT_NEEDED)
        if meaning.person != person.id:
            raise RefusedInWords("Only the person who wrote that can choose.")
        return await self._context.snapshots.load(await self._context.visible(interaction, meaning.run)), meaning
