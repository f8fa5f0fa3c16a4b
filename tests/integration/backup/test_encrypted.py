"""Encrypted backups: nothing of them is readable without the key, and each way to lack it has its words."""

import os
import shutil
from pathlib import Path

import pytest

from ompycord.app.backups.copies import place_of
from ompycord.app.backups.keeper import BackupKeeper
from ompycord.app.backups.state import backup_finding, backup_line
from ompycord.backup.age.keys import KeyFile
from ompycord.backup.create import make_backup
from ompycord.backup.manifest import BackupError
from ompycord.backup.options import BackupOptions
from ompycord.backup.place import BackupPlace
from ompycord.backup.prune import prune
from ompycord.backup.restore import restore
from ompycord.backup.verify import drill, verify
from tests.integration.backup.conftest import COPIES, DIGEST, PICTURE, RUN, Make
from tests.integration.backup.test_backup import LATER, count
from tests.integration.store.world import NOW, HandClock


@pytest.fixture
def key_file(tmp_path: Path) -> KeyFile:
    file = KeyFile(tmp_path / "elsewhere.key")
    file.add()
    return file


@pytest.fixture
def place(tmp_path: Path, key_file: KeyFile) -> BackupPlace:
    return BackupPlace(tmp_path / "backups", key_file)


def plain(place: BackupPlace) -> BackupPlace:
    return BackupPlace(place.path)


def test_nothing_of_it_is_readable_and_a_restore_brings_all_back(
    place: BackupPlace, make: Make, tmp_path: Path, key_file: KeyFile
) -> None:
    name = make(with_secrets=True)
    files = [one for one in place.path.rglob("*") if one.is_file()]
    stored = b"".join(one.read_bytes() for one in files)
    for secret in (
        PICTURE[:64],
        b"y" * 43,
        RUN.encode(),
        DIGEST.encode(),
        b"app_version",
        key_file.keys()[0].text.encode(),
    ):
        assert secret not in stored
    assert DIGEST not in " ".join(str(one) for one in files)
    assert {one.suffix for one in files if one.parent != place.path} == {".age"}
    assert (verify(place, name), drill(place, name, copies=COPIES)) == ([], [])
    new = tmp_path / "new"
    done = restore(new, place, name, copies=COPIES, unsent=None, now=LATER)
    assert (done.missing, done.lost) == ((), ())
    assert count(new / "ompycord.db", "events") == 40
    assert (new / "artifacts" / DIGEST[:2] / DIGEST).read_bytes() == PICTURE
    assert (new / "secrets" / "keys" / "k1").read_text() == "y" * 43


def test_what_was_attached_is_kept_once_for_all_of_one_key(place: BackupPlace, make: Make) -> None:
    make()
    (kept,) = place.contents()
    inode = kept.stat().st_ino
    make()
    assert [one.stat().st_ino for one in place.contents()] == [inode]


