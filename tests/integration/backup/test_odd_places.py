"""Backups where folders, links, names and manifests are not as usual, and where something is in the way."""

import hashlib
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from ompycord.app.backups.copies import place_of
from ompycord.backup.create import make_backup
from ompycord.backup.manifest import BackupError
from ompycord.backup.options import BackupOptions
from ompycord.backup.place import BackupPlace, PlaceBusy
from ompycord.backup.prune import prune
from ompycord.backup.restore import restore
from ompycord.backup.verify import verify
from tests.integration.backup.conftest import COPIES, DIGEST, PICTURE, Make
from tests.integration.backup.test_backup import LATER, count, restated
from tests.integration.store.world import NOW


def with_log(data: Path, folder: Path) -> Path:
    """The data folder as a process leaves it that was killed: 31 events, of which the database's file has 40."""
    with closing(sqlite3.connect(data / "ompycord.db")) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with raw:
            raw.execute("DELETE FROM events WHERE position > 31")
        shutil.copytree(data, folder)
    assert (folder / "ompycord.db-wal").stat().st_size > 0
    (folder / "ompycord.db-shm").unlink()
    return folder


def test_what_stands_in_the_log_is_in_the_backup_and_the_log_stays(
    data: Path, place: BackupPlace, tmp_path: Path
) -> None:
    killed = with_log(data, tmp_path / "killed")
    log = (killed / "ompycord.db-wal").read_bytes()
    name = make_backup(killed, place, copies=COPIES, version="1", now=NOW, with_secrets=False, is_alone=True)
    assert place.manifest(name).rows["events"] == 31
    assert (killed / "ompycord.db-wal").read_bytes() == log
    assert not (killed / "ompycord.db-shm").exists()


def test_the_old_database_moves_aside_with_what_stands_in_its_log(
    data: Path, place: BackupPlace, make: Make, tmp_path: Path
) -> None:
    name = make()
    killed = with_log(data, tmp_path / "killed")
    aside = restore(killed, place, name, copies=COPIES, unsent=None, now=LATER).aside
    assert aside is not None
    assert count(aside / "ompycord.db", "events") == 31
    assert count(killed / "ompycord.db", "events") == 40


@pytest.mark.parametrize("was_ended", [True, False])
def test_after_a_crash_between_the_moves_the_log_follows_its_database_and_no_other(
    data: Path, place: BackupPlace, make: Make, tmp_path: Path, was_ended: bool
) -> None:
    name = make()
    killed = with_log(data, tmp_path / "killed")
    (killed / "before-restore-1").mkdir()
    (killed / "ompycord.db").rename(killed / "before-restore-1" / "ompycord.db")
    if was_ended:
        (killed / ".restoring").mkdir()
        (killed / ".restoring" / "ompycord.db").touch()
    aside = restore(killed, place, name, copies=COPIES, unsent=None, now=LATER).aside
    assert aside is not None
    assert aside.name == ("before-restore-1" if was_ended else f"before-restore-{LATER}")
    assert (aside / "ompycord.db-wal").exists()
    assert count(killed / "before-restore-1" / "ompycord.db", "events") == (31 if was_ended else 40)


def test_each_restore_has_a_folder_of_its_own_for_what_was_there(data: Path, place: BackupPlace, make: Make) -> None:
    name = make()
    asides = [restore(data, place, name, copies=COPIES, unsent=None, now=LATER).aside for _ in range(2)]
    assert [one.name for one in asides if one] == [f"before-restore-{LATER}", f"before-restore-{LATER}-2"]
    assert all((one / "ompycord.db").exists() for one in asides if one)


def test_a_move_that_fails_takes_back_those_before_it(data: Path, place: BackupPlace, make: Make) -> None:
    name = make(with_secrets=True)
    shutil.rmtree(data / "secrets")
    (data / "secrets").write_text("in the way")
    with closing(sqlite3.connect(data / "ompycord.db")) as raw, raw:
        raw.execute("DELETE FROM events WHERE position > 20")
    with pytest.raises(BackupError, match=r"secrets cannot be exchanged .*: nothing was changed"):
        restore(data, place, name, copies=COPIES, unsent=None, now=LATER)
    assert count(data / "ompycord.db", "events") == 20
    assert (data / "ompycord.db.mark").exists()
    assert not (data / ".restoring").exists()


def test_attached_files_come_back_to_another_disk(place: BackupPlace, make: Make, tmp_path: Path) -> None:
    name, new, other = make(), tmp_path / "new", Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system")
    folder = other / f"ompycord-test-{os.getpid()}"
    folder.mkdir()
    try:
        new.mkdir()
        (new / "artifacts").symlink_to(folder)
        assert restore(new, place, name, copies=COPIES, unsent=None, now=LATER).lost == ()
        assert (new / "artifacts" / DIGEST[:2] / DIGEST).read_bytes() == PICTURE
        assert not (new / "artifacts" / ".restoring").exists()
    finally:
        shutil.rmtree(folder)


def test_a_content_that_is_a_link_or_longer_is_lost_and_not_copied(
    data: Path, place: BackupPlace, make: Make, tmp_path: Path
) -> None:
    name = make()
    kept = place.content(DIGEST)
    kept.rename(tmp_path / "elsewhere")
    kept.symlink_to(tmp_path / "elsewhere")
    assert restore(tmp_path / "new", place, name, copies=COPIES, unsent=None, now=LATER).lost == (DIGEST,)
    done = restore(data, place, name, copies=COPIES, unsent=None, now=LATER)
    assert done.lost == (), "it is still in the data folder"


