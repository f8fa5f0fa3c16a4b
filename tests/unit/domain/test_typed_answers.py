"""What a message is while questions are open: a table of messages beside one another."""

from dataclasses import replace

import pytest

from ompycord.conductor.typed_answers import Judgement, MessageVerdict, WrittenMessage, answer_to, judge
from ompycord.domain.folds.snapshot import Question, TypedAnswer
from ompycord.text.limits import ANSWER

FREE = Question(ref="q1", text="Which database?", asked_at=1)
EITHER = Question(ref="q2", text="Edit it?", options=("Yes", "No"), asked_at=2)
CHOICE = EITHER.model_copy(update={"free_text": False})
NUMBERS = Question(ref="q3", text="How many?", options=("1", "2"), free_text=False, asked_at=3)
ARABIC = Question(ref="q4", text="هل أحذفه؟", options=("نعم", "لا"), free_text=False, asked_at=4)
ALIKE = Question(ref="q5", text="Which?", options=("yes", "YES"), free_text=False, asked_at=5)
ACCENTED = Question(
    ref="q6", text="Où ?", options=("Caf\N{LATIN SMALL LETTER E WITH ACUTE}",), free_text=False, asked_at=6
)
MO, ADA = "1001", "1002"


def written(text: str, **more: object) -> WrittenMessage:
    return replace(WrittenMessage(text=text, author=MO), **more)


def typed_by(person: str, question: Question = FREE) -> TypedAnswer:
    return TypedAnswer(typed="7", question=question.ref, answer="SQLite", by="Somebody", person=person, at=1)


@pytest.mark.parametrize(
    ("question", "text", "verdict", "answer"),
    [
        (FREE, "SQLite", MessageVerdict.ANSWER, "SQLite"),
        (FREE, " \n SQLite \t", MessageVerdict.ANSWER, "SQLite"),
        (FREE, "No, please skip it", MessageVerdict.ANSWER, "No, please skip it"),
        (FREE, "👍", MessageVerdict.ANSWER, "👍"),
        (FREE, "<:shipit:123456789012345678>", MessageVerdict.ANSWER, "<:shipit:123456789012345678>"),
        (FREE, "2", MessageVerdict.ANSWER, "2"),
        (FREE, "```sql\nselect 1;\n```", MessageVerdict.ANSWER, "```sql\nselect 1;\n```"),
        (FREE, "استخدم SQLite", MessageVerdict.ANSWER, "استخدم SQLite"),
        (FREE, "x" * ANSWER, MessageVerdict.ANSWER, "x" * ANSWER),
        (FREE, "x" * (ANSWER + 1), MessageVerdict.TOO_LONG, "x" * (ANSWER + 1)),
        (EITHER, "Yes", MessageVerdict.ANSWER, "Yes"),
        (EITHER, " yES ", MessageVerdict.ANSWER, "Yes"),
        (EITHER, "yes, and the tests too", MessageVerdict.ANSWER, "yes, and the tests too"),
        (EITHER, "2", MessageVerdict.ANSWER, "2"),
        (CHOICE, "no", MessageVerdict.ANSWER, "No"),
        (CHOICE, "no.", MessageVerdict.NOT_OFFERED, "no."),
        (CHOICE, "No, please skip it", MessageVerdict.NOT_OFFERED, "No, please skip it"),
        (CHOICE, "```\nyes\n```", MessageVerdict.NOT_OFFERED, "```\nyes\n```"),
        (CHOICE, "👍", MessageVerdict.NOT_OFFERED, "👍"),
        (CHOICE, "2", MessageVerdict.NOT_OFFERED, "2"),
        (NUMBERS, "2", MessageVerdict.ANSWER, "2"),
        (NUMBERS, "3", MessageVerdict.NOT_OFFERED, "3"),
        (ARABIC, "نعم", MessageVerdict.ANSWER, "نعم"),
        (ARABIC, "ربما", MessageVerdict.NOT_OFFERED, "ربما"),
        (ALIKE, "YES", MessageVerdict.ANSWER, "YES"),
        (ALIKE, "Yes", MessageVerdict.NOT_OFFERED, "Yes"),
        (ACCENTED, "cafe\N{COMBINING ACUTE ACCENT}", MessageVerdict.ANSWER, ACCENTED.options[0]),
    ],
)
def test_a_text_is_an_option_or_an_answer_of_ones_own_or_nothing_that_is_offered(
    question: Question, text: str, verdict: MessageVerdict, answer: str
) -> None:
    judged = judge(written(text), [question])
    assert (judged.verdict, judged.text) == (verdict, answer)
    if verdict is not MessageVerdict.TOO_LONG:
        assert judged.question == question
        assert answer_to(question, text) == judged


