"""What a run's agent is given of earlier work; counterpart of `engines/recalling.py`, which puts it into a prompt."""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

from ompycord.dialects.prompts.background_text import background_text, within
from ompycord.domain.events import MemoryRecalled, RecalledRef
from ompycord.domain.ids import RunId
from ompycord.domain.memory.items import FoundItem, MemoryItem, MemoryPlace, MemoryQuery, RecalledItem
from ompycord.domain.memory.options import MemoryOptions
from ompycord.domain.ports import Clock, Ids, RunRecords
from ompycord.domain.ports.memory import MemoryRows, MemorySearch, Recall
from ompycord.domain.ports.team.vectors import NearItems
from ompycord.memory.query import Query, query_of
from ompycord.memory.ranking import distinct, ranked
from ompycord.memory.words import stem, words_of

__all__ = ["Recaller", "is_withheld"]

_FOUND: Final = 50
_SHARES: Final = 1 << 32
_LEAST_SHARED: Final = 2
"""Telling terms that an item has in common with a task, at least."""
_FENCE: Final = 16


def is_withheld(run: RunId, share: float) -> bool:
    """Whether a run is one of those that get nothing, by its id: always the same answer."""
    return int.from_bytes(hashlib.sha256(f"recall:{run}".encode()).digest()[:4]) < share * _SHARES


class Recaller:
    """Implements `RecallForRuns`."""

    def __init__(
        self,
        *,
        rows: MemoryRows,
        runs: RunRecords,
        clock: Clock,
        ids: Ids,
        options: MemoryOptions,
        redact: Callable[[str], str],
        meaning: NearItems | None = None,
        search: MemorySearch | None = None,
    ) -> None:
        """Without `meaning` items are found by words alone; `search` finds what fits in place of the rows."""
        self._rows = rows
        self._search = search or rows
        self._meaning = meaning
        self._runs = runs
        self._clock = clock
        self._ids = ids
        self._options = options
        self._redact = redact

    async def recall(
        self,
        run: RunId,
        text: str,
        *,
        before: MemoryRecalled | None,
        paths: Callable[[], Awaitable[Collection[str] | None]],
    ) -> Recall:
        if not self._options.recall:
            return Recall()
        if before is not None:
            return Recall() if before.withheld else Recall(text=self._block(await self._again(before)))
        chosen = await self._chosen(run, text, paths)
        if not chosen:
            return Recall()
        facts = MemoryRecalled(items=tuple(map(_ref, chosen)), withheld=is_withheld(run, self._options.hold_out))
        if facts.withheld:
            return Recall(facts=facts)
        await self._rows.count([one.item.id for one in chosen], "injected", at=self._clock.now_ms())
        return Recall(facts=facts, text=self._block([(one.item, one.is_stale) for one in chosen]))

    async def _chosen(
        self, run: RunId, text: str, paths: Callable[[], Awaitable[Collection[str] | None]]
    ) -> tuple[RecalledItem, ...]:
        query, record = query_of(text), await self._runs.run(run)
        if record is None or not query.is_enough:
            return ()
        place = MemoryPlace.of(record)
        wanted = MemoryQuery(
            place=place, match=query.match, without_run=run, now=self._clock.now_ms(), limit=_FOUND, text=text
        )
        fitting = [one for one in await self._search.search(wanted) if _is_fitting(one, query)]
        if not fitting:
            return ()
        near = () if self._meaning is None else await self._meaning.near(wanted, text, fitting)
        near = [one for one in near if _is_fitting(one, query)]
        best = distinct(ranked(fitting, place, paths=query.paths, present=await paths(), near=near))
        return within(best, tokens=self._options.recall_tokens, most=self._options.recall_items)

    async def _again(self, before: MemoryRecalled) -> list[tuple[MemoryItem, bool]]:
        known = await self._rows.by_id([one.item for one in before.items])
        return [
            (known[one.item].item, one.stale)
            for one in before.items
            if one.item in known and known[one.item].item.status == "active"
        ]

    def _block(self, items: Sequence[tuple[MemoryItem, bool]]) -> tuple[str, ...]:
        return background_text(items, fence=self._ids.token()[:_FENCE], redact=self._redact)


def _ref(one: RecalledItem) -> RecalledRef:
    return RecalledRef(item=one.item.id, kind=one.item.kind, why=one.why, stale=one.is_stale)


def _is_fitting(found: FoundItem, query: Query) -> bool:
    """Whether it shares more than one word with a task: one alone is chance."""
    item = found.item
    words = {stem(word) for text in (item.title, item.body, *item.paths) for word in words_of(text)}
    return len({stem(term) for term in query.terms} & words) >= _LEAST_SHARED
