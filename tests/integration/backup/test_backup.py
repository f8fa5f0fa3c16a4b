"""A backup of a data folder in use: what is in it, what is found wrong with it, and what a restore brings back."""

import asyncio
import hashlib
import json
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard

from ompycord.app.system import SystemClock, SystemIds
from ompycord.backup.create import make_backup
from ompycord.backup.manifest import MANIFEST, BackupError
from ompycord.backup.place import BackupPlace
from ompycord.backup.prune import prune
from ompycord.backup.restore import restore
from ompycord.backup.streams import unpacked
from ompycord.backup.verify import drill, verify
from ompycord.errors import ConfigurationError
from ompycord.store import examine_database, open_store
from tests.integration.backup.conftest import COPIES, DIGEST, PICTURE, RUN, Make
from tests.integration.store.world import NOW, CountingIds, Sender

LATER = NOW + 60_000


def count(database: Path, table: str) -> int:
    with closing(sqlite3.connect(database)) as raw:
        return raw.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def wait_unsent(database: Path, number: int) -> None:
    """So many messages wait to be sent."""
    with closing(sqlite3.connect(database)) as raw, raw:
        for one in range(number):
            raw.execute(
                "INSERT INTO outbox (run, kind, ref, body, status, created_at, nonce) "
                "SELECT pk, 'result', ?, '{}', 'pending', 1, ? FROM runs LIMIT 1",
                (str(one), f"old{one}"),
            )


async def test_it_is_made_while_others_write_and_counts_are_of_the_copy(
    data: Path, place: BackupPlace, make: Make
) -> None:
    async with open_store(data / "ompycord.db", clock=SystemClock(), ids=SystemIds(), readers=1) as store:
        sender = Sender(CountingIds(1000))
        await store.append([sender.post(seq=41)])
        name = await asyncio.to_thread(lambda: make(is_alone=False))
        await store.append([sender.post(seq=42)])
    manifest = place.manifest(name)
    assert (manifest.rows["events"], manifest.last_event, manifest.unsent) == (41, 41, 0)
    assert count(data / "ompycord.db", "events") == 42
    assert verify(place, name) == []
    assert await asyncio.to_thread(drill, place, name, copies=COPIES) == []


def test_what_it_holds_is_private_and_secrets_are_only_named(data: Path, place: BackupPlace, make: Make) -> None:
    umask = os.umask(0o022)
    try:
        name = make()
    finally:
        os.umask(umask)
    files = [place.path, *place.path.rglob("*")]
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o700, 0o600}
    manifest = place.manifest(name)
    assert manifest.secrets == ()
    assert manifest.needs == ("secrets/component_key", "secrets/keys/k1")
    assert place.content(DIGEST).read_bytes() == PICTURE
    assert not [file for file in place.path.rglob("*") if file.is_file() and b"y" * 43 in file.read_bytes()]


def test_what_people_gave_for_one_run_is_in_no_backup(data: Path, place: BackupPlace, make: Make) -> None:
    given = data / "secrets/asked/01JD0000000000000000000001/01JD0000000000000000000002.NPM_TOKEN"
    given.parent.mkdir(parents=True)
    given.write_text("x9Qd2kLw" * 4)
    manifest = place.manifest(make(with_secrets=True))
    assert "asked" not in repr(manifest)
    assert [one.name for one in manifest.secrets] == ["secrets/component_key", "secrets/keys/k1"]


def test_a_second_one_copies_only_what_is_new_and_two_in_one_second_have_two_names(
    place: BackupPlace, make: Make
) -> None:
    first = make()
    inode = place.content(DIGEST).stat().st_ino
    second = make()
    assert place.names() == [first, second]
    assert second == f"{first}-2"
    assert place.content(DIGEST).stat().st_ino == inode


@pytest.mark.parametrize("where", ["manifest.json", "ompycord.db.zst", "content"])
def test_one_flipped_byte_anywhere_is_found_and_its_file_named(place: BackupPlace, make: Make, where: str) -> None:
    name = make()
    file = place.content(DIGEST) if where == "content" else place.folder(name) / where
    whole = file.read_bytes()
    for at in {0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 2, len(whole) - 1}:
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        (fault,) = verify(place, name)
        assert file.name in fault
    file.write_bytes(whole)
    assert verify(place, name) == []


def test_a_missing_a_longer_and_a_foreign_file_are_named(place: BackupPlace, make: Make) -> None:
    name = make()
    packed = place.folder(name) / "ompycord.db.zst"
    whole = packed.read_bytes()
    packed.write_bytes(whole + b"\0")
    assert "ompycord.db.zst" in verify(place, name)[0]
    packed.unlink()
    assert verify(place, name) == ["ompycord.db.zst is missing: use another backup."]
    packed.write_bytes(whole)
    (place.folder(name) / "more").write_text("?")
    assert verify(place, name) == ["more does not belong to it."]