@pytest.mark.parametrize("damaged", [PICTURE[:-1], PICTURE[:-1] + b"?", b"?" + PICTURE[1:]])
def test_a_content_that_was_cut_off_or_changed_is_taken_again(place: BackupPlace, make: Make, damaged: bytes) -> None:
    first = make()
    place.content(DIGEST).write_bytes(damaged)
    assert verify(place, make()) == []
    assert verify(place, first) == [], "the earlier one is whole again too"


def test_a_content_that_the_data_folder_lost_stays_in_the_backups(data: Path, place: BackupPlace, make: Make) -> None:
    make()
    (data / "artifacts" / DIGEST[:2] / DIGEST).write_bytes(b"")
    made = place.manifest(make())
    assert ([one.sha256 for one in made.contents], made.damaged) == ([DIGEST], ())
    assert prune(place, data, keep=1, now=LATER).backups
    assert place.content(DIGEST).read_bytes() == PICTURE


def test_secrets_that_are_links_are_taken_and_all_is_private(
    data: Path, place: BackupPlace, make: Make, tmp_path: Path
) -> None:
    (data / "secrets" / "a").mkdir()
    (tmp_path / "given").write_text("z" * 43)
    (data / "secrets" / "a" / "linked").symlink_to(tmp_path / "given")
    umask = os.umask(0o022)
    try:
        name = make(with_secrets=True)
        restore(tmp_path / "new", place, name, copies=COPIES, unsent=None, now=LATER)
    finally:
        os.umask(umask)
    assert (tmp_path / "new" / "secrets" / "a" / "linked").read_text() == "z" * 43
    made = [*place.folder(name).rglob("*"), *(tmp_path / "new").rglob("*")]
    assert {oct(stat.S_IMODE(one.stat().st_mode)) for one in made} == {"0o700", "0o600"}


@pytest.mark.parametrize("folder", ["secrets/backups", "artifacts/backups", "a b #1?%41 'x'"])
def test_backups_in_the_data_folder_do_not_hold_each_other(data: Path, folder: str, tmp_path: Path) -> None:
    odd = data.rename(tmp_path / "my data #2?")
    place = place_of(BackupOptions(folder=Path(folder)), odd)
    assert place.path == odd / folder
    names = [
        make_backup(odd, place, copies=COPIES, version="1", now=NOW, with_secrets=True, is_alone=True) for _ in range(2)
    ]
    first, second = (place.manifest(name) for name in names)
    assert (first.needs, first.contents) == (second.needs, second.contents)
    assert verify(place, names[1]) == []
    restore(odd, place, names[1], copies=COPIES, unsent=None, now=LATER)
    assert count(odd / "ompycord.db", "events") == 40


def test_nothing_is_pruned_while_one_is_made(data: Path, place: BackupPlace, make: Make) -> None:
    first = make()
    met: list[str] = []

    def progress(what: str, done: int, total: int) -> None:
        with pytest.raises(PlaceBusy):
            prune(place, data, keep=1, now=LATER)
        met.append(what)

    second = make(now=LATER, progress=progress)
    assert {"Compressing", "Copying attached files"} <= set(met)
    assert [verify(place, name) for name in (first, second)] == [[], []]


def test_a_frame_that_wants_more_memory_than_is_given_is_refused(place: BackupPlace, make: Make) -> None:
    name = make()
    wide = zstandard.ZstdCompressionParameters(window_log=28, compression_level=1)
    plain = (
        zstandard.ZstdDecompressor().decompressobj().decompress((place.folder(name) / "ompycord.db.zst").read_bytes())
    )
    compressor = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    rewritten(place, name, compressor.compress(plain) + compressor.flush())
    assert verify(place, name) == ["ompycord.db.zst is damaged: use another backup."]


def rewritten(place: BackupPlace, name: str, content: bytes) -> None:
    """The backup's database as somebody else stored it, rightly stated."""
    (place.folder(name) / "ompycord.db.zst").write_bytes(content)
    stated = {"stored_size": len(content), "stored_sha256": hashlib.sha256(content).hexdigest()}
    restated(place, name, database=place.manifest(name).database.model_dump() | stated)


@pytest.mark.parametrize(
    "names", [["ompycord.yml"], ["secrets/a\0b"], ["secrets/a", "secrets/a"], ["secrets/a/b", "secrets/a"]]
)
def test_a_manifest_that_names_more_than_secrets_is_refused(place: BackupPlace, make: Make, names: list[str]) -> None:
    name = make(with_secrets=True)
    one = place.manifest(name).secrets[0].model_dump()
    restated(place, name, secrets=[one | {"name": named} for named in names])
    with pytest.raises(BackupError, match=r"manifest\.json is damaged"):
        place.manifest(name)


def test_a_manifest_whose_database_has_another_name_restores_no_empty_one(place: BackupPlace, make: Make) -> None:
    name = make()
    packed = place.folder(name)
    (packed / "ompycord.db.zst").rename(packed / "other.db.zst")
    restated(place, name, database=place.manifest(name).database.model_dump() | {"name": "other.db"})
    with pytest.raises(BackupError, match=r"manifest\.json is damaged"):
        place.manifest(name)


@pytest.mark.parametrize("evil", ["../../x", "A" * 64, f"{'0' * 64}\n"])
def test_a_manifest_that_names_a_content_elsewhere_is_refused(place: BackupPlace, make: Make, evil: str) -> None:
    name = make()
    restated(place, name, contents=[{"sha256": evil, "size": 1}])
    with pytest.raises(BackupError, match=r"manifest\.json is damaged"):
        place.manifest(name)
