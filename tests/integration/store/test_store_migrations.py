"""Migrations: found in wheel and checkout, applied whole or not at all, never edited, never skipped, copied before."""

import json
import os
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ompycord.errors import ConfigurationError
from ompycord.store import open_store
from ompycord.store.migrations import Migration, find_migrations, migrate, read_folder, statements
from tests.integration.store.world import CountingIds, HandClock, Sender
from tests.support.patience import patient

ROOT = Path(__file__).parents[3]
FIRST = Migration(1, "first", "CREATE TABLE a (x INTEGER);\nINSERT INTO a VALUES (1);")
SECOND = Migration(
    2,
    "second",
    """
    -- a comment; with a semicolon
    ALTER TABLE a ADD COLUMN y TEXT DEFAULT 'one; two';
    CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET y = 'z;' WHERE x = new.x; END;
    CREATE INDEX i ON a (y); /* and; one more */
    UPDATE a SET x = 2;
    """,
)


def state(path: Path) -> tuple[list[str], int]:
    """All of the schema and data, and the user_version."""
    raw = sqlite3.connect(path)
    try:
        return list(raw.iterdump()), raw.execute("PRAGMA user_version").fetchone()[0]
    finally:
        raw.close()


def apply(path: Path, migrations: Sequence[Migration]) -> list[int]:
    raw = sqlite3.connect(path, isolation_level=None)
    try:
        return migrate(raw, migrations, path=path, clock=HandClock())
    finally:
        raw.close()


def test_a_fresh_database_has_every_migration_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    assert apply(path, [FIRST, SECOND]) == [1, 2]
    assert apply(path, [FIRST, SECOND]) == []
    assert state(path)[1] == 2
    assert [file.name for file in tmp_path.iterdir()] == ["a.db"]  # nothing to lose, so nothing was copied


def test_data_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    apply(path, [FIRST])
    before = state(path)
    (tmp_path / "a.db.before-0002.unfinished").write_text("left by a crash")
    assert apply(path, [FIRST, SECOND]) == [2]
    assert state(tmp_path / "a.db.before-0002") == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.db", "a.db.before-0002"]
    if os.name == "posix":
        assert (tmp_path / "a.db.before-0002").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("at", range(5))
def test_a_failure_at_any_statement_leaves_the_previous_state(tmp_path: Path, at: int) -> None:
    path = tmp_path / "a.db"
    apply(path, [FIRST])
    before = state(path)
    pieces = list(statements(SECOND.text))
    assert len(pieces) == 4
    pieces.insert(at, "INSERT INTO nowhere VALUES (1);")
    with pytest.raises(ConfigurationError, match="0002_second failed and was undone: no such table: nowhere"):
        apply(path, [FIRST, SECOND._replace(text="\n".join(pieces))])
    assert state(path) == before
    assert apply(path, [FIRST, SECOND]) == [2]


@pytest.mark.parametrize("at", range(18))
def test_a_crash_at_any_statement_of_the_first_leaves_nothing(tmp_path: Path, at: int) -> None:
    [first, *_] = find_migrations()
    pieces = list(statements(first.text))
    broken = first._replace(text="\n".join([*pieces[: at * 2], "SELECT nowhere;", *pieces[at * 2 :]]))
    path = tmp_path / "a.db"
    with pytest.raises(ConfigurationError):
        apply(path, [broken])
    assert state(path) == (["BEGIN TRANSACTION;", "COMMIT;"], 0)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("CREATE TABLE b (x); COMMIT; CREATE TABLE c (x);", "ends its own transaction"),
        ("CREATE TABLE b (x", "middle of a statement"),
        ("CREATE TABLE b (x REFERENCES a (x)); INSERT INTO b VALUES (9);", "failed and was undone|not there"),
        ("CREATE TABLE p (x PRIMARY KEY); CREATE TABLE q (x REFERENCES p); INSERT INTO q VALUES (9);", "not there"),
    ],
)
def test_a_migration_that_breaks_a_rule_is_undone(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "a.db"
    apply(path, [FIRST])
    before = state(path)
    with pytest.raises(ConfigurationError, match=why):
        apply(path, [FIRST, Migration(2, "second", text)])
    if "COMMIT" not in text:
        assert state(path) == before


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ([FIRST._replace(text=FIRST.text + " "), SECOND], "0001_first was edited"),
        ([FIRST._replace(name="other"), SECOND], "0001_first of a.db is missing here"),
        ([FIRST], "made by a newer Ompycord"),
    ],
)
def test_another_history_is_refused(tmp_path: Path, known: list[Migration], why: str) -> None:
    path = tmp_path / "a.db"
    apply(path, [FIRST, SECOND])
    before = state(path)
    with pytest.raises(ConfigurationError, match=why):
        apply(path, known)
    assert state(path) == before


