"""A person is taken out of every table, every file of the database and the record, which still verifies."""

import json
import re
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.auditing.marks import erased_detail, read_mark
from ompycord.domain.budgets.accounts import AccountKey, AccountScope, BudgetRaise
from ompycord.domain.budgets.periods import Period
from ompycord.domain.people.erasing import ERASED_WORDS, Scrub, is_pseudonym, pseudonym_of
from ompycord.domain.person_settings import PersonSettings
from ompycord.store import SqliteStore

ANN, BOB = "100000000000000001", "100000000000000002"
KEY = b"k" * 32
WHO = pseudonym_of(KEY, ANN)
ANNABELLA = Scrub(ANN, ("Annabella",), WHO)


def files(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(f"{path.name}*")))


async def test_the_record_verifies_without_a_person_who_is_in_no_byte_of_it(store: SqliteStore, path: Path) -> None:
    detail = {"by_name": "Annabella", "action": "Drop the xylophone", "ref": ""}
    await store.audit(actor=ANN, action="say", subject="run", detail=detail, at=1)
    await store.audit(actor=BOB, action="role", subject=ANN, detail={"by_name": "Bob", "kind": "user"}, at=2)
    await store.audit(actor=BOB, action="pause", subject="ompycord", detail={"by_name": "Bob"}, at=3)
    before = (await store.check_audit()).last_hash
    done = await store.erase_person(ANNABELLA, key=KEY, by=WHO, at=4)
    await store.compact()
    assert done.audit == 2
    report = await store.check_audit(key=KEY)
    assert (report.open_faults, report.erased, report.rows) == ((), 2, 4)
    assert before in [row.previous.hex() for row in await store.audit_rows(after=0, limit=10)]
    left = files(path)
    for word in (ANN.encode(), b"Annabella", b"xylophone"):
        assert word not in left
    assert [row.text("actor") for row in await store.audit_rows(after=0, limit=10)] == [WHO, BOB, BOB, WHO]
    assert len((await store.check_audit(key=b"x" * 32)).open_faults) == 2, "only this installation may say so"
    assert len((await store.check_audit()).open_faults) == 2


async def test_a_row_that_is_changed_after_an_erasure_is_named(store: SqliteStore) -> None:
    await store.audit(actor=ANN, action="say", subject="run", detail={"by_name": "Annabella"}, at=1)
    await store.erase_person(ANNABELLA, key=KEY, by=WHO, at=4)
    writer = store._connection  # pyright: ignore[reportPrivateUsage]  # a thief has no other way either
    await writer.post(lambda raw: raw.execute("UPDATE audit SET actor = 'nobody' WHERE n = 1"))
    (fault,) = (await store.check_audit(key=KEY)).open_faults
    assert fault.text == "Row 1 was changed."


async def test_choices_and_drafts_go_and_what_others_wrote_loses_the_name(store: SqliteStore) -> None:
    await store.save_person_settings(ANN, PersonSettings(agent="omp"), at=1)
    await store.save_person_settings(BOB, PersonSettings(agent="codex"), at=1)
    assert ANN in await store.people_known()
    await store.erase_person(ANNABELLA, key=KEY, by="operator", at=2)
    assert await store.person_settings(ANN) == PersonSettings()
    assert (await store.person_settings(BOB)).agent == "codex"
    assert ANN not in await store.people_known()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"thanks <@{ANN}> and <@!{ANN}>", "thanks someone and someone"),
        (f"id {ANN}, not 1{ANN}", f"id {WHO}, not 1{ANN}"),
        ("@Annabella, Annabellas, annabella", "someone, Annabellas, annabella"),
    ],
)
def test_names_and_ids_in_texts(text: str, left: str) -> None:
    assert ANNABELLA.text(text) == left


def test_their_words_go_whole_and_those_of_others_stay() -> None:
    own = ev.Prompted(text="Drop the xylophone", by="Annabella", person=ANN)
    assert ANNABELLA.value(ev.dump_data(own), is_theirs=ANNABELLA.wrote(ev.dump_data(own))) == {
        "text": ERASED_WORDS, "by": "someone", "person": WHO
    }  # fmt: skip
    other = ev.dump_data(ev.Prompted(text="Ask Annabella", by="Bob", person=BOB))
    assert not ANNABELLA.wrote(other)
    assert ANNABELLA.value(other)["text"] == "Ask someone"
    task = {"prompt": "Secret plan", "origin": {"requester": ANN, "requester_name": "Annabella"}}
    assert ANNABELLA.wrote({"task": task})
    assert ANNABELLA.value({"task": task}, is_theirs=True) == {
        "task": {"prompt": ERASED_WORDS, "origin": {"requester": WHO, "requester_name": "someone"}}
    }


