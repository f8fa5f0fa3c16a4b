"""What a message in a run's thread is: the answer to an open question, a message to the agent, or neither; pure.

Counterpart: `bot/interactions/typed_answers.py`, which reads messages and does what follows. Approvals and plans are
never decided by a message, so they are not looked at here.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from ompycord.domain.folds.snapshot import Question, TypedAnswer
from ompycord.text.limits import ANSWER

__all__ = ["Judgement", "MessageVerdict", "WrittenMessage", "answer_to", "judge"]

_COMMAND: Final = "/omp"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenMessage:
    """What counts of a message."""

    text: str
    """Without a mention of the bot."""
    author: str
    is_person: bool = True
    """False: a bot, a webhook or Discord itself wrote it."""
    is_to_others: bool = False
    """It answers another person's message, or mentions a person, a role or everybody."""
    about: str | None = None
    """The question on whose message it was written as a reply, open or not."""
    has_files: bool = False


class MessageVerdict(Enum):
    """What a message is."""

    NOTHING = "not for the run"
    MESSAGE = "a message to the agent"
    ANSWER = "the answer to `question`, as `text`"
    NOT_OFFERED = "meant as the answer to `question`, which takes only its options"
    WHICH = "an answer, to one of `questions`"
    ANSWERED = "an answer to `question`, to which another person has just typed one"
    ONLY_FILES = "an answer without text"
    TOO_LONG = "an answer with more than `limits.ANSWER` characters"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict with what it is about."""

    verdict: MessageVerdict
    question: Question | None = None
    text: str = ""
    questions: tuple[Question, ...] = ()
    earlier: TypedAnswer | None = None


_NOTHING: Final = Judgement(MessageVerdict.NOTHING)
_MESSAGE: Final = Judgement(MessageVerdict.MESSAGE)


def judge(message: WrittenMessage, questions: Sequence[Question], waiting: Sequence[TypedAnswer] = ()) -> Judgement:
    """What a message is while these questions are open and these typed answers wait."""
    text = message.text.strip()
    if not message.is_person:
        return _NOTHING
    if not text:
        is_meant = questions and (message.about is not None or not message.is_to_others)
        return Judgement(MessageVerdict.ONLY_FILES) if message.has_files and is_meant else _NOTHING
    if message.about is not None:
        meant = [one for one in questions if one.ref == message.about]
    elif message.is_to_others or text.casefold().startswith(_COMMAND):
        return _MESSAGE
    else:
        own = {one.question for one in waiting if one.person == message.author}
        meant = [one for one in questions if one.ref not in own]
    if not meant:
        return _MESSAGE
    if len(text) > ANSWER:
        return Judgement(MessageVerdict.TOO_LONG, text=text)
    by_question = {one.question: one for one in waiting}
    if len(meant) > 1:
        free = tuple(one for one in meant if one.ref not in by_question)
        return Judgement(MessageVerdict.WHICH, text=text, questions=free) if free else _MESSAGE
    (question,) = meant
    earlier = by_question.get(question.ref)
    if earlier is not None:
        is_own = earlier.person == message.author
        return _MESSAGE if is_own else Judgement(MessageVerdict.ANSWERED, question=question, earlier=earlier)
    return answer_to(question, text)


def answer_to(question: Question, text: str) -> Judgement:
    """What a text is as the answer to this question: an option that it names, itself, or nothing that is offered."""
    text = text.strip()
    option = _option(question, text)
    if option is not None:
        return Judgement(MessageVerdict.ANSWER, question=question, text=option)
    if question.free_text:
        return Judgement(MessageVerdict.ANSWER, question=question, text=text)
    return Judgement(MessageVerdict.NOT_OFFERED, question=question, text=text)


def _option(question: Question, text: str) -> str | None:
    """The one option that reads the same; where several do, the one that is the same."""
    if text in question.options:
        return text
    same = [one for one in question.options if _folded(one) == _folded(text)]
    return same[0] if len(same) == 1 else None


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip()).casefold()
