"""Which of the items that a search found come first, and which only repeat another; pure."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import regex

from ompycord.domain.memory.items import (
    FoundItem,
    MemoryItem,
    MemoryKind,
    MemoryPlace,
    NewMemory,
    RecalledItem,
    RecallReason,
)
from ompycord.memory.words import is_telling, stem, words_of

__all__ = ["contradicts", "distinct", "is_stale", "likeness", "ranked", "reason"]

RANK_K: Final = 20
NEAR_WEIGHT: Final = 0.5
"""What a rank in meaning counts beside one in words: found best of the weights that were tried on three histories."""
_BOOSTS: Final[Mapping[RecallReason, float]] = {
    "same file": 1.5,
    "same repository": 1.25,
    "same channel": 1.1,
    "same server": 1.0,
}
_SAME: Final = 1e-6
"""Scores that differ by less are one rank."""
_FEWEST: Final = 4
"""Words that an item is taken to have at least: two that two titles share are no repetition."""
REPEATS: Final = 0.6
"""The share of the shorter text's words that two items have in common when one repeats the other."""
_NUMBER: Final = regex.compile(r"\p{Nd}++")
_NEGATIONS: Final = frozenset(
    [
        "no",
        "not",
        "never",
        "none",
        "without",
        "don",
        "doesn",
        "isn",
        "aren",
        "cannot",
        "avoid",
        "stop",
        "instead",
        "longer",
    ]
)


def ranked(
    found: Sequence[FoundItem],
    place: MemoryPlace,
    *,
    paths: Collection[str] = (),
    present: Collection[str] | None = None,
    near: Sequence[FoundItem] = (),
) -> list[RecalledItem]:
    """What was found, the best first. `paths` are those that the task names.

    `present` are the files of the base: what is about files that are all gone comes last. `near` is near in meaning,
    the nearest first; without it words alone decide.
    """
    scored: list[tuple[bool, float, int, str, RecalledItem]] = []
    for rank, nearness, one in _with_nearness(found, near):
        why = reason(one.item, place, paths)
        trust = (one.counts.helpful + 1) / (one.counts.helpful + one.counts.harmful + 2)
        stale = present is not None and is_stale(one.item, present)
        recency = -one.item.created_at if one.item.kind is MemoryKind.RUN_SUMMARY else 0
        recalled = RecalledItem(item=one.item, counts=one.counts, why=why, is_stale=stale)
        weight = _BOOSTS[why] * trust
        scored.append((stale, -(weight / (RANK_K + rank)) - weight * nearness, recency, one.item.id, recalled))
    return [one for *_, one in sorted(scored, key=lambda entry: entry[:4])]


def _with_nearness(found: Sequence[FoundItem], near: Sequence[FoundItem]) -> Iterable[tuple[float, float, FoundItem]]:
    """Each with its rank in words, infinite where these did not find it, and the share that its nearness adds."""
    shares = {one.item.id: NEAR_WEIGHT / (RANK_K + rank) for rank, one in _ranks(near)}
    for rank, one in _ranks(found):
        yield rank, shares.pop(one.item.id, 0.0), one
    yield from ((math.inf, shares[one.item.id], one) for one in near if one.item.id in shares)


def _ranks(found: Sequence[FoundItem]) -> Iterable[tuple[int, FoundItem]]:
    """Each with its rank, from 1; equal scores share one."""
    rank, before = 0, None
    for one in found:
        if before is None or abs(one.score - before) > _SAME:
            rank += 1
        before = one.score
        yield rank, one


def reason(item: MemoryItem, place: MemoryPlace, paths: Collection[str]) -> RecallReason:
    """The closest thing that an item and a task share."""
    is_here = item.repository is not None and item.repository == place.repository
    if is_here and any(_is_same_file(path, named) for path in item.paths for named in paths):
        return "same file"
    if is_here:
        return "same repository"
    return "same channel" if item.channel is not None and item.channel == place.channel else "same server"


def _is_same_file(path: str, named: str) -> bool:
    """Whether a name in a task means this path: the whole path, or its end from a folder on."""
    return path == named or ("/" in named and path.endswith(f"/{named}"))


def is_stale(item: MemoryItem, present: Collection[str]) -> bool:
    """Whether every file that it is about is gone."""
    return bool(item.paths) and not any(path in present for path in item.paths)


# -- repeats ----------------------------------------------------------------------------------------------------------


def distinct(items: Iterable[RecalledItem]) -> list[RecalledItem]:
    """Those that do not only repeat an earlier one; one that says the contrary stays beside it."""
    kept: list[RecalledItem] = []
    for one in items:
        if not any(is_repeat(one.item, other.item) for other in kept):
            kept.append(one)
    return kept


def is_repeat(one: NewMemory, other: NewMemory) -> bool:
    """Whether the two say the same, in whatever words."""
    return likeness(one, other) >= REPEATS and not contradicts(one, other)


def likeness(one: NewMemory, other: NewMemory) -> float:
    """The share of words that the two have in common, of those of the shorter one; 0 to 1."""
    words, others = _words(one), _words(other)
    return len(words & others) / max(min(len(words), len(others)), _FEWEST)


def contradicts(one: NewMemory, other: NewMemory) -> bool:
    """Whether two that are alike contradict each other: one denies, or names another number."""
    return _stance(one) != _stance(other)


def _words(item: NewMemory) -> frozenset[str]:
    return frozenset(stem(word) for word in words_of(_text(item)) if is_telling(word) and word not in _NEGATIONS)


def _stance(item: NewMemory) -> tuple[bool, frozenset[str]]:
    text = _text(item)
    return bool(_NEGATIONS.intersection(words_of(text))), frozenset(_NUMBER.findall(text))


def _text(item: NewMemory) -> str:
    return f"{item.title}\n{item.body}"
