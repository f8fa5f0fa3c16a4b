"""A history is measured with vectors beside words alone, by texts that fit into a line of the control socket."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ompycord.app.control import LONGEST_LINE
from ompycord.app.remembering import vectors_of_texts
from ompycord.app.remembering.evaluation import measured
from ompycord.domain.memory.vectors import Vector
from ompycord.errors import RefusedInWords
from ompycord.memory.measuring.histories import History, HistoryItem, HistoryQuestion
from ompycord.memory.vectors.meaning import Meaning
from ompycord.memory.vectors.texts import comparable
from ompycord.testing import FakeClock, SequentialIds
from tests.integration.memory.test_vectors_are_made import OPTIONS
from tests.support.made_vectors import MadeVectors, made_vector
from tests.support.new_store import new_store

THINGS = ("cart", "invoice", "parcel", "login", "stock")
HISTORY = History(
    items=tuple(
        HistoryItem(f"{thing}-{meant}", f"{thing}: {meant}", "", ())
        for thing in THINGS
        for meant in ("discount", "session", "export")
    ),
    questions=tuple(
        HistoryQuestion(f"{thing} {meant} {meant} {meant} for the {thing}s", frozenset({f"{thing}-{answer}"}))
        for thing in THINGS
        for meant, answer in (("rebate", "discount"), ("cheaper", "discount"), ("sign", "session"))
    ),
)


async def embed(texts: Sequence[str]) -> "list[Vector[float]]":
    return [comparable(made_vector(text), normalised=True) for text in texts]


async def test_words_and_vectors_stand_beside_words_alone() -> None:
    found = await measured(HISTORY, embed)
    assert found["hybrid"]["recall_at_1"] > found["recall_at_1"]
    assert found["hybrid_gain_points"] == round((found["hybrid"]["recall_at_5"] - found["recall_at_5"]) * 100, 1)
    plain = await measured(HISTORY)
    assert "hybrid" not in plain
    assert plain["recall_at_1"] == found["recall_at_1"], "words alone are what they were"


async def test_texts_go_to_the_process_in_lines_that_fit_and_come_back_in_their_order(tmp_path: Path) -> None:
    clock, made = FakeClock(), MadeVectors()
    texts = ["\N{GRINNING FACE}" * 4000] * 2 + [
        *(f"{thing} {'word ' * 700}" for thing in THINGS * 4),
        "a key canary-of-mine",
    ]
    async with new_store(tmp_path / "data" / "ompycord.db", clock=clock, ids=SequentialIds(clock)) as store:
        meaning = Meaning(
            rows=store.vectors, options=OPTIONS, clock=clock, redact=lambda text: text.replace("canary-of-mine", "…")
        )
        with pytest.raises(RefusedInWords, match="is not set"):
            await vectors_of_texts.answer(meaning, {"texts": ["one"]})
        meaning.use(made)
        lines: list[str] = []
        answers: list[dict[str, Any]] = []

        def perform(operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
            assert operation == vectors_of_texts.EMBED
            lines.append(json.dumps({"operation": operation, "arguments": arguments, "token": "t" * 43}))
            return answers[len(lines) - 1]

        parts = [*vectors_of_texts.parts_of([text[:4000] for text in texts], 5)]
        answers += [await vectors_of_texts.answer(meaning, {"texts": part}) for part in parts]
        found = await vectors_of_texts.vectors_of(texts, 5, perform)
    assert len(found) == len(texts)
    assert found[2] == comparable(made_vector(texts[2].strip()), normalised=True)
    assert max(map(len, lines)) < LONGEST_LINE
    assert max(len(json.loads(line)["arguments"]["texts"]) for line in lines) == 5
    assert made.calls[-1].texts[-1] == "a key …"
    assert {(call.guild, call.repository) for call in made.calls} == {("", "")}


@pytest.mark.parametrize("arguments", [{}, {"texts": []}, {"texts": "one"}, {"texts": ["x"] * 513}])
async def test_what_is_no_texts_is_refused(tmp_path: Path, arguments: dict[str, Any]) -> None:
    clock = FakeClock()
    async with new_store(tmp_path / "data" / "ompycord.db", clock=clock, ids=SequentialIds(clock)) as store:
        meaning = Meaning(rows=store.vectors, options=OPTIONS, clock=clock, redact=str)
        with pytest.raises(RefusedInWords, match="Texts are needed"):
            await vectors_of_texts.answer(meaning, arguments)
