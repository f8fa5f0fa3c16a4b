"""`ompycord backup` in a folder whose Ompycord does not run: made, listed, verified, restored, pruned, in words."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from ompycord.backup.drills import read_drill
from ompycord.backup.place import BackupPlace
from tests.integration.cli.harness import ompycord
from tests.integration.cli.test_cli_damaged_store import filled


async def test_a_backup_brings_back_what_was_there(tmp_path: Path) -> None:
    data = await filled(tmp_path)
    here = ("--data-dir", str(data))
    made = await ompycord("backup", "create", *here, folder=tmp_path)
    assert made.code == 0, made.err
    found = re.search(r"Made (\S+) in \S+/data/backups: 1 runs, 39 events\.", made.out)
    assert found is not None, made.out
    assert "Without secrets: keep" in made.out
    name = found[1]
    with closing(sqlite3.connect(data / "ompycord.db")) as raw, raw:
        raw.execute("DELETE FROM events")
    refused = await ompycord("backup", "restore", name, *here, folder=tmp_path)
    assert (refused.code, "Replace what is in" in refused.out) == (1, True), "nobody is there to say yes"
    back = await ompycord("backup", "restore", name, "--yes", *here, folder=tmp_path)
    assert back.code == 0, back.err
    assert f"Restored {name}: 1 runs, 39 events." in back.out
    aside = re.search(r"What was there is in (\S+)\.", back.out)
    assert aside is not None
    assert (Path(aside[1]) / "ompycord.db").is_file()
    with closing(sqlite3.connect(data / "ompycord.db")) as raw:
        assert raw.execute("SELECT count(*) FROM events").fetchone() == (39,)
    assert "✓ Backups" in (await ompycord("doctor", *here, folder=tmp_path)).out


async def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    data = await filled(tmp_path)
    here = ("--data-dir", str(data))
    none = await ompycord("backup", "verify", *here, folder=tmp_path)
    assert "There is no backup in" in none.err
    listed = await ompycord("backup", "list", *here, folder=tmp_path)
    assert "Make one: `ompycord backup create`." in listed.out
    unknown = await ompycord("backup", "restore", "20200101T000000Z", "--yes", *here, folder=tmp_path)
    assert "There is no backup '20200101T000000Z'" in unknown.err
    await ompycord("backup", "create", *here, folder=tmp_path)
    (packed,) = (data / "backups").glob("*/ompycord.db.zst")
    packed.write_bytes(packed.read_bytes()[:-1])
    broken = await ompycord("backup", "verify", *here, folder=tmp_path)
    assert (broken.code, "ompycord.db.zst is damaged: use another backup." in broken.out) == (1, True)
    pruned = await ompycord("backup", "prune", "--keep", "1", *here, folder=tmp_path)
    assert "Removed no backup" in pruned.out
    few = await ompycord("backup", "prune", "--keep", "0", *here, folder=tmp_path)
    assert few.code == 2


async def test_a_trial_by_command_is_the_last_trial_for_everybody(tmp_path: Path) -> None:
    data = await filled(tmp_path)
    here = ("--data-dir", str(data))
    for _ in range(2):
        assert (await ompycord("backup", "create", *here, folder=tmp_path)).code == 0
    place = BackupPlace(data / "backups")
    old, newest = place.names()
    await ompycord("backup", "verify", newest, *here, folder=tmp_path)
    await ompycord("backup", "verify", old, "--restore", *here, folder=tmp_path)
    assert read_drill(place).at is None, "only read, or not the newest"
    done = await ompycord("backup", "verify", "--restore", *here, folder=tmp_path)
    assert (done.code, read_drill(place).backup, read_drill(place).faults) == (0, newest, ())


async def test_an_encrypted_one_needs_its_key_and_says_so(tmp_path: Path) -> None:
    data = await filled(tmp_path)
    here = ("--data-dir", str(data))
    key = tmp_path / "backup.key"
    asked = await ompycord("backup", "new-key", *here, folder=tmp_path)
    assert "Say where the key is written: `ompycord backup new-key FILE`" in asked.err
    new = await ompycord("backup", "new-key", str(key), *here, folder=tmp_path)
    assert f"Set it, so that backups are encrypted: `backup: {{key_file: {key}}}`." in new.out
    assert "Copy this file to another machine now" in new.out
    assert not any(line and line in new.out + new.err for line in key.read_text().splitlines() if line[0] != "#")
    (tmp_path / "ompycord.yml").write_text(f"backup: {{key_file: {key}}}\n")
    made = await ompycord("backup", "create", *here, folder=tmp_path)
    assert re.search(rf"Encrypted with the key [0-9a-f]{{8}} of {key}: without it nobody can read it\.", made.out)
    assert "is whole." in (await ompycord("backup", "verify", *here, folder=tmp_path)).out
    away = key.rename(tmp_path / "away.key")
    lost = await ompycord("backup", "list", *here, folder=tmp_path)
    assert f"The key of backups, {key}, cannot be read" in " ".join(lost.out.split())
    unread = await ompycord("backup", "verify", *here, folder=tmp_path)
    assert (unread.code, f"The key of backups, {key}, cannot be read" in unread.err) == (77, True), unread.err
    (name,) = (one.name for one in (data / "backups").iterdir() if one.name[0] == "2")
    refused = await ompycord("backup", "restore", name, "--yes", *here, folder=tmp_path)
    assert (refused.code, f"The key of backups, {key}, cannot be read" in refused.err) == (1, True), refused.err
    back = await ompycord("backup", "restore", name, "--yes", "--key-file", str(away), *here, folder=tmp_path)
    assert f"Restored {name}: 1 runs, 39 events." in back.out, back.err