@pytest.mark.parametrize("name", ["running", "text", "gateway", "main", "src"])
def test_a_name_that_is_a_word_of_ours_changes_no_word_of_ours(name: str) -> None:
    scrub = Scrub(ANN, (name,), WHO)
    body = {"state": "running", "text": f"ask {name} or @{name}", "models": {"by": "gateway"}, "path": "src/main"}
    assert scrub.value(body) == {**body, "text": "ask someone or someone"}
    assert scrub.json("running", column="state") == "running"
    assert scrub.json(name, column="by_name") == ("gateway" if name == "gateway" else "someone")
    assert scrub.json(name, column="title") == "someone"


def test_a_name_is_found_as_json_writes_it() -> None:
    scrub = Scrub(ANN, ('Ann "Q" Lee',), WHO)
    stored = json.dumps({"by": 'Ann "Q" Lee'})
    assert any(needle in stored for needle in scrub.needles)
    assert json.loads(scrub.json(stored)) == {"by": "someone"}


HASHES = {("events", "hash"), ("webhook_ids", "hash"), ("audit", "previous"), ("audit", "hash"), ("folds", "body")}
"""What is no text. A new column of bytes is refused here until it is known to name nobody."""
IDS = {
    ("events", "type"), ("events", "source"), ("events", "id"), ("audit", "action"), ("tasks", "id"), ("runs", "task"),
}  # fmt: skip
"""What is never a word of anybody."""
NAMING = f"<@{ANN}> alias Annabella"


def row_of(raw: sqlite3.Connection, table: str, sql: str) -> dict[str, object]:
    """A row that names Annabella wherever the schema lets a text stand."""
    row: dict[str, object] = {}
    for _, name, type_, _, _, _ in raw.execute(f'PRAGMA table_info("{table}")'):
        listed = re.search(rf"\b{name} IN \('(\w+)'", sql)
        if type_ == "BLOB":
            assert (table, name) in HASHES, f"Does {table}.{name} name people? An erasure changes no bytes."
            row[name] = b""
        elif type_ == "INTEGER":
            row[name] = 1
        elif listed:
            row[name] = listed[1]
        elif (table, name) in IDS:
            row[name] = "note"
        elif f"json_valid({name})" in sql or (table, name) == ("events", "body"):
            row[name] = json.dumps({"person": BOB, "words": NAMING, "by": "Annabella", ANN: [NAMING, {"by_name": ANN}]})
        else:
            row[name] = NAMING
    return row


async def test_every_table_that_there_is_loses_a_person(store: SqliteStore, path: Path) -> None:
    with sqlite3.connect(path) as raw:
        tables = dict(raw.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall())
        ours = {name: sql for name, sql in tables.items() if not name.startswith(("sqlite_", "memory_", "schema_"))}
        assert {"schedules", "announcements", "trigger_fires", "budget_raises", "call_decisions", "alerts"} <= set(ours)
        for table, sql in ours.items():
            row = row_of(raw, table, sql)
            names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
            raw.execute(
                f'INSERT INTO "{table}" ({names}) VALUES ({marks})', tuple(row.values())
            )  # the schema's own names
    raw.close()
    assert (await store.erase_person(ANNABELLA, key=KEY, by="operator", at=2)).rows > len(ours) / 2
    with sqlite3.connect(path) as raw:
        rows = {table: str(raw.execute(f'SELECT * FROM "{table}"').fetchall()) for table in ours}  # as above
    raw.close()
    assert {table for table, left in rows.items() if ANN in left or "Annabella" in left} == set()


async def test_whoever_came_back_is_erased_again_where_their_pseudonym_has_rows(store: SqliteStore) -> None:
    key = AccountKey("1" * 18, AccountScope.PERSON, ANN)
    for usd in (Decimal(1), Decimal(2)):
        one = BudgetRaise(key=key, period=Period.MONTH, start=0, usd=usd, by=BOB, by_name="Bob", at=1)
        await store.raise_budget(one)
        await store.erase_person(ANNABELLA, key=KEY, by="operator", at=2)
    assert ANN not in await store.people_known()


async def test_a_title_like_json_is_exported(store: SqliteStore) -> None:
    await store.audit(actor=BOB, action="say", subject="{never closed", detail={"by": "Annabella"}, at=1)
    (found,) = await store.person_rows(ANNABELLA)
    assert found.table == "audit"


def test_a_pseudonym_is_the_same_each_time_and_another_with_another_key() -> None:
    assert pseudonym_of(KEY, ANN) == WHO != pseudonym_of(b"x" * 32, ANN)
    assert is_pseudonym(WHO)
    assert not is_pseudonym(ANN)
    assert not is_pseudonym(None)


def test_a_mark_that_was_not_signed_here_says_nothing() -> None:
    detail = json.dumps(erased_detail(KEY, {10: "ab", 11: "cd"})).encode()
    assert read_mark(KEY, detail) == {10: "ab", 11: "cd"}
    assert read_mark(KEY, detail.replace(b"10:ab", b"12:ab", 1)) == {}
    assert read_mark(b"x" * 32, detail) == {}
    assert read_mark(None, detail) == {}
    assert read_mark(KEY, b"{}") == {}
