"""The rows of the memory and the index of their words: what is found, by whom, and that the index stays whole."""

import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ompycord.domain.ids import new_ulid
from ompycord.domain.memory.items import (
    MemoryFilter,
    MemoryItem,
    MemoryKind,
    MemoryOrigin,
    MemoryPlace,
    MemoryQuery,
    MemoryStatus,
)
from ompycord.errors import StorageError
from ompycord.memory.book import terms_of
from ompycord.memory.opinions import HARMFUL, Opinions
from ompycord.memory.query import query_of
from ompycord.store import SqliteStore

HERE = MemoryPlace(guild="1", repository="shop", channel="7")


def item(number: int, title: str, body: str = "", **changes: object) -> MemoryItem:
    fields: dict[str, object] = {
        "kind": MemoryKind.LESSON,
        "title": title,
        "body": body,
        "id": new_ulid(now_ms=number, entropy=number.to_bytes(10)),
        "guild": "1",
        "repository": "shop",
        "origin": MemoryOrigin.PERSON,
        "status": MemoryStatus.ACTIVE,
        "created_at": number,
    }
    return MemoryItem.model_validate({**fields, **changes})


async def put(store: SqliteStore, *items: MemoryItem) -> list[MemoryItem]:
    return await store.memory.add([(one, terms_of(one)) for one in items])


async def found(store: SqliteStore, text: str, place: MemoryPlace = HERE, **changes: object) -> list[str]:
    query = MemoryQuery.model_validate({"place": place, "match": query_of(text).match, "now": 5000, **changes})
    return [one.item.title for one in await store.memory.search(query)]


async def test_what_was_stored_is_found_by_its_words_in_any_form(store: SqliteStore) -> None:
    await put(store, item(1, "Round the discount", "applyDiscount adds tax first"), item(2, "Other things"))
    for text in ("discounts", "rounding", "apply", "applyDiscount", "adding taxes", "the café discount"):
        assert await found(store, text) == ["Round the discount"], text


async def test_scripts_without_blanks_are_found_by_a_part(store: SqliteStore) -> None:
    await put(store, item(1, "ログイン失敗はgen-itgc後"), item(2, "로그인 실패"), item(3, "เข้าสู่ระบบไม่ได้"))
    assert await found(store, "失敗") == ["ログイン失敗はgen-itgc後"]
    assert await found(store, "itgc") == ["ログイン失敗はgen-itgc後"]
    assert await found(store, "실패") == ["로그인 실패"]
    assert await found(store, "ระบบ") == ["เข้าสู่ระบบไม่ได้"]


@pytest.mark.parametrize(
    "text", ["don't", "pre-edit", "C++ pre", 'a"b pre', "NOT pre", "pre\0edit", "pre* (", "title:pre"]
)
async def test_words_that_are_syntax_are_words(store: SqliteStore, text: str) -> None:
    await put(store, item(1, "Nothing of this"))
    assert await found(store, f"{text} unknownword") == []


async def test_the_title_counts_more_than_the_body(store: SqliteStore) -> None:
    await put(store, item(1, "Other", "the discount"), item(2, "The discount", "other"))
    assert await found(store, "discount") == ["The discount", "Other"]


async def test_only_active_items_that_have_not_expired_are_found(store: SqliteStore) -> None:
    await put(
        store,
        item(1, "discount active"),
        item(2, "discount proposed", status=MemoryStatus.PROPOSED),
        item(3, "discount retired", status=MemoryStatus.RETIRED),
        item(4, "discount expired", expires_at=5000),
        item(5, "discount later", expires_at=5001),
    )
    assert sorted(await found(store, "discount")) == ["discount active", "discount later"]


async def test_a_runs_own_items_are_left_out(store: SqliteStore) -> None:
    run = new_ulid(now_ms=9, entropy=bytes(10))
    await put(store, item(1, "discount own", source_run=run), item(2, "discount other"))
    assert await found(store, "discount", without_run=run) == ["discount other"]
    assert sorted(await found(store, "discount")) == ["discount other", "discount own"]


async def test_the_same_words_are_stored_once_in_a_place_and_what_was_dropped_stays_so(store: SqliteStore) -> None:
    first = item(1, "Round last", status=MemoryStatus.RETIRED)
    await put(store, first)
    (again,) = await put(store, item(2, "round LAST"))
    assert (again.id, again.status) == (first.id, MemoryStatus.RETIRED)
    (elsewhere,) = await put(store, item(3, "Round last", repository="other"))
    assert elsewhere.status is MemoryStatus.ACTIVE


@pytest.mark.parametrize("queries", [300, pytest.param(10_000, marks=pytest.mark.long)])
async def test_no_query_ever_sees_another_place(store: SqliteStore, queries: int) -> None:
    """Servers, repositories and channels whose names are alike, each with the same words."""
    guilds, repositories, channels = ("1", "11", "12"), (None, "shop", "shop-api", "api"), (None, "7", "77")
    places = [(g, r, c) for g in guilds for r in repositories for c in channels]
    words = ("discount", "total", "cart", "tax")
    items = [
        item(n * len(words) + w, f"{word} {n}", guild=g, repository=r, channel=c)
        for n, (g, r, c) in enumerate(places)
        for w, word in enumerate(words)
    ]
    await put(store, *items)
    known = {one.title: one for one in items}
    rng = random.Random(7)
    for _ in range(queries):
        g, r, c = rng.choice(places)
        place = MemoryPlace(guild=g, repository=r, channel=c)
        titles = await found(store, " ".join(rng.sample(words, 2)), place, limit=200)
        for title in titles:
            one = known[title]
            assert one.guild == g
            assert one.repository in {None, r}
            assert one.channel in {None, c}
        mine = sum(one.guild == g and one.repository in {None, r} and one.channel in {None, c} for one in items)
        assert len(titles) == mine // 2


