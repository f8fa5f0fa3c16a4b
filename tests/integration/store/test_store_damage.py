"""Text that a disk changed, which SQLite finds whole: each event is compared with the hash that was stored with it."""

import random
import re
import sqlite3
from pathlib import Path

import pytest

from ompycord.conductor import LogCheck
from ompycord.conductor.log_check import EVENTS, NOTICES
from ompycord.domain.folds.fold import fold
from ompycord.domain.ids import RunId
from ompycord.domain.records import OutboxKind
from ompycord.errors import ConfigurationError, NotStored
from ompycord.store import PROJECTOR, SqliteStore, open_store
from ompycord.store.mark import mark_path
from ompycord.store.rows import DAMAGED
from tests.integration.store.world import CountingIds, HandClock, Sender, receipts

SAID = "SELECT body FROM events WHERE position = 2"


async def filled(path: Path) -> RunId:
    """Three events of one run, by a store that is closed again."""
    async with open_store(path, clock=HandClock(), ids=CountingIds(), readers=1) as store:
        taken = receipts(await store.append([Sender(CountingIds()).post(seq=n) for n in (1, 2, 3)]))
    return taken[0].run


def change(path: Path, statement: str) -> None:
    raw = sqlite3.connect(path)
    raw.execute(statement)
    raw.commit()
    raw.close()


def flip(path: Path, what: bytes, bit: int) -> None:
    """One bit of a stored text, as a disk does it: no page's structure is touched."""
    content = bytearray(path.read_bytes())
    content[content.index(what)] ^= 1 << bit
    path.write_bytes(content)


@pytest.mark.parametrize("bit", range(8))
async def test_a_flipped_bit_in_a_text_leaves_the_event_out_and_the_rest_as_it_was(path: Path, bit: int) -> None:
    """Also one that leaves no UTF-8, or no JSON."""
    run = await filled(path)
    flip(path, b"note 2", bit)
    async with open_store(path, clock=HandClock(), ids=CountingIds(50), readers=1) as store:
        events = await store.events_after(0, limit=10)
        assert [event.seq for event in events] == [1, 2, 3]
        assert [event.body.type for event in events] == ["note", DAMAGED, "note"]
        assert [event.body.type for event in await store.events_of(run)] == ["note", DAMAGED, "note"]
        await store.project(PROJECTOR, upto=3, folds=(), states={}, outbox=())
        refolded = (await store.folds([run]))[run]
        assert refolded.snapshot() == fold(run, events).snapshot()
        assert refolded.snapshot().gap_count == 0
        checked = await store.check_events(0, limit=10)
    assert [(one.run, one.first, one.last, one.is_missing) for one in checked.damaged] == [(run, 2, 2, False)]
    assert (checked.upto, checked.is_end) == (3, True)


async def test_a_body_that_was_rewritten_and_events_that_were_taken_away_are_found(path: Path) -> None:
    run = await filled(path)
    change(path, """UPDATE events SET body = '{"text":"another"}' WHERE position = 3""")
    change(path, "DELETE FROM events WHERE position = 1")
    async with open_store(path, clock=HandClock(), ids=CountingIds(50), readers=1) as store:
        checked = await store.check_events(0, limit=10)
    found = [(one.run, one.first, one.last, one.is_missing) for one in checked.damaged]
    assert found == [(run, 1, 1, True), (run, 3, 3, False)]


async def test_what_is_damaged_is_told_in_ops_once_however_often_the_log_is_read(path: Path) -> None:
    run = await filled(path)
    change(path, "UPDATE events SET type = 'message' WHERE position = 2")
    clock = HandClock()
    async with open_store(path, clock=clock, ids=CountingIds(50), readers=1) as store:
        for _ in range(2):
            check = LogCheck(store=store, clock=clock, ops_channel="9")
            assert await check.check_some()
        [notice] = await store.outbox()
    assert (notice.run, notice.kind, notice.ref, notice.body["channel"]) == (
        run,
        OutboxKind.NOTICE,
        "damaged:changed:2-2",
        "9",
    )


async def test_a_long_log_is_read_in_parts_and_a_broken_disk_is_told_in_few_notices(
    store: SqliteStore, sender: Sender, path: Path, clock: HandClock
) -> None:
    count = EVENTS + 20
    await store.append([sender.post(seq=n) for n in range(1, count + 1)])
    await store._writer.submit(  # pyright: ignore[reportPrivateUsage]  # as a disk does it, whoever has the file open
        lambda raw: raw.execute("UPDATE events SET body = '{}' WHERE position % 100 = 0") and None
    )
    check = LogCheck(store=store, clock=clock, ops_channel="9")
    assert not await check.check_some()
    assert await check.check_some()
    assert len(await store.outbox()) == NOTICES


LETTERS = [bytes([one]) for one in b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_(),"]


async def test_a_flipped_bit_in_the_schema_ends_the_start_in_words_or_changes_nothing(path: Path) -> None:
    """Whatever opening raises is a StartError: no name and no number of the schema is trusted."""
    await filled(path)
    whole = path.read_bytes()
    chance = random.Random(4)  # repeatable, not secret
    statements = re.finditer(rb"CREATE (TABLE|INDEX|UNIQUE INDEX|TRIGGER) [^\0-\x08\x7f-\xff]{20,300}", whole)
    places = [at for one in statements for at in range(*one.span()) if whole[at : at + 1] in LETTERS]
    refused: list[str] = []
    refused_later: list[str] = []
    for place in chance.sample(places, 60):
        content = bytearray(whole)
        content[place] ^= 1 << chance.randrange(8)
        path.write_bytes(content)
        mark_path(path).unlink(missing_ok=True)
        try:
            async with open_store(path, clock=HandClock(), ids=CountingIds(90), readers=1) as store:
                await store.append([Sender(CountingIds(500)).post(seq=4)])
                assert await store.backlog()
        except ConfigurationError as error:
            refused.append(str(error))
        except NotStored as error:  # a value that a check or a default names: it is found by what it refuses
            refused_later.append(str(error))
    assert len(refused) > 10
    assert [words for words in refused_later if "\n" in words or "Nothing was stored" not in words] == []
    assert [words for words in refused if "\n" in words or "ompycord.db" not in words] == []


@pytest.mark.parametrize("name", [b"shown_position", b"webhook_ids", b"last_seq"])
async def test_a_name_of_the_schema_that_is_another_ends_the_start_although_sqlite_finds_it_whole(
    path: Path, name: bytes
) -> None:
    await filled(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(name, name[:-1] + b"x"))
    with pytest.raises(ConfigurationError, match=r"ompycord\.db is damaged"):
        async with open_store(path, clock=HandClock(), ids=CountingIds(90), readers=1):
            pass


async def test_a_schema_that_is_no_text_ends_the_start_in_words(path: Path) -> None:
    await filled(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"CREATE TABLE runs", b"CREATE TABLE \xff\xfe\xff\xfe"))
    with pytest.raises(ConfigurationError, match=r"ompycord\.db"):
        async with open_store(path, clock=HandClock(), ids=CountingIds(90), readers=1):
            pass
