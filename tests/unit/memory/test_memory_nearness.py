"""What nearness in meaning changes in a ranking: nothing where there is none, a little where there is some."""

import random
from collections.abc import Sequence

from ompycord.domain.ids import new_ulid
from ompycord.domain.memory.items import (
    FoundItem,
    MemoryCounts,
    MemoryItem,
    MemoryKind,
    MemoryOrigin,
    MemoryPlace,
    MemoryStatus,
    RecalledItem,
)
from ompycord.memory.ranking import ranked, reason
from ompycord.memory.vectors.query_cache import QueryCache
from ompycord.memory.vectors.texts import comparable, sent_text
from ompycord.testing import FakeClock
from ompycord.text import Redactor
from tests.support.made_vectors import made_vector

HERE = MemoryPlace(guild="1", repository="shop", channel="7")
BOOSTS = {"same file": 1.5, "same repository": 1.25, "same channel": 1.1, "same server": 1.0}


def found(number: int, score: float, **changes: object) -> FoundItem:
    counts = MemoryCounts.model_validate(changes.pop("counts", {}))
    fields: dict[str, object] = {
        "id": new_ulid(now_ms=number, entropy=number.to_bytes(10)),
        "kind": MemoryKind.LESSON,
        "title": f"Lesson {number}",
        "guild": "1",
        "repository": "shop",
        "origin": MemoryOrigin.PERSON,
        "status": MemoryStatus.ACTIVE,
        "created_at": number,
    }
    return FoundItem(item=MemoryItem.model_validate({**fields, **changes}), counts=counts, score=score)


def titles(chosen: Sequence[RecalledItem]) -> list[str]:
    return [one.item.title for one in chosen]


def former(items: Sequence[FoundItem], paths: frozenset[str]) -> list[str]:
    """The ranking as it was before there were vectors, written down once more."""
    scored: list[tuple[float, int, str, str]] = []
    rank, before = 0, None
    for one in items:
        if before is None or abs(one.score - before) > 1e-6:
            rank += 1
        before = one.score
        trust = (one.counts.helpful + 1) / (one.counts.helpful + one.counts.harmful + 2)
        recency = -one.item.created_at if one.item.kind is MemoryKind.RUN_SUMMARY else 0
        score = -BOOSTS[reason(one.item, HERE, paths)] * trust / (20 + rank)
        scored.append((score, recency, one.item.id, one.item.title))
    return [title for *_, title in sorted(scored)]


def test_without_vectors_every_ranking_is_the_former_one_with_its_ties() -> None:
    rng = random.Random(5)
    paths = frozenset({"src/cart.py"})
    for _ in range(200):
        items = [
            found(
                number,
                -rng.choice((9.0, 8.0, 7.0, 3.0)),
                repository=rng.choice((None, "shop")),
                channel=rng.choice((None, "7")),
                kind=rng.choice((MemoryKind.LESSON, MemoryKind.RUN_SUMMARY)),
                paths=rng.choice(((), ("src/cart.py",))),
                counts={"helpful": rng.randrange(3), "harmful": rng.randrange(3)},
            )
            for number in range(rng.randrange(1, 30))
        ]
        items.sort(key=lambda one: one.score)
        assert titles(ranked(items, HERE, paths=paths)) == former(items, paths)


def test_nearness_lifts_what_words_found_and_never_puts_what_is_near_alone_above_the_best_of_words() -> None:
    by_words = [found(number, float(number)) for number in range(5)]
    alone = found(9, 0.0)
    near = [one.model_copy(update={"score": place / 10}) for place, one in enumerate((alone, by_words[3]))]
    chosen = titles(ranked(by_words, HERE, near=near))
    assert chosen[:3] == ["Lesson 3", "Lesson 0", "Lesson 1"]
    assert chosen.index("Lesson 9") == 5


def test_a_question_is_known_for_an_hour_in_its_space_and_the_oldest_goes() -> None:
    clock = FakeClock()
    cache = QueryCache(clock)
    cache.keep(1, "fix the cart", made_vector("fix the cart"))
    assert cache.get(1, "fix the cart") == made_vector("fix the cart")
    assert cache.get(2, "fix the cart") is None
    clock.advance(3600)
    assert cache.get(1, "fix the cart") is None
    for number in range(257):
        cache.keep(1, str(number), made_vector("x"))
    assert cache.get(1, "0") is None
    assert cache.get(1, "1") is not None
    assert (cache.hits, cache.misses) == (2, 3)


def test_a_vector_gets_length_1_unless_its_model_means_its_length() -> None:
    vector = made_vector("discount discount tax")
    assert abs(sum(number**2 for number in comparable(vector, normalised=True)) - 1) < 1e-6
    assert comparable(vector, normalised=False) is vector


def test_what_is_sent_has_no_secrets_and_is_bounded_and_never_empty() -> None:
    known = Redactor()
    known.add(["canary-of-a-key-1"])
    sent = sent_text("The key is canary-of-a-key-1", "the password is hunter2x", redact=known.redact)
    assert sent == "The key is [redacted]\nthe password is [redacted]"
    assert len(sent_text("word " * 5000, redact=str)) == 4000
    assert sent_text("", " ", redact=str) == "(nothing)"
