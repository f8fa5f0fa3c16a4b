"""The record is read a page at a time, however long it is, and what happens between two pages is no break of it."""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ompycord.domain.auditing.chain import AuditRow
from ompycord.domain.people.erasing import Scrub, pseudonym_of
from ompycord.store import SqliteStore
from ompycord.store.archive import cuts, record_pages
from ompycord.store.readers import Readers

KEY = b"k" * 32
ANN, BOB = "100000000000000001", "100000000000000002"
DAY = 86_400_000
ALL = 1_000 * DAY


class Reads:
    """Counts the rows that each read of the database makes; `meanwhile` happens behind one of them."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.meanwhile: dict[int, Callable[[], Awaitable[object]]] = {}
        """By the number of rows that were read before."""

    async def between(self) -> None:
        for so_far in sorted(self.meanwhile):
            if sum(self.rows) >= so_far:
                await self.meanwhile.pop(so_far)()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    found = Reads()
    read, make = Readers.read, AuditRow.model_validate

    def counted(values: Any) -> AuditRow:
        found.rows[-1] += 1
        return make(values)

    async def noted(self: Readers, query: Callable[[sqlite3.Connection], Any]) -> Any:
        found.rows.append(0)
        answer = await read(self, query)
        await found.between()
        return answer

    monkeypatch.setattr(Readers, "read", noted)
    monkeypatch.setattr(AuditRow, "model_validate", counted)
    monkeypatch.setattr(record_pages, "PAGE", 3)
    monkeypatch.setattr(cuts, "ROWS", 4)
    return found


async def lived(store: SqliteStore, count: int = 12) -> None:
    for number in range(count):
        actor = ANN if number % 3 == 0 else BOB
        detail = {"by_name": "Annabella" if actor == ANN else "Bob", "said": f"Ask Annabella, not Bob {number}"}
        await store.audit(actor=actor, action="role", subject=f"run {number % 2}", detail=detail, at=number * DAY)


async def cut(store: SqliteStore, before: int = ALL) -> None:
    await store.cuts.cut(before=before, key=KEY, by="Ompycord", at=ALL)


async def erased(store: SqliteStore, person: str, name: str) -> None:
    scrub = Scrub(person, (name,), pseudonym_of(KEY, person))
    await store.erase_person(scrub, key=KEY, by="operator", at=ALL)


async def damaged(store: SqliteStore, statement: str) -> None:
    writer = store._connection  # pyright: ignore[reportPrivateUsage]  # a thief has no other way either
    await writer.post(lambda raw: raw.execute(statement))


async def test_no_read_takes_more_than_a_page_or_a_file(store: SqliteStore, reads: Reads) -> None:
    await lived(store)
    await cut(store)
    await cut(store)
    reads.rows.clear()
    report = await store.check_audit(key=KEY)
    assert (report.open_faults, report.rows) == ((), 14)
    assert max(reads.rows) == 4
    reads.rows.clear()
    assert [row.n for row in await store.audit_of("run 1")] == [2, 4, 6, 8, 10, 12]
    assert max(reads.rows) == 4


@pytest.mark.parametrize("so_far", [1, 5, 9])
async def test_rows_that_move_between_two_pages_are_all_read_once(
    store: SqliteStore, reads: Reads, so_far: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ompycord.store.features.audit._TRIES", 1)
    await lived(store)
    await cut(store)
    reads.rows.clear()
    reads.meanwhile[so_far] = lambda: cut(store)
    report = await store.check_audit(key=KEY)
    assert (report.open_faults, report.rows, reads.meanwhile) == ((), 14, {})


async def test_who_is_erased_between_two_pages_breaks_nothing(store: SqliteStore, reads: Reads) -> None:
    """A row that names two is rewritten twice: what was read in between is named by no row that counts any more."""
    await lived(store)
    reads.rows.clear()
    reads.meanwhile = {1: lambda: erased(store, ANN, "Annabella"), 6: lambda: erased(store, BOB, "Bob")}
    report = await store.check_audit(key=KEY)
    assert (report.open_faults, reads.meanwhile) == ((), {})


async def test_what_is_broken_while_somebody_is_erased_is_named_all_the_same(store: SqliteStore, reads: Reads) -> None:
    await lived(store)
    await damaged(store, "UPDATE audit SET actor = 'nobody', detail = '{}' WHERE n = 2")
    reads.rows.clear()
    reads.meanwhile = {9: lambda: erased(store, ANN, "Annabella")}
    assert [one.text for one in (await store.check_audit(key=KEY)).open_faults] == ["Row 2 was changed."]


async def test_a_row_that_comes_meanwhile_is_read_too(store: SqliteStore, reads: Reads) -> None:
    await lived(store)
    reads.rows.clear()
    reads.meanwhile[5] = lambda: lived(store, 1)
    report = await store.check_audit(key=KEY)
    assert (report.open_faults, report.rows) == ((), 13)


async def test_a_row_behind_which_files_are_is_no_hiding_place(store: SqliteStore) -> None:
    """What stands in the table under a number of a file is read, too."""
    await lived(store, 6)
    await cut(store, 3 * DAY)
    await damaged(
        store,
        "INSERT INTO audit (n, at, actor, action, subject, detail, previous, hash) "
        "SELECT 2, at, actor, action, subject, detail, previous, hash FROM audit ORDER BY n LIMIT 1",
    )
    assert "Row 2 stands twice." in [one.text for one in (await store.check_audit(key=KEY)).open_faults]