def test_a_restore_on_an_empty_machine_brings_back_all_of_it(
    data: Path, place: BackupPlace, make: Make, tmp_path: Path
) -> None:
    name = make(with_secrets=True)
    new = tmp_path / "new"
    done = restore(new, place, name, copies=COPIES, unsent=None, now=LATER)
    assert (done.aside, done.missing, done.lost) == (None, (), ())
    assert count(new / "ompycord.db", "events") == 40
    assert (new / "artifacts" / DIGEST[:2] / DIGEST).read_bytes() == PICTURE
    assert (new / "artifacts" / "of" / RUN / DIGEST).exists()
    assert (new / "secrets" / "keys" / "k1").read_text() == "y" * 43
    asyncio.run(examine_database(new / "ompycord.db"))
    assert sorted(one.name for one in new.iterdir()) == ["artifacts", "backup.id", "ompycord.db", "secrets"]


def test_what_was_there_is_moved_aside_with_its_log_and_its_mark(data: Path, place: BackupPlace, make: Make) -> None:
    name = make()
    (data / "ompycord.db-wal").write_bytes(b"")
    (data / "ompycord.db-shm").write_bytes(b"")
    done = restore(data, place, name, copies=COPIES, unsent=None, now=LATER)
    assert done.aside is not None
    assert {one.name for one in done.aside.iterdir()} >= {
        "ompycord.db",
        "ompycord.db-wal",
        "ompycord.db-shm",
        "ompycord.db.mark",
    }
    assert not [one for one in data.iterdir() if one.name.startswith("ompycord.db") and one.name != "ompycord.db"]
    assert (data / "secrets" / "component_key").read_text() == "x" * 43, "they are not in it, so they stay"
    asyncio.run(examine_database(data / "ompycord.db"))


def test_secrets_that_a_new_machine_lacks_are_named(place: BackupPlace, make: Make, tmp_path: Path) -> None:
    done = restore(tmp_path / "new", place, make(), copies=COPIES, unsent=None, now=LATER)
    assert done.missing == ("secrets/component_key", "secrets/keys/k1")


def test_what_waited_to_be_sent_needs_a_word_and_then_has_new_nonces(
    data: Path, place: BackupPlace, make: Make
) -> None:
    wait_unsent(data / "ompycord.db", 3)
    name = make()
    with pytest.raises(BackupError, match=r"3 messages were waiting .* --unsent send, or --unsent drop"):
        restore(data, place, name, copies=COPIES, unsent=None, now=LATER)
    restore(data, place, name, copies=COPIES, unsent="send", now=LATER)
    with closing(sqlite3.connect(data / "ompycord.db")) as raw:
        rows = raw.execute("SELECT status, nonce FROM outbox").fetchall()
        (next_number,) = raw.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").fetchone()
    assert {status for status, _ in rows} == {"pending"}
    assert not {nonce for _, nonce in rows} & {"old0", "old1", "old2"}
    assert next_number > 1000, "numbers that were given since are not given again"
    restore(data, place, name, copies=COPIES, unsent="drop", now=LATER + 1)
    with closing(sqlite3.connect(data / "ompycord.db")) as raw:
        assert raw.execute("SELECT DISTINCT status FROM outbox").fetchall() == [("failed",)]


def test_a_damaged_one_is_not_restored_and_nothing_has_changed(data: Path, place: BackupPlace, make: Make) -> None:
    name = make()
    (place.folder(name) / "ompycord.db.zst").write_bytes(b"?")
    before = {file: file.read_bytes() for file in data.rglob("*") if file.is_file()}
    with pytest.raises(BackupError, match=r"ompycord\.db\.zst is damaged"):
        restore(data, place, name, copies=COPIES, unsent=None, now=LATER)
    assert {file: file.read_bytes() for file in data.rglob("*") if file.is_file()} == before


def test_an_attached_file_that_is_lost_costs_only_itself(
    data: Path, place: BackupPlace, make: Make, tmp_path: Path
) -> None:
    name = make()
    place.content(DIGEST).write_bytes(b"?" * len(PICTURE))
    done = restore(tmp_path / "new", place, name, copies=COPIES, unsent=None, now=LATER)
    assert done.lost == (DIGEST,)
    assert count(tmp_path / "new" / "ompycord.db", "events") == 40


def test_a_newer_schema_is_refused_before_anything_changes(data: Path, place: BackupPlace, make: Make) -> None:
    with closing(sqlite3.connect(data / "ompycord.db")) as raw, raw:
        raw.execute(
            "INSERT INTO schema_migrations (version, name, checksum, applied_at, ms) VALUES (9999, 'later', '', 0, 0)"
        )
    with pytest.raises(ConfigurationError, match="newer Ompycord"):
        make()
    assert place.names() == []
    assert not list(place.path.glob(".partial*"))


def restated(place: BackupPlace, name: str, **changed: object) -> None:
    """A manifest that somebody else wrote, with its own right hash."""
    file = place.folder(name) / MANIFEST
    body = {**json.loads(file.read_bytes()), **changed}
    del body["sha256"]
    digest = hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    file.write_text(json.dumps({**body, "sha256": digest}))


