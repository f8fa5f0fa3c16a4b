"""Gone is gone: after an erasure no file of the database holds a person's words, verdicts or name."""

from pathlib import Path

import pytest

from ompycord.domain.ids import new_ulid
from ompycord.domain.memory.items import (
    TITLE_LENGTH,
    MemoryFilter,
    MemoryItem,
    MemoryKind,
    MemoryOrigin,
    MemoryPlace,
    MemoryQuery,
    MemoryStatus,
)
from ompycord.memory.book import terms_of
from ompycord.memory.erasure import erase_from_memory
from ompycord.memory.query import query_of
from ompycord.store import SqliteStore

ANN, BOB = "100000000000000001", "100000000000000002"


def item(number: int, title: str, body: str, author: str) -> MemoryItem:
    return MemoryItem(
        kind=MemoryKind.LESSON,
        title=title,
        body=body,
        id=new_ulid(now_ms=number, entropy=number.to_bytes(10)),
        guild="1",
        origin=MemoryOrigin.PERSON,
        author=author,
        author_name="Annabella" if author == ANN else "Bob",
        status=MemoryStatus.ACTIVE,
        created_at=number,
    )


def files(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


async def test_nothing_of_a_person_is_left_in_any_file(store: SqliteStore, path: Path) -> None:
    words = "xylophonic quadrangles"
    items = [
        item(1, f"About {words}", f"Her own {words}", ANN),
        item(2, "Deploys on Tuesdays", f"thanks @Annabella and <@{ANN}>", BOB),
        item(3, "Annabella's lesson", "kept by others", BOB),
        item(4, "Nothing of anyone", "Annabellas are many", BOB),
        *(item(n, f"{words} {n}", f"{words} " * 100, ANN) for n in range(5, 60)),  # whole pages of them
    ]
    writer = store._connection  # pyright: ignore[reportPrivateUsage]  # some builds of SQLite overwrite by themselves
    await writer.post(lambda raw: raw.execute("PRAGMA secure_delete = OFF"))
    await store.memory.add([(one, terms_of(one)) for one in items])
    await store.memory.count([items[0].id], "helpful", at=1)
    assert b"xylophonic" in files(path)
    assert b"xylophon" in files(path)
    done = await erase_from_memory(store.erasure, store.compact, ANN, "Annabella")
    assert (done.items, done.verdicts, done.renamed) == (56, 0, 2)
    left = files(path).lower()
    for gone in (b"xylophon", b"quadrangl", ANN.encode(), b"annabella's", b"@annabella"):
        assert gone not in left, gone
    rows = await store.memory.items(MemoryFilter())
    assert [(one.item.title, one.item.body) for one in rows] == [
        ("Nothing of anyone", "Annabellas are many"),
        ("someone's lesson", "kept by others"),
        ("Deploys on Tuesdays", "thanks someone and someone"),
    ]
    assert await store.memory.is_index_whole()


async def test_a_person_who_is_not_known_changes_nothing(store: SqliteStore) -> None:
    await store.memory.add([(one, terms_of(one)) for one in [item(1, "Deploys on Tuesdays", "", BOB)]])
    done = await erase_from_memory(store.erasure, store.compact, ANN, "")
    assert (done.items, done.renamed) == (0, 0)
    assert len(await store.memory.items(MemoryFilter())) == 1


@pytest.mark.parametrize("name", ["Ann", "★Ann★"])
async def test_what_is_renamed_is_found_by_its_files_and_repeats_nothing(store: SqliteStore, name: str) -> None:
    asked, again = item(1, f"Ask {name}", "first", BOB), item(2, "Ask someone", "first", BOB)
    filed = item(3, f"Mind {name}'s rule", "", BOB).model_copy(update={"paths": ("src/discountTable.py",)})
    longest = item(4, f"{name} {'x' * (TITLE_LENGTH - len(name) - 1)}", "", BOB)
    await store.memory.add([(one, terms_of(one)) for one in (asked, again, filed, longest)])
    done = await erase_from_memory(store.erasure, store.compact, ANN, name)
    assert done.renamed == 3
    rows = [one.item.title for one in await store.memory.items(MemoryFilter())]
    assert [title[:20].rstrip("x") for title in rows] == ["someone ", "Mind someone's rule", "Ask someone"]
    query = MemoryQuery(place=MemoryPlace(guild="1"), match=query_of("discountTable.py").match, now=9)
    assert [one.item.title for one in await store.memory.search(query)] == ["Mind someone's rule"]