async def test_counting_leaves_the_index_alone(store: SqliteStore, path: Path) -> None:
    (one,) = await put(store, item(1, "discount"))

    def index() -> list[tuple[object, ...]]:
        with sqlite3.connect(path) as raw:
            return raw.execute("SELECT id, block FROM memory_index_data ORDER BY id").fetchall()

    before = index()
    for at in range(200):
        await store.memory.count([one.id], "injected", at=at)
    await store.memory.count([one.id], "helpful", at=1, by=2)
    await store.memory.count([one.id], "helpful", at=1, by=-1)
    await store.memory.rewrite(
        one.model_copy(update={"status": MemoryStatus.RETIRED}), terms_of(one), expect=MemoryStatus.ACTIVE
    )
    assert index() == before
    (row,) = (await store.memory.by_id([one.id])).values()
    assert (row.counts.injected, row.counts.last_used, row.counts.helpful) == (200, 199, 1)
    assert row.item.status is MemoryStatus.RETIRED


async def test_an_item_is_rewritten_only_from_the_state_that_was_read(store: SqliteStore) -> None:
    (one,) = await put(store, item(1, "discount", status=MemoryStatus.PROPOSED))
    edited = one.model_copy(update={"title": "rounding of tax", "status": MemoryStatus.ACTIVE})
    assert await store.memory.rewrite(edited, terms_of(edited), expect=MemoryStatus.PROPOSED)
    assert not await store.memory.rewrite(one, terms_of(one), expect=MemoryStatus.PROPOSED)
    assert await found(store, "rounding tax") == ["rounding of tax"]
    assert await found(store, "discount") == []
    assert await store.memory.is_index_whole()


async def test_an_index_out_of_step_is_noticed_and_made_again_with_the_same_answers(
    store: SqliteStore, path: Path
) -> None:
    rng = random.Random(3)
    words = [f"word{n}" for n in range(40)]
    items = [item(n, " ".join(rng.sample(words, 4)), " ".join(rng.choices(words, k=20))) for n in range(300)]
    await put(store, *items)
    queries = [" ".join(rng.sample(words, 3)) for _ in range(30)]
    before = [(await found(store, query))[:5] for query in queries]
    assert await store.memory.is_index_whole()
    with sqlite3.connect(path) as raw:  # an item that was stored while the trigger was missing
        trigger = raw.execute("SELECT sql FROM sqlite_master WHERE name = 'memory_items_removed'").fetchone()[0]
        raw.execute("DROP TRIGGER memory_items_removed")
        raw.execute("DELETE FROM memory_items WHERE id = ?", (items[0].id,))
        raw.execute(trigger)
    assert not await store.memory.is_index_whole()
    with raw:
        raw.execute("DELETE FROM memory_index_data WHERE id > 10")
    raw.close()
    assert not await store.memory.is_index_whole()
    await put(store, items[0])
    rows = await store.memory.items(MemoryFilter(statuses=frozenset(MemoryStatus), limit=1000))
    assert await store.memory.index({one.item.id: terms_of(one.item) for one in rows}) == 300
    assert await store.memory.is_index_whole()
    after = [(await found(store, query))[:5] for query in queries]
    assert [set(one) for one in after] == [set(one) for one in before]


async def test_items_are_listed_newest_first_by_place_kind_state_and_end_of_their_id(store: SqliteStore) -> None:
    items = [
        item(1, "a"),
        item(2, "b", kind=MemoryKind.DECISION),
        item(3, "c", repository="other"),
        item(4, "d", repository=None),
    ]
    await put(store, *items)

    async def listed(**which: object) -> list[str]:
        return [one.item.title for one in await store.memory.items(MemoryFilter.model_validate(which))]

    assert await listed(place=HERE) == ["d", "b", "a"]
    assert await listed(kinds={"decision"}) == ["b"]
    assert await listed(statuses={"retired"}) == []
    assert await listed(ending=items[2].id[-6:]) == ["c"]
    assert await listed(place=MemoryPlace(guild="2")) == []


async def test_what_is_listed_of_a_place_is_seen_there_however_much_is_newer_elsewhere(store: SqliteStore) -> None:
    here = item(1, "here", channel="7"), item(2, "of the server", repository=None)
    elsewhere = (
        item(10, "of a channel", channel="8"),
        item(11, "of a repository", repository="other"),
        item(12, "of a server", guild="2"),
        item(13, "of a channel alone", repository=None, channel="8"),
    )
    await put(store, *here, *elsewhere)
    for one in (here[0], *elsewhere):
        for _ in range(HARMFUL):
            await store.memory.count([one.id], "harmful", at=1)
    rows = await store.memory.items(MemoryFilter(place=HERE, limit=2))
    assert [one.item.title for one in rows] == ["of the server", "here"]
    anywhere = MemoryPlace(guild="1", channel="7")  # of no repository
    assert [one.item.title for one in await store.memory.items(MemoryFilter(place=anywhere))] == ["of the server"]
    unused: Any = None
    opinions = Opinions(feedback=store.feedback, rows=store.memory, snapshots=unused, audit=store, clock=unused)
    assert [one.item.title for one in await opinions.to_retire(HERE)] == ["here"]


async def test_an_id_that_is_taken_by_other_words_is_an_error_and_not_their_item(store: SqliteStore) -> None:
    await put(store, item(1, "Round the discount"))
    with pytest.raises(StorageError):
        await put(store, item(1, "Other words"))
    assert await found(store, "discount") == ["Round the discount"]
