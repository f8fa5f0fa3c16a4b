"""A request for vectors and its answer, as OpenAI's API has them, and the servers that copy it. Pure.

https://platform.openai.com/docs/api-reference/embeddings/create
"""

import json
import math
from array import array
from collections.abc import Sequence
from typing import Any, Final, cast

from pydantic_core import from_json

from ompycord.domain.memory.vectors import MOST_NUMBERS, EmbeddingCall, Vector
from ompycord.errors import EmbeddingFailed

__all__ = ["body_of", "most_bytes", "read_vectors", "stated_tokens"]

_BYTES_OF_A_NUMBER: Final = 32
"""As it is written: a sign, twenty digits, an exponent, a comma, and blanks of those who indent."""
_FRAME: Final = 65_536

Json = dict[str, Any]


def body_of(call: EmbeddingCall) -> bytes:
    """The request. `dimensions` stands in it only where it is asked for: many servers do not know it."""
    request: Json = {"model": call.model, "input": list(call.texts), "encoding_format": "float"}
    if call.dimensions is not None:
        request["dimensions"] = call.dimensions
    return json.dumps(request).encode()


def most_bytes(call: EmbeddingCall) -> int:
    """How long an answer to it is at most."""
    return _FRAME + len(call.texts) * (call.dimensions or MOST_NUMBERS) * _BYTES_OF_A_NUMBER


def read_vectors(body: bytes, call: EmbeddingCall) -> "list[Vector[float]]":
    """The vectors in the order of the texts. Raises EmbeddingFailed for every answer that has not one for each."""
    data = _object(body).get("data")
    if not isinstance(data, list):
        raise EmbeddingFailed(f"{call.model} answered without a list of vectors.")
    rows = [cast("Json", one) for one in cast("list[object]", data) if isinstance(one, dict)]
    placed = {_place(row, number): row.get("embedding") for number, row in enumerate(rows)}
    if len(rows) != len(call.texts) or sorted(placed) != list(range(len(call.texts))):
        raise EmbeddingFailed(f"{call.model} answered {len(rows)} vectors for {len(call.texts)} texts.")
    found = [_vector(placed[number], call.model) for number in range(len(call.texts))]
    lengths = sorted({len(one) for one in found})
    if len(lengths) > 1:
        raise EmbeddingFailed(f"{call.model} answered vectors of {lengths[0]} and of {lengths[-1]} numbers at once.")
    if call.dimensions is not None and lengths[0] != call.dimensions:
        raise EmbeddingFailed(
            f"{call.model} answered vectors of {lengths[0]} numbers, and memory.embeddings.dimensions says "
            f"{call.dimensions}: set it to {lengths[0]}, or leave it out."
        )
    return found


def stated_tokens(body: bytes) -> int | None:
    """The tokens that the answer states; None where it states none."""
    try:
        usage = _object(body).get("usage")
    except EmbeddingFailed:
        return None
    count = cast("Json", usage).get("prompt_tokens") if isinstance(usage, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= 2**53 else None


def _object(body: bytes) -> Json:
    try:
        content = from_json(body)
    except ValueError:
        raise EmbeddingFailed("The answer with vectors is no JSON.") from None
    if not isinstance(content, dict):
        raise EmbeddingFailed("The answer with vectors is no JSON object.")
    return cast("Json", content)


def _place(row: Json, number: int) -> int:
    """Its `index`; without one its place in the list."""
    index = row.get("index", number)
    return index if isinstance(index, int) and not isinstance(index, bool) else -1


def _vector(value: object, model: str) -> "Vector[float]":
    numbers = cast("Sequence[object]", value) if isinstance(value, list) else ()
    if not 0 < len(numbers) <= MOST_NUMBERS or not all(_is_number(one) for one in numbers):
        raise EmbeddingFailed(f"{model} answered something that is no vector.")
    try:
        vector = array("f", cast("Sequence[float]", numbers))
    except OverflowError:
        raise EmbeddingFailed(f"{model} answered a number that is too large.") from None
    # A number that 64 bits hold may be infinite in 32.
    if not all(map(math.isfinite, vector)) or not any(vector):
        raise EmbeddingFailed(f"{model} answered a vector that cannot be compared: it has no length.")
    return vector


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