def test_line_ends_do_not_count(tmp_path: Path) -> None:
    for name, text in (("a", b"SELECT 1;\nSELECT 2;\n"), ("b", b"SELECT 1;\r\nSELECT 2;\r\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0001_first.sql").write_bytes(text)
    assert read_folder(tmp_path / "a") == read_folder(tmp_path / "b")


@pytest.mark.parametrize("names", [(), ("0002_b.sql",), ("0001_a.sql", "0003_c.sql"), ("0001_a.sql", "2_b.sql")])
def test_a_folder_with_gaps_or_strange_names_is_refused(tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;")
    with pytest.raises(ConfigurationError):
        read_folder(tmp_path)


def test_the_checkout_has_what_the_wheel_packs(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=patient(60))
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    script = (
        "import ompycord.store.migrations as m\n"
        "print(m.__file__)\n"
        "for one in m.find_migrations(): print(one.version, one.name, one.checksum)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        check=True,
        capture_output=True,
        text=True,
        timeout=patient(60),
    )
    [where, *packed] = done.stdout.splitlines()
    assert Path(where).is_relative_to(tmp_path / "installed")
    assert packed == [f"{one.version} {one.name} {one.checksum}" for one in find_migrations()]


async def test_the_store_refuses_a_newer_database(path: Path) -> None:
    async with open_store(path, clock=HandClock(), ids=CountingIds(), readers=1) as store:
        await store.append([Sender(CountingIds()).post()])
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("INSERT INTO schema_migrations VALUES (99, 'future', 'x', 0, 0)")
    raw.close()
    with pytest.raises(ConfigurationError, match="newer Ompycord"):
        async with open_store(path, clock=HandClock(), ids=CountingIds(), readers=1):
            pass


def test_stored_names_are_renamed_and_events_keep_theirs(tmp_path: Path) -> None:
    path, found = tmp_path / "a.db", find_migrations()
    apply(path, found[:3])
    event = json.dumps({"type": "effect.finished", "key": "harvest:2", "outcome": "ok"})
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute(
            "INSERT INTO runs (pk, id, kind, state, created_at, updated_at) VALUES (1, 'r', 'hosted', 'BUILDING', 0, 0)"
        )
        for type_, outcome in {"harvest": "ok", "halt": "ok", "build": "halted"}.items():
            raw.execute(
                "INSERT INTO effects (run, key, body, status, created_at, outcome) VALUES (1, ?, ?, 'done', 0, ?)",
                (f"{type_}:12", json.dumps({"type": type_, "iteration": 12}), outcome),
            )
        raw.execute(
            "INSERT INTO outbox (run, kind, ref, body, status, created_at) VALUES (1, 'mirror', '', '{}', 'pending', 0)"
        )
        raw.execute(
            "INSERT INTO surfaces (run, kind, ref, channel, message, posted_at) VALUES (1, 'mirror', '', 'c', 'm', 0)"
        )
        raw.execute("INSERT INTO lanes (run, source, numbering, last_seq) VALUES (1, 'agent', 'sender', 7)")
        raw.execute("INSERT INTO events VALUES (1, 1, 'ompycord', 1, 'e', 0, 'effect.finished', ?, x'00')", (event,))
    apply(path, found)
    with closing(sqlite3.connect(path)) as raw:
        journal = raw.execute("SELECT key, body ->> 'type', body ->> 'iteration', outcome FROM effects").fetchall()
        shown = raw.execute("SELECT kind FROM outbox UNION ALL SELECT kind FROM surfaces").fetchall()
        assert sorted(journal) == [
            ("build:12", "build", 12, "stopped"),
            ("collect:12", "collect", 12, "ok"),
            ("stop:12", "stop", 12, "ok"),
        ]
        assert shown == [("summary",), ("summary",)]
        assert raw.execute("SELECT last_seq FROM source_states").fetchall() == [(7,)]
        assert raw.execute("SELECT body FROM events").fetchall() == [(event,)]


def test_pending_deliveries_get_nonces_and_runs_that_ended_long_ago_count_as_compared(tmp_path: Path) -> None:
    day_ms = 86_400_000
    path, found = tmp_path / "a.db", find_migrations()
    before = next(number for number, one in enumerate(found) if one.name == "messages_shown")
    apply(path, found[:before])
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for pk, ended_at in enumerate((day_ms, 10 * day_ms, None), start=1):
            raw.execute(
                "INSERT INTO runs (pk, id, kind, state, created_at, updated_at, ended_at)"
                " VALUES (?, ?, 'hosted', 'COMPLETE', 0, ?, ?)",
                (pk, f"r{pk}", 10 * day_ms, ended_at),
            )
            raw.execute("INSERT INTO folds (run, fold_version, position, body) VALUES (?, 1, 9, x'00')", (pk,))
            raw.execute(
                "INSERT INTO surfaces (run, kind, ref, channel, message, shown_position, posted_at)"
                " VALUES (?, 'card', '1', 'c', 'm', 4, 0)",
                (pk,),
            )
            for status in ("pending", "done"):
                raw.execute(
                    "INSERT INTO outbox (run, kind, ref, body, status, created_at) VALUES (?, 'notice', ?, '{}', ?, 0)",
                    (pk, status, status),
                )
    apply(path, found)
    with closing(sqlite3.connect(path)) as raw:
        nonces = [row[0] for row in raw.execute("SELECT nonce FROM outbox WHERE status = 'pending'")]
        shown = raw.execute("SELECT shown_position FROM surfaces ORDER BY run").fetchall()
    assert len(set(nonces)) == 3
    assert {len(nonce) for nonce in nonces} == {25}
    assert shown == [(9,), (4,), (4,)]
