"""Vectors made of words: texts that share some are near, and words that are listed as one meaning are one.

Simulated: no model answers. They stand in for a server of `/embeddings`, or for the embedder inside the process.
"""

import hashlib
import json
import re
from array import array
from collections.abc import Callable, Sequence
from typing import Any

from ompycord.domain.memory.vectors import EmbeddingCall, Vector
from ompycord.errors import EmbeddingFailed
from tests.support.stub_provider import Asked, Reply

__all__ = ["MadeVectors", "embeddings_reply", "made_vector"]

MEANINGS = {"rebate": "discount", "cheaper": "discount", "sign": "login", "session": "login"}


def made_vector(text: str, dim: int = 64) -> "Vector[float]":
    """The same for the same text; never zero."""
    vector = array("f", [0.01] * dim)
    for match in re.finditer(r"\w+", text.lower()):
        meant = MEANINGS.get(match[0], match[0])
        vector[int.from_bytes(hashlib.sha256(meant.encode()).digest()[:2]) % dim] += 1.0
    return vector


class MadeVectors:
    """Implements `Embedder` inside the process. `answer` replaces what is made, or raises."""

    def __init__(self, dim: int = 64) -> None:
        self.dim = dim
        self.calls: list[EmbeddingCall] = []
        self.answer: Callable[[EmbeddingCall], None] = lambda call: None
        """Called before each answer."""

    async def embed(self, call: EmbeddingCall, *, timeout_s: float) -> "list[Vector[float]]":
        self.calls.append(call)
        self.answer(call)
        return [made_vector(text, self.dim) for text in call.texts]

    def down(self) -> None:
        """From now on it cannot be reached."""

        def refuse(call: EmbeddingCall) -> None:
            raise EmbeddingFailed("The address could not be reached.")

        self.answer = refuse


def embeddings_reply(dim: int = 64, **more: Any) -> Reply:
    """An answer of `/embeddings` over HTTP, in the shape of OpenAI's API."""

    def answer(asked: Asked) -> Sequence[bytes]:
        texts: list[str] = asked.json["input"]
        data = [
            {"object": "embedding", "index": number, "embedding": list(made_vector(text, dim))}
            for number, text in enumerate(texts)
        ]
        tokens = sum(len(text.split()) for text in texts)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        content = {"object": "list", "data": data, "model": asked.json["model"], "usage": usage}
        return [json.dumps(content).encode()]

    return Reply(by=answer, headers={"content-type": "application/json"}, **more)
