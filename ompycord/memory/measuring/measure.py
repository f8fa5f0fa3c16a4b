"""Puts a history into rows, asks its questions, times the search; counterpart of `histories.py` and `figures.py`."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ompycord.domain.ids import new_ulid
from ompycord.domain.memory.items import (
    BODY_LENGTH,
    MOST_PATHS,
    TITLE_LENGTH,
    MemoryItem,
    MemoryKind,
    MemoryOrigin,
    MemoryPlace,
    MemoryQuery,
    MemoryStatus,
)
from ompycord.domain.ports.memory import MemoryRows
from ompycord.memory.book import terms_of
from ompycord.memory.measuring.figures import Figures, figures_of
from ompycord.memory.measuring.histories import History, HistoryItem, HistoryQuestion
from ompycord.memory.query import query_of
from ompycord.memory.ranking import ranked

__all__ = ["PLACE", "MeasuredAnswers", "answers_of", "item_of", "plain_answers", "remember"]

PLACE: Final = MemoryPlace(guild="measured", repository="measured")
_PLACES: Final = 10


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


async def answers_of(rows: MemoryRows, history: History, ids: dict[str, str]) -> MeasuredAnswers:
    """Ask all questions as a task asks."""
    back = {row: commit for commit, row in ids.items()}
    answered: list[tuple[list[str], frozenset[str]]] = []
    took: list[float] = []
    for question in history.questions:
        start = time.perf_counter()
        found = await _found(rows, question)
        took.append(time.perf_counter() - start)
        answered.append(([back[one] for one in found], question.answers))
    return MeasuredAnswers(figures_of(answered), tuple(took))


async def _found(rows: MemoryRows, question: HistoryQuestion) -> list[str]:
    query = query_of(question.text)
    if not query.terms:
        return []
    found = await rows.search(MemoryQuery(place=PLACE, match=query.match, now=1_800_000_000_000))
    return [one.item.id for one in ranked(found, PLACE, paths=query.paths)[:_PLACES]]


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
