"""Puts a history into rows, asks its questions, times the search; counterpart of `histories.py` and `figures.py`."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ompycord.domain.ids import new_ulid
from ompycord.domain.memory.items import (
    BODY_LENGTH,
    MOST_PATHS,
    TITLE_LENGTH,
    FoundItem,
    MemoryItem,
    MemoryKind,
    MemoryOrigin,
    MemoryPlace,
    MemoryQuery,
    MemoryStatus,
)
from ompycord.domain.memory.vectors import EmbeddingModel, EmbeddingSpace, NearQuery, Vector, VectorPut
from ompycord.domain.ports.memory import MemoryRows
from ompycord.domain.ports.team.vectors import NearItems, VectorRows
from ompycord.memory.book import terms_of
from ompycord.memory.measuring.figures import Figures, figures_of
from ompycord.memory.measuring.histories import History, HistoryItem, HistoryQuestion
from ompycord.memory.query import query_of
from ompycord.memory.ranking import ranked

__all__ = [
    "PLACE",
    "EmbedTexts",
    "MeasuredAnswers",
    "answers_of",
    "item_of",
    "nearness_of",
    "plain_answers",
    "remember",
]

PLACE: Final = MemoryPlace(guild="measured", repository="measured")
_PLACES: Final = 10
_NOW: Final = 1_800_000_000_000

EmbedTexts = Callable[[Sequence[str]], "Awaitable[list[Vector[float]]]"]
"""A vector for each text, all of one length. Raises EmbeddingFailed."""


@dataclass(frozen=True, slots=True)
class MeasuredAnswers:
    """How well the questions of a history were answered, and how long each took."""

    figures: Figures
    took_s: tuple[float, ...]


async def remember(rows: MemoryRows, items: Sequence[HistoryItem]) -> dict[str, str]:
    """Put the commits into rows; the id of each there, by its own."""
    made = [item_of(number, item) for number, item in enumerate(items)]
    await rows.add([(item, terms_of(item)) for item in made])
    return {item.id: one.id for item, one in zip(items, made, strict=True)}


def item_of(number: int, item: HistoryItem) -> MemoryItem:
    """A commit as an item of the memory."""
    paths = tuple(path for path in item.paths if len(path) <= 1024)  # noqa: PLR2004  # as an item takes them
    body = "\n".join(part for part in (item.body, *item.paths) if part)
    return MemoryItem(
        id=new_ulid(now_ms=1_700_000_000_000 + number, entropy=number.to_bytes(10)),
        kind=MemoryKind.RUN_SUMMARY,
        title=(item.title or "(no title)")[:TITLE_LENGTH],
        body=body[:BODY_LENGTH],
        paths=paths[:MOST_PATHS],
        guild=PLACE.guild,
        repository=PLACE.repository,
        origin=MemoryOrigin.RUN,
        status=MemoryStatus.ACTIVE,
        created_at=1_700_000_000_000 + number,
    )


async def answers_of(
    rows: MemoryRows, history: History, ids: dict[str, str], near: NearItems | None = None
) -> MeasuredAnswers:
    """Ask all questions as a task asks; without `near` by words alone."""
    back = {row: commit for commit, row in ids.items()}
    answered: list[tuple[list[str], frozenset[str]]] = []
    took: list[float] = []
    for question in history.questions:
        start = time.perf_counter()
        found = await _found(rows, question, near)
        took.append(time.perf_counter() - start)
        answered.append(([back[one] for one in found], question.answers))
    return MeasuredAnswers(figures_of(answered), tuple(took))


async def _found(rows: MemoryRows, question: HistoryQuestion, nearness: NearItems | None) -> list[str]:
    query = query_of(question.text)
    if not query.terms:
        return []
    wanted = MemoryQuery(place=PLACE, match=query.match, now=_NOW)
    found = await rows.search(wanted)
    near = () if nearness is None or not found else await nearness.near(wanted, question.text, found)
    return [one.item.id for one in ranked(found, PLACE, paths=query.paths, near=near)[:_PLACES]]


async def nearness_of(rows: VectorRows, history: History, embed: EmbedTexts) -> NearItems:
    """Vectors of all that is remembered and of all questions. Raises EmbeddingFailed, StorageError."""
    bare = await rows.missing(None, without=(), now=_NOW, limit=len(history.items))
    made = await embed([f"{one.title}\n{one.body}" for one in bare])
    space = await rows.space_of(EmbeddingModel(source="measured", model="measured"), len(made[0]), at=_NOW)
    await rows.put(space, [VectorPut(one.id, one.sha, it) for one, it in zip(bare, made, strict=True)])
    texts = [question.text for question in history.questions]
    return _Nearness(rows, space, dict(zip(texts, await embed(texts), strict=True)))


class _Nearness:
    """Implements `NearItems`, with vectors of questions that are known before they are asked."""

    def __init__(self, rows: VectorRows, space: EmbeddingSpace, vectors: "Mapping[str, Vector[float]]") -> None:
        self._rows = rows
        self._space = space
        self._vectors = vectors

    async def near(self, query: MemoryQuery, text: str, found: Sequence[FoundItem]) -> Sequence[FoundItem]:
        """See the port."""
        candidates = tuple(one.item.id for one in found)
        return await self._rows.nearest(NearQuery(query, self._space, self._vectors[text], candidates))


def plain_answers(search: Callable[[str, int], list[str]], history: History) -> MeasuredAnswers:
    """The same questions to a plain search, which takes words and how many answers are wanted."""
    answered: list[tuple[list[str], frozenset[str]]] = []
    took: list[float] = []
    for question in history.questions:
        start = time.perf_counter()
        found = search(question.text, _PLACES)
        took.append(time.perf_counter() - start)
        answered.append((found, question.answers))
    return MeasuredAnswers(figures_of(answered), tuple(took))
