"""Vectors of what was asked lately, by space and text; nothing in it is a text."""

import hashlib
from collections import OrderedDict
from typing import Final

from ompycord.domain.memory.vectors import Vector
from ompycord.domain.ports import Clock

__all__ = ["QueryCache"]

_MOST: Final = 256
_KEPT_S: Final = 3600.0


class QueryCache:
    """At most 256, each for an hour; used by one loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[int, bytes], tuple[float, Vector[float]]] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def get(self, space: int, text: str) -> "Vector[float] | None":
        """The vector of this text in a space; None where it is not known, or known for too long."""
        key = _key(space, text)
        until, vector = self._kept.get(key, (0.0, None))
        if vector is None or self._clock.monotonic_s() >= until:
            self._kept.pop(key, None)
            self.misses += 1
            return None
        self._kept.move_to_end(key)
        self.hits += 1
        return vector

    def keep(self, space: int, text: str, vector: "Vector[float]") -> None:
        """Remember it, in the place of what was asked for longest ago."""
        self._kept[_key(space, text)] = (self._clock.monotonic_s() + _KEPT_S, vector)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)


def _key(space: int, text: str) -> tuple[int, bytes]:
    return space, hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