@pytest.mark.parametrize("which", ["manifest", "ompycord.db.zst.age", "content"])
def test_a_changed_byte_and_a_cut_file_are_found_and_named(place: BackupPlace, make: Make, which: str) -> None:
    name = make()
    folder = place.folder(name)
    file = {"manifest": next(folder.glob("manifest-*")), "content": place.contents()[0]}.get(which, folder / which)
    whole = file.read_bytes()
    for broken in (whole[:-1], whole[: len(whole) // 2], b"", whole[:200] + bytes([whole[200] ^ 1]) + whole[201:]):
        file.write_bytes(broken)
        (fault,) = verify(place, name)
        assert file.name in fault
    file.write_bytes(whole)
    assert verify(place, name) == []


def test_a_file_of_another_backup_of_the_same_key_is_found(place: BackupPlace, make: Make) -> None:
    first, second = make(), make(now=LATER)
    shutil.copy(place.folder(first) / "ompycord.db.zst.age", place.folder(second) / "ompycord.db.zst.age")
    assert verify(place, second) == ["ompycord.db.zst.age is damaged: use another backup."]


def test_each_way_to_lack_the_key_is_said_and_nothing_is_changed(
    data: Path, place: BackupPlace, make: Make, key_file: KeyFile, tmp_path: Path
) -> None:
    name, key = make(), key_file.keys()[0].id[:8]
    other = KeyFile(tmp_path / "other.key")
    another = other.add()[0].id[:8]
    before = (data / "ompycord.db").read_bytes()

    def refused(given: KeyFile | None) -> str:
        lacking = BackupPlace(place.path, given)
        with pytest.raises(BackupError) as said:
            restore(data, lacking, name, copies=COPIES, unsent=None, now=LATER)
        with pytest.raises(BackupError):
            verify(lacking, name)
        (found,) = lacking.found()
        assert (found.manifest, found.fault, (found.key_id or "")[:8]) == (None, str(said.value), key)
        return str(said.value)

    assert refused(None) == (
        f"{name} is encrypted with the key {key}: name the file of that key by backup.key_file or --key-file."
    )
    assert refused(other) == (
        f"{name} is encrypted with the key {key}, and {other.path} has {another}: add the line of that key to it, or "
        "name another file by --key-file."
    )
    assert refused(KeyFile(tmp_path / "lost.key")).startswith(
        f"The key of backups, {tmp_path / 'lost.key'}, cannot be read (No such file or directory): put its copy there"
    )
    assert (data / "ompycord.db").read_bytes() == before
    assert not list(data.glob("before-restore-*"))


def test_without_its_key_none_is_made_rather_than_a_plain_one(
    place: BackupPlace, make: Make, key_file: KeyFile
) -> None:
    key_file.path.unlink()
    with pytest.raises(BackupError, match="The key of backups"):
        make()
    assert place.names() == []
    assert not list(place.path.glob(".partial-*"))


def test_after_a_new_key_the_earlier_backups_still_open_and_what_nobody_names_goes(
    data: Path, place: BackupPlace, make: Make, key_file: KeyFile, tmp_path: Path
) -> None:
    oldest = make_backup(data, plain(place), copies=COPIES, now=NOW - 60_000, version="0", with_secrets=False)
    first = make()
    key_file.add()
    second = make(now=LATER)
    assert [verify(place, one) for one in (oldest, first, second)] == [[], [], []]
    restore(tmp_path / "old", place, oldest, copies=COPIES, unsent=None, now=LATER)
    restore(tmp_path / "new", place, first, copies=COPIES, unsent=None, now=LATER)
    assert count(tmp_path / "old" / "ompycord.db", "events") == count(tmp_path / "new" / "ompycord.db", "events") == 40
    assert len(place.contents()) == 3
    assert prune(plain(place), data, keep=1, now=LATER).contents == 0, "without the key it is not known what is used"
    done = prune(place, data, keep=1, now=LATER)
    assert (done.backups, done.contents, place.names()) == ((oldest, first), 2, [second])
    assert verify(place, second) == []


@pytest.mark.parametrize("form", ["file", "link"])
def test_the_key_is_in_no_backup(data: Path, form: str) -> None:
    real = KeyFile(data / "secrets" / "backup.key")
    real.add()
    place = place_of(BackupOptions(key_file=Path("secrets/backup.key")), data)
    if form == "link":
        (data / "secrets" / "named.key").symlink_to(real.path)
        place = place_of(BackupOptions(key_file=Path("secrets/named.key")), data)
    name = make_backup(data, place, copies=COPIES, now=NOW, version="0", with_secrets=True)
    manifest = place.manifest(name)
    assert [one.name for one in manifest.secrets] == ["secrets/component_key", "secrets/keys/k1"]
    among = KeyFile(place.path / "key")
    among.add()
    with pytest.raises(BackupError, match="lies among the backups that it opens"):
        make_backup(data, BackupPlace(place.path, among), copies=COPIES, now=NOW, version="0", with_secrets=True)


async def test_the_process_says_that_its_key_is_gone_and_goes_on_when_it_is_back(
    data: Path, place: BackupPlace, make: Make, key_file: KeyFile
) -> None:
    """The trial reads the key's file: what is still in memory would open it, and nobody could after a fire."""
    os.utime(data / "secrets" / "component_key", (NOW / 1000, NOW / 1000))
    clock = HandClock()
    options = BackupOptions(key_file=key_file.path, folder=place.path)
    keeper = BackupKeeper(options=options, data=data, place=place_of(options, data), clock=clock, copies=COPIES)
    clock.wall_ms = NOW + 3_600_000
    await keeper.inspect()
    assert (backup_line(keeper.state).is_ok, keeper.state.drilled_at) == (True, clock.wall_ms)
    aside = key_file.path.rename(key_file.path.with_suffix(".away"))
    clock.wall_ms += 8 * 24 * 3_600_000
    await keeper.inspect()
    line = backup_line(keeper.state)
    assert (line.is_ok, "The key of backups" in line.text, len(place.names())) == (False, True, 1)
    assert "The key of backups" in backup_finding(options, data, now=clock.wall_ms).text
    aside.rename(key_file.path)
    clock.wall_ms += 3_600_000
    await keeper.inspect()
    assert (backup_line(keeper.state).is_ok, len(place.names())) == (True, 2)
    assert "encrypted with the key" in backup_finding(options, data, now=clock.wall_ms).text
