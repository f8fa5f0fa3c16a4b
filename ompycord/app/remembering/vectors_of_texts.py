"""Vectors for `ompycord memory eval`: made by the running process, so that its key, ledger and budgets apply.

`vectors_of` asks it over the control socket, in parts that fit into a line there; `answer` is the other end.
"""

import asyncio
import base64
import json
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from ompycord.app.control import LONGEST_LINE
from ompycord.domain.base import Frozen
from ompycord.domain.memory.vectors import Vector
from ompycord.errors import EmbeddingFailed, RefusedInWords
from ompycord.memory.vectors.meaning import Meaning
from ompycord.memory.vectors.texts import LONGEST

__all__ = ["EMBED", "answer", "parts_of", "vectors_of"]

EMBED: Final = "memory.embed"
_ROOM: Final = LONGEST_LINE - 4096
"""Bytes of a line that texts may take."""


class _Texts(Frozen):
    texts: Annotated[tuple[str, ...], Field(min_length=1, max_length=512)]


async def answer(meaning: Meaning, arguments: dict[str, Any]) -> dict[str, Any]:
    """Vectors of texts, packed. Raises RefusedInWords."""
    try:
        texts = _Texts.model_validate(arguments).texts
    except ValidationError:
        raise RefusedInWords("Texts are needed, 512 at most.") from None
    try:
        made = await meaning.vectors(texts)
    except EmbeddingFailed as error:
        raise RefusedInWords(str(error)) from error
    return {"vectors": [_packed(one) for one in made]}


async def vectors_of(
    texts: Sequence[str], most: int, perform: Callable[[str, dict[str, Any]], Any]
) -> "list[Vector[float]]":
    """A vector of each, at most so many in one request. Raises what `perform` raises."""
    found: list[Vector[float]] = []
    for part in parts_of([text[:LONGEST] for text in texts], most):
        answered: dict[str, list[str]] = await asyncio.to_thread(perform, EMBED, {"texts": part})
        found += map(_unpacked, answered["vectors"])
    return found


def parts_of(texts: Sequence[str], most: int) -> Iterator[list[str]]:
    """The texts in their order, at most so many together and no more than fit into a line."""
    part, size = list[str](), 0
    for text in texts:
        needed = len(json.dumps(text)) + 2
        if part and (len(part) == most or size + needed > _ROOM):
            yield part
            part, size = [], 0
        part.append(text)
        size += needed
    if part:
        yield part


def _packed(vector: "Vector[float]") -> str:
    return base64.b64encode(vector.tobytes()).decode()


def _unpacked(text: str) -> "Vector[float]":
    """Both ends are on this machine, so the order of bytes is one."""
    vector = array("f")
    vector.frombytes(base64.b64decode(text))
    return vector
