"""What an answer used that came without its usage is reckoned close to the truth.

The truth is that of cl100k_base, counted by tiktoken: 500 answers of 25 runs in `tests/data/answers_cl100k.json.gz`,
prose, code and calls of tools, each with the size and the tokens of its request, and a place where it was cut.
"""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.metering.meter import Meter
from ompycord.model_gateway.metering.reckoning import Reckoning, pieces_of
from ompycord.model_gateway.metering.usage import TokenUsage
from tests.support.model_answers import Truth, answer

ANSWERS: list[dict[str, Any]] = json.loads(gzip.decompress(Path("tests/data/answers_cl100k.json.gz").read_bytes()))
DELTA = 24
"""Characters of one event, as providers send a few tokens at once."""


def metered(dialect: Dialect, text: str, tokens: int, *, is_whole: bool) -> Meter:
    """What the meter saw of it."""
    words = [text[at : at + DELTA] for at in range(0, len(text), DELTA)]
    parts = answer(dialect, Truth(output=tokens), words if is_whole else [*words, "that never came"])
    first = next(at for at, part in enumerate(parts) if json.dumps(words[0]).encode()[1:-1] in part)
    meter = Meter(dialect, is_stream=True)
    for part in parts if is_whole else parts[: first + len(words)]:
        meter.feed(part)
    return meter


@pytest.mark.parametrize("dialect", Dialect)
def test_5_the_error_of_500_answers_that_were_cut(dialect: Dialect) -> None:
    made: list[float] = []
    given: list[float] = []
    reckoning, run = Reckoning(), None
    for one in ANSWERS:
        if one["run"] != run:
            reckoning, run = Reckoning(), one["run"]
        else:
            cut = metered(dialect, one["text"][: one["cut"]], one["tokens"], is_whole=False)
            assert not cut.is_exact
            made.append(abs(reckoning.output_tokens(cut.pieces) - one["cut_tokens"]) / one["cut_tokens"])
            given.append(abs(reckoning.input_tokens(one["size"]) - one["given"]) / one["given"])
        whole = metered(dialect, one["text"], one["tokens"], is_whole=True)
        assert whole.is_exact
        usage = TokenUsage(input=one["given"], output=one["tokens"])
        reckoning.learn(size=one["size"], usage=usage, pieces=whole.pieces)
    assert len(made) == 475
    for errors in (sorted(made), sorted(given)):
        assert errors[len(errors) // 2] <= 0.05
        assert errors[int(len(errors) * 0.95)] <= 0.15


def test_a_request_of_another_size_is_reckoned_from_the_one_that_is_closest() -> None:
    reckoning = Reckoning()
    assert reckoning.input_tokens(300) == 101
    for size, tokens in ((100_000, 30_000), (2_000, 800)):
        reckoning.learn(size=size, usage=TokenUsage(input=tokens, output=1), pieces=1.0)
    assert reckoning.input_tokens(100_400) == 30_120
    assert reckoning.input_tokens(2_000) == 800
    assert reckoning.input_tokens(1) >= 1


def test_another_tokenizer_is_learned_from_its_answers() -> None:
    text = "The cart ignores the second discount. " * 20
    reckoning = Reckoning()
    before = reckoning.output_tokens(pieces_of(text))
    for _ in range(3):
        reckoning.learn(size=1, usage=TokenUsage(input=1, output=2 * before), pieces=pieces_of(text))
    assert abs(reckoning.output_tokens(pieces_of(text)) - 2 * before) <= 1


def test_thoughts_that_nobody_saw_teach_nothing_of_the_text() -> None:
    reckoning = Reckoning()
    usage = TokenUsage(input=1, output=1000, reasoning=990)
    reckoning.learn(size=1, usage=usage, pieces=10.0)
    assert reckoning.output_tokens(10.0) == 10
