"""What is taken of an answer with vectors: one for each text, of one length, of numbers that can be compared."""

import json
from typing import Any

import pytest

from ompycord.domain.memory.vectors import EmbeddingCall
from ompycord.errors import EmbeddingFailed
from ompycord.model_gateway.embedding.dialect import body_of, read_vectors, stated_tokens

TWO = EmbeddingCall(texts=("one", "two"), model="small")


def answer(*vectors: Any, **more: Any) -> bytes:
    data = [{"object": "embedding", "index": number, "embedding": one} for number, one in enumerate(vectors)]
    return json.dumps({"object": "list", "data": data, "model": "small", **more}).encode()


def test_vectors_stand_in_the_order_of_their_texts_whatever_the_order_of_the_answer() -> None:
    rows = [{"index": 1, "embedding": [0, 2]}, {"index": 0, "embedding": [1, 0.5]}]
    assert [list(one) for one in read_vectors(json.dumps({"data": rows}).encode(), TWO)] == [[1, 0.5], [0, 2]]
    unnumbered = [{"embedding": [1]}, {"embedding": [2]}]
    assert [list(one) for one in read_vectors(json.dumps({"data": unnumbered}).encode(), TWO)] == [[1], [2]]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "is no JSON"),
        (b"[]", "is no JSON object"),
        (b"{}", "without a list"),
        (answer([1.0]), "1 vectors for 2 texts"),
        (answer([1.0], [1.0], [1.0]), "3 vectors for 2 texts"),
        (b'{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [1]}]}', "2 vectors for 2 texts"),
        (answer([1.0], [1.0, 2.0]), "of 1 and of 2 numbers at once"),
        (answer([1.0], "AACAPw=="), "is no vector"),
        (answer([1.0], []), "is no vector"),
        (answer([1.0], [True]), "is no vector"),
        (answer([1.0], [float("nan")]), "cannot be compared"),
        (answer([1.0], [float("inf")]), "cannot be compared"),
        (answer([1.0], [1e300]), "cannot be compared"),
        (answer([1.0], [10**400]), "too large"),
        (answer([1.0], [0.0]), "cannot be compared"),
    ],
)
def test_an_answer_that_is_no_vectors_is_refused_in_words(body: bytes, words: str) -> None:
    with pytest.raises(EmbeddingFailed, match=words):
        read_vectors(body, TWO)


def test_another_length_than_was_asked_for_is_refused_with_what_to_do() -> None:
    call = TWO.model_copy(update={"dimensions": 3})
    with pytest.raises(EmbeddingFailed, match="set it to 2, or leave it out"):
        read_vectors(answer([1.0, 2.0], [1.0, 2.0]), call)


def test_dimensions_are_asked_for_only_where_they_are_set() -> None:
    assert json.loads(body_of(TWO)) == {"model": "small", "input": ["one", "two"], "encoding_format": "float"}
    assert json.loads(body_of(TWO.model_copy(update={"dimensions": 8})))["dimensions"] == 8


def test_tokens_are_those_that_the_answer_states() -> None:
    assert stated_tokens(answer([1.0], usage={"prompt_tokens": 7, "total_tokens": 7})) == 7
    assert [stated_tokens(one) for one in (b"no", answer([1.0]), answer([1.0], usage={"prompt_tokens": -1}))] == [
        None
    ] * 3
