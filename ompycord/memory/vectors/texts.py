"""The texts that leave for a vector, without secrets, and the vectors that come, made comparable; pure."""

import math
from array import array
from collections.abc import Callable
from typing import Final

from ompycord.domain.memory.vectors import Vector
from ompycord.memory.prose_secrets import without_prose_secrets
from ompycord.text import clean

__all__ = ["comparable", "sent_text"]

LONGEST: Final = 4000
"""Characters of a text: more than most models read, and less than any of them refuses."""


def sent_text(*parts: str, redact: Callable[[str], str]) -> str:
    """What is sent of a text: without secrets, also those that became known since it was stored. Never empty."""
    text = "\n".join(without_prose_secrets(redact(clean(part))).strip() for part in parts).strip()
    return text[:LONGEST] or "(nothing)"


def comparable(vector: "Vector[float]", *, normalised: bool) -> "Vector[float]":
    """The vector as it is stored and asked with: of length 1 where vectors are `normalised`."""
    if not normalised:
        return vector
    length = math.hypot(*vector)
    return array("f", [number / length for number in vector])
