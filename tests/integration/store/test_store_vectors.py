"""Vectors of what is remembered: seen where their items are, gone with their words, compared within one space."""

import random
import sqlite3
from array import array
from pathlib import Path

import pytest

from ompycord.domain.ids import new_ulid
from ompycord.domain.memory.items import MemoryFilter, MemoryPlace, MemoryQuery, MemoryStatus
from ompycord.domain.memory.vectors import EmbeddingModel, EmbeddingSpace, NearQuery, Vector, VectorPut
from ompycord.errors import StorageError
from ompycord.memory.book import terms_of
from ompycord.memory.erasure import erase_from_memory
from ompycord.memory.vectors.texts import comparable
from ompycord.store import SqliteStore
from ompycord.store.copying import copy_database, examine_copy
from ompycord.store.features.memory import vectors as module
from tests.integration.store.test_store_memory import HERE, item, put
from tests.support.made_vectors import made_vector

MODEL = EmbeddingModel(source="here", model="small")


async def space_of(store: SqliteStore, dim: int = 64, model: EmbeddingModel = MODEL) -> EmbeddingSpace:
    return await store.vectors.space_of(model, dim, at=1)


def unit(text: str, space: EmbeddingSpace) -> "Vector[float]":
    return comparable(made_vector(text, space.dim), normalised=True)


async def fill(store: SqliteStore, space: EmbeddingSpace) -> int:
    """A vector for everything that lacks one; how many."""
    bare = await store.vectors.missing(space, without=(), now=5000, limit=1000)
    return await store.vectors.put(space, [VectorPut(one.id, one.sha, unit(one.title, space)) for one in bare])


async def near(
    store: SqliteStore, space: EmbeddingSpace, text: str, place: MemoryPlace = HERE, **changes: object
) -> list[str]:
    candidates = changes.pop("candidates", ())
    query = MemoryQuery.model_validate({"place": place, "match": '"x"', "now": 5000, **changes})
    assert isinstance(candidates, tuple)
    found = await store.vectors.nearest(NearQuery(query, space, unit(text, space), candidates))
    return [one.item.title for one in found]


async def test_the_nearest_come_first_also_without_a_word_in_common(store: SqliteStore) -> None:
    await put(store, item(1, "rebate cheaper"), item(2, "servers and deployment"), item(3, "session"))
    space = await space_of(store)
    assert await fill(store, space) == 3
    assert (await near(store, space, "discount"))[0] == "rebate cheaper"
    assert (await near(store, space, "login", limit=1)) == ["session"]


async def test_no_vector_is_seen_from_another_place_nor_of_an_item_that_is_not_active(store: SqliteStore) -> None:
    """As `test_no_query_ever_sees_another_place` has it of words."""
    places = [(g, r, c) for g in ("1", "11") for r in (None, "shop", "shop-api") for c in (None, "7", "77")]
    run = new_ulid(now_ms=9, entropy=bytes(10))
    items = [item(n, f"discount {n}", guild=g, repository=r, channel=c) for n, (g, r, c) in enumerate(places)]
    await put(
        store,
        *items,
        item(90, "discount own", source_run=run),
        item(91, "discount expired", expires_at=6000),
        item(92, "discount dropped"),
    )
    space = await space_of(store)
    assert await fill(store, space) == len(places) + 3
    (dropped,) = [one.item for one in await store.memory.items(MemoryFilter()) if one.item.title == "discount dropped"]
    await store.memory.rewrite(
        dropped.model_copy(update={"status": MemoryStatus.RETIRED}), terms_of(dropped), expect=MemoryStatus.ACTIVE
    )
    for g, r, c in places:
        place = MemoryPlace(guild=g, repository=r, channel=c)
        seen = await near(store, space, "discount", place, now=7000, without_run=run, limit=200)
        mine = [
            one.title for one in items if one.guild == g and one.repository in {None, r} and one.channel in {None, c}
        ]
        assert sorted(seen) == sorted(mine)


async def test_other_words_lose_the_vector_and_one_of_the_former_words_is_not_stored(store: SqliteStore) -> None:
    (one,) = await put(store, item(1, "discount"))
    space = await space_of(store)
    (bare,) = await store.vectors.missing(space, without=(), now=5000, limit=10)
    await fill(store, space)
    edited = one.model_copy(update={"title": "session"})
    assert await store.memory.rewrite(edited, terms_of(edited), expect=MemoryStatus.ACTIVE)
    assert await near(store, space, "discount") == []
    late = [VectorPut(bare.id, bare.sha, made_vector("discount"))]
    assert await store.vectors.put(space, late) == 0
    assert await fill(store, space) == 1
    assert await near(store, space, "login") == ["session"]


