"""Answers of models to calls that always have the same answer: asked once while this process runs.

Such a call has temperature 0 and no tools. Agents' own requests are never answered from here.
"""

import hashlib
from collections import OrderedDict
from typing import Final

from ompycord.domain.ports.models import ModelCall

__all__ = ["KeptAnswers", "key_of"]

MOST: Final = 200
MOST_CHARACTERS: Final = 200_000
"""A longer answer is not kept."""


def key_of(call: ModelCall, shape: str = "") -> str | None:
    """The name of a call by all that decides its answer; None for one that may be answered otherwise next time."""
    if call.temperature != 0 or call.tools:
        return None
    return hashlib.sha256(f"{call.model_dump_json()}\n{shape}".encode("utf-8", "surrogatepass")).hexdigest()


class KeptAnswers:
    """The newest ones, as JSON."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, str] = OrderedDict()

    def get(self, key: str | None) -> str | None:
        """The answer; None where it is not kept."""
        if key is None or key not in self._answers:
            return None
        self._answers.move_to_end(key)
        return self._answers[key]

    def keep(self, key: str | None, answer: str) -> None:
        """Keep an answer; the one that was not wanted for longest goes."""
        if key is None or len(answer) > MOST_CHARACTERS:
            return
        self._answers[key] = answer
        while len(self._answers) > MOST:
            self._answers.popitem(last=False)