@pytest.mark.parametrize(
    ("message", "verdict"),
    [
        (written("SQLite", is_person=False), MessageVerdict.NOTHING),
        (written("SQLite", is_to_others=True), MessageVerdict.MESSAGE),
        (written("SQLite", about="q0"), MessageVerdict.MESSAGE),
        (written("/omp cancel"), MessageVerdict.MESSAGE),
        (written("/OMP stop"), MessageVerdict.MESSAGE),
        (written(""), MessageVerdict.NOTHING),
        (written("  \n "), MessageVerdict.NOTHING),
        (written("", has_files=True), MessageVerdict.ONLY_FILES),
        (written("", has_files=True, is_to_others=True), MessageVerdict.NOTHING),
        (written("", has_files=True, is_person=False), MessageVerdict.NOTHING),
        (written("SQLite", has_files=True), MessageVerdict.ANSWER),
    ],
)
def test_what_is_not_an_answer_is_a_message_or_nothing(message: WrittenMessage, verdict: MessageVerdict) -> None:
    assert judge(message, [FREE]).verdict is verdict


@pytest.mark.parametrize("text", ["SQLite", "yes", "x" * (ANSWER + 1), "👍"])
def test_without_an_open_question_everything_with_text_is_a_message(text: str) -> None:
    assert judge(written(text), []) == Judgement(MessageVerdict.MESSAGE)
    assert judge(written("", has_files=True), []) == Judgement(MessageVerdict.NOTHING)


def test_with_several_questions_open_only_a_reply_to_one_says_which_it_answers() -> None:
    judged = judge(written("yes"), [FREE, CHOICE])
    assert (judged.verdict, judged.questions) == (MessageVerdict.WHICH, (FREE, CHOICE))
    assert judge(written("yes", about="q2"), [FREE, CHOICE]) == Judgement(MessageVerdict.ANSWER, CHOICE, "Yes")
    meant = judge(written(f"<@{ADA}> says yes", about="q1", is_to_others=True), [FREE, CHOICE])
    assert meant.verdict is MessageVerdict.ANSWER


def test_a_question_with_a_waiting_answer_takes_no_second_one() -> None:
    own, other = typed_by(MO), typed_by(ADA)
    assert judge(written("And more"), [FREE], [own]) == Judgement(MessageVerdict.MESSAGE)
    assert judge(written("Postgres"), [FREE], [other]) == Judgement(MessageVerdict.ANSWERED, FREE, earlier=other)
    assert judge(written("Postgres", about="q1"), [FREE], [own]) == Judgement(MessageVerdict.MESSAGE)


def test_the_next_line_answers_the_question_that_is_left_and_another_person_is_asked() -> None:
    own, other = typed_by(MO), typed_by(ADA)
    assert judge(written("yes"), [FREE, CHOICE], [own]) == Judgement(MessageVerdict.ANSWER, CHOICE, "Yes")
    asks = judge(written("yes"), [FREE, CHOICE], [other])
    assert (asks.verdict, asks.questions) == (MessageVerdict.WHICH, (CHOICE,))
    both = [other, typed_by(ADA, CHOICE)]
    assert judge(written("yes"), [FREE, CHOICE], both) == Judgement(MessageVerdict.MESSAGE)
