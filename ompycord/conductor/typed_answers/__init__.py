"""Answers that people type: what is one, and how it is kept until it is given."""

from ompycord.conductor.typed_answers.judgement import Judgement, MessageVerdict, WrittenMessage, answer_to, judge
from ompycord.conductor.typed_answers.keeper import UNDO_MS, OpenQuestions, TypedAnswers

__all__ = [
    "UNDO_MS",
    "Judgement",
    "MessageVerdict",
    "OpenQuestions",
    "TypedAnswers",
    "WrittenMessage",
    "answer_to",
    "judge",
]
