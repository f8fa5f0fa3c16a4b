"""What sounds like a decision: literal beginnings, no question, no denial, linear in what people write."""

import time

import pytest

from ompycord.domain.memory.spoken import spoken_decision


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("We decided to keep Python 3.11 until March.", "We decided to keep Python 3.11 until March."),
        ("Long talk today. OK, so let's go with Postgres for the queue! See you.", "let's go with Postgres"),
        ("**Decision:** prices are in cents everywhere", "Decision:** prices are in cents everywhere"),
        ("> From now on every fix has a test", "From now on every fix has a test"),
        ("We’ve agreed to deploy on Tuesdays", "We’ve agreed to deploy on Tuesdays"),  # as phones type
        ("ＷＥ ＤＥＣＩＤＥＤ to keep the old name", "to keep the old name"),  # noqa: RUF001  # fullwidth
        ("We dec\u200bided to keep the old name", "to keep the old name"),
        ("first line\nWe always squash before merging\nlast", "We always squash before merging"),
    ],
)
def test_a_sentence_that_begins_so_is_one(text: str, found: str) -> None:
    said = spoken_decision(text)
    assert said is not None
    assert found in said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "We decided?",
        "Have we decided on Postgres yet?",
        "We decided on Postgres for the queue, right?",
        "We have not decided on a queue yet.",
        "We haven't decided on a queue yet.",
        "From now on, should we test every fix.",
        "We go with whatever works, I think.",
        "We decided.",
        "we chosen-path is a class name here",
        "Yesterday they decided to keep Python 3.11.",
        "If we decided to keep it, tests would fail.",
        "x" * 2000 + ". We decided to keep Python 3.11.",
        "policymakers like to write policies",
    ],
)
def test_a_question_a_denial_and_anything_else_is_none(text: str) -> None:
    assert spoken_decision(text) is None


@pytest.mark.parametrize(
    "letter", ["a", ".", "\n", "we ", "ok, ", "\u200b", "\N{LATIN SMALL LIGATURE FFI}", "!?", "* "]
)
def test_nothing_that_is_written_takes_long(letter: str) -> None:
    began = time.process_time()
    spoken_decision(letter * 200_000)
    assert time.process_time() - began < 5