def test_a_bomb_ends_at_the_stated_size(place: BackupPlace, make: Make, tmp_path: Path) -> None:
    name = make()
    bomb = zstandard.ZstdCompressor().compress(b"\0" * (64 * 1024 * 1024))
    (place.folder(name) / "ompycord.db.zst").write_bytes(bomb)
    stated = {"stored_size": len(bomb), "stored_sha256": hashlib.sha256(bomb).hexdigest(), "size": 1024}
    database = place.manifest(name).database.model_dump() | stated
    restated(place, name, database=database)
    taken: list[int] = []
    with pytest.raises(BackupError, match="is damaged"):
        unpacked(place.folder(name) / "ompycord.db.zst", place.manifest(name).database, None, taken.append)
    assert taken == [], "the first part was too large already"
    with pytest.raises(BackupError, match="is damaged"):
        restore(tmp_path / "new", place, name, copies=COPIES, unsent=None, now=LATER)
    assert not (tmp_path / "new").exists() or not any((tmp_path / "new").iterdir())


@pytest.mark.parametrize("evil", ["../out", "/etc/out", "secrets/../../out", "C:out", ""])
def test_a_name_that_leads_out_is_refused(place: BackupPlace, make: Make, tmp_path: Path, evil: str) -> None:
    name = make(with_secrets=True)
    secrets = [one.model_dump() | {"name": evil} for one in place.manifest(name).secrets[:1]]
    restated(place, name, secrets=secrets)
    with pytest.raises(BackupError, match=r"manifest\.json is damaged"):
        restore(tmp_path / "new", place, name, copies=COPIES, unsent=None, now=LATER)


def test_a_file_that_is_a_link_is_not_followed(place: BackupPlace, make: Make, tmp_path: Path) -> None:
    name = make()
    packed = place.folder(name) / "ompycord.db.zst"
    packed.rename(tmp_path / "elsewhere")
    packed.symlink_to(tmp_path / "elsewhere")
    assert verify(place, name) == ["ompycord.db.zst is damaged: use another backup."]


def test_a_manifest_of_a_later_format_asks_for_an_update(place: BackupPlace, make: Make) -> None:
    name = make()
    restated(place, name, format="ompycord/backup@2")
    with pytest.raises(BackupError, match="newer Ompycord"):
        place.manifest(name)


def test_a_disk_without_room_is_said_before_anything_is_written(
    place: BackupPlace, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=1024)

    monkeypatch.setattr("ompycord.backup.create.shutil.disk_usage", full)
    with pytest.raises(BackupError, match=r"free space there, or set backup\.folder"):
        make()
    assert place.names() == []


def test_two_writers_do_not_meet(place: BackupPlace, make: Make) -> None:
    with place.writing(), pytest.raises(BackupError, match="Another process works in"):
        make()


def test_pruning_takes_the_oldest_and_what_nobody_names_any_more(data: Path, place: BackupPlace, make: Make) -> None:
    first = make()
    for file in (data / "artifacts").rglob(DIGEST):
        file.unlink()
    names = [make(now=NOW + hours * 3_600_000) for hours in range(1, 4)]
    assert prune(place, data, keep=2, now=LATER + 4 * 3_600_000, dry_run=True).backups == (first, names[0])
    assert place.content(DIGEST).exists()
    done = prune(place, data, keep=2, now=LATER + 4 * 3_600_000)
    assert (done.backups, done.contents) == ((first, names[0]), 1)
    assert place.names() == names[1:]
    assert not place.content(DIGEST).exists()


def test_nothing_attached_goes_while_a_backup_cannot_be_read(data: Path, place: BackupPlace, make: Make) -> None:
    name = make()
    (place.folder(name) / MANIFEST).write_text(json.dumps({"format": "?"}))
    assert prune(place, data, keep=1, now=LATER).contents == 0
    assert place.content(DIGEST).exists()


def test_a_folder_of_backups_belongs_to_one_data_folder(
    data: Path, place: BackupPlace, make: Make, tmp_path: Path
) -> None:
    name = make()
    other = tmp_path / "other"
    shutil.copytree(data, other, ignore=shutil.ignore_patterns("backup.id"))
    for attempt in (
        lambda: make_backup(other, place, copies=COPIES, now=LATER, version="1", with_secrets=False),
        lambda: prune(place, other, keep=1, now=LATER),
    ):
        with pytest.raises(BackupError, match=r"holds the backups of another data folder\. .* backup\.folder"):
            attempt()
    assert place.names() == [name]
    new = tmp_path / "new"
    restore(new, place, name, copies=COPIES, unsent=None, now=LATER)
    made = make_backup(new, place, copies=COPIES, now=LATER, version="1", with_secrets=False)
    assert place.names() == [name, made], "a new machine goes on with them"
    elsewhere = BackupPlace(tmp_path / "elsewhere")
    make_backup(data, elsewhere, copies=COPIES, now=LATER, version="1", with_secrets=False)
    restore(data, elsewhere, elsewhere.names()[0], copies=COPIES, unsent=None, now=LATER)
    make(now=LATER + 1000)