async def test_a_vector_of_another_length_is_never_stored_nor_compared(store: SqliteStore) -> None:
    await put(store, item(1, "discount"))
    space, other = await space_of(store), await space_of(store, 96)
    assert other.id != space.id
    (bare,) = await store.vectors.missing(space, without=(), now=5000, limit=10)
    with pytest.raises(ValueError, match="another length"):
        await store.vectors.put(space, [VectorPut(bare.id, bare.sha, made_vector("discount", 96))])
    await fill(store, space)
    query = MemoryQuery(place=HERE, match='"x"', now=5000)
    with pytest.raises(StorageError):
        await store.vectors.nearest(NearQuery(query, space, made_vector("discount", 96)))


async def test_a_space_is_the_last_one_of_its_model_and_a_new_version_stands_beside_it(store: SqliteStore) -> None:
    first = await space_of(store)
    assert await space_of(store) == first
    other = await space_of(store, model=MODEL.model_copy(update={"model": "large"}))
    back = await space_of(store)
    assert (other.id, back.version) != (first.id, first.version)
    assert await store.vectors.next_version(back, at=2) == back, "it is being filled already"
    await store.vectors.finish(back, at=3)
    assert [fill.space.id for fill in await store.vectors.fills()] == [back.id]
    newer = await store.vectors.next_version(back, at=4)
    assert (newer.version, newer.whole_at) == (back.version + 1, None)
    assert [one.space.whole_at for one in await store.vectors.fills()] == [3, None]


async def test_the_space_before_goes_with_its_vectors_and_expired_ones_go_too(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_DROPPED_AT_ONCE", 3)
    await put(store, *(item(n, f"discount {n}") for n in range(8)), item(9, "late", expires_at=6000))
    old, new = await space_of(store), await space_of(store, 96)
    await fill(store, old)
    await fill(store, new)
    await store.vectors.finish(new, at=7000)
    (left,) = await store.vectors.fills()
    assert (left.space.id, left.vectors) == (new.id, 8)
    with sqlite3.connect(path) as raw:
        assert raw.execute("SELECT count(*) FROM memory_vectors").fetchone() == (8,)
    raw.close()


async def test_only_so_many_newest_ones_are_compared_and_all_that_the_words_found(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [item(n, f"discount {n}") for n in range(20)]
    await put(store, *items)
    space = await space_of(store)
    await fill(store, space)
    monkeypatch.setattr(module, "COMPARED", 5 * space.dim)
    seen = await near(store, space, "discount", candidates=(items[2].id,))
    assert sorted(seen) == sorted(["discount 2", *(f"discount {n}" for n in range(15, 20))])


async def test_an_erased_person_leaves_no_number_of_a_vector_in_any_file(store: SqliteStore, path: Path) -> None:
    theirs = await put(store, item(1, "xylophone", author="100000000000000001"))
    named = await put(store, item(2, "Annabella likes discounts", author="100000000000000002"))
    space = await space_of(store)
    rng = random.Random(11)
    marks = {one.id: array("f", [rng.uniform(0.1, 1) for _ in range(64)]) for one in (*theirs, *named)}
    bare = await store.vectors.missing(space, without=(), now=5000, limit=10)
    await store.vectors.put(space, [VectorPut(one.id, one.sha, marks[one.id]) for one in bare])
    assert all(mark.tobytes() in _bytes(path) for mark in marks.values())
    await erase_from_memory(store.erasure, store.compact, "100000000000000001", "Annabella")
    left = _bytes(path)
    assert not any(mark.tobytes() in left for mark in marks.values())
    (lacking,) = await store.vectors.missing(space, without=(), now=5000, limit=10)
    assert lacking.title == "someone likes discounts"


def _bytes(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


async def test_a_backup_has_the_vectors_and_is_whole(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    (made,) = await put(store, item(1, "discount"))
    space = await space_of(store)
    await fill(store, space)
    copy = tmp_path / "copy.db"
    copy_database(path, copy, goes_on=lambda: True)
    examine_copy(copy)
    with sqlite3.connect(copy) as raw:
        row = raw.execute("SELECT i.id, v.vector FROM memory_vectors v JOIN memory_items i ON i.pk = v.item").fetchone()
    raw.close()
    assert row == (made.id, unit("discount", space).tobytes())
