"""In whose turn the next waiting run starts; pure but for what it remembers of runs that were overtaken.

Servers share the slots equally, repositories those of their server, people those of their repository. A run that was
overtaken too often goes first, whatever its people have at work.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from ompycord.domain.run import RunRecord

__all__ = ["MOST_OVERTAKEN", "FairQueue"]

MOST_OVERTAKEN: Final = 10
"""Younger runs that may start before a waiting one."""


class FairQueue:
    """One for the driver. What it remembers is lost with a restart: then counting begins again."""

    def __init__(self) -> None:
        self._overtaken: Counter[str] = Counter()

    def next_of(self, waiting: Sequence[RunRecord], working: Iterable[RunRecord]) -> RunRecord:
        """Which of the runs that wait starts now, given those at work. Raises ValueError where none waits."""
        patient = [one for one in waiting if self._overtaken[one.id] >= MOST_OVERTAKEN]
        if patient:
            return min(patient, key=_age)
        busy = Counter(place for one in working for place in _places(one))
        return min(waiting, key=lambda one: (*(busy[place] for place in _places(one)), *_age(one)))

    def started(self, chosen: RunRecord, waiting: Iterable[RunRecord]) -> None:
        """A run starts, before the older ones of those that still wait."""
        left = [one for one in waiting if one.id != chosen.id]
        for one in left:
            if _age(one) < _age(chosen):
                self._overtaken[one.id] += 1
        self._overtaken = Counter({one.id: self._overtaken[one.id] for one in left if self._overtaken[one.id]})


def _age(record: RunRecord) -> tuple[int, str]:
    return record.created_at, record.id


def _places(record: RunRecord) -> tuple[tuple[str | None, ...], ...]:
    """Server, repository on it, person there: what shares at each of them."""
    server = (record.guild,)
    return server, (*server, record.repository), (*server, record.repository, record.requester)
