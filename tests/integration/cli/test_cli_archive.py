"""`ompycord archive`: what is where archived events belong, in words, and brought back from a backup."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.integration.cli.harness import ompycord
from tests.integration.cli.test_cli_damaged_store import filled


async def test_files_of_old_runs_are_listed_and_brought_back(tmp_path: Path) -> None:
    data = await filled(tmp_path)
    here = ("--data-dir", str(data))
    content = b"events of old runs"
    sha256 = hashlib.sha256(content).hexdigest()
    file = data / "artifacts" / sha256[:2] / sha256
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    rows = b"rows of the record"
    digest = hashlib.sha256(rows).hexdigest()
    old = data / "artifacts" / digest[:2] / digest
    with closing(sqlite3.connect(data / "ompycord.db")) as raw, raw:
        raw.execute("INSERT INTO archives VALUES (?, '2027-03', 4, 78, 18, 1, 1)", (sha256,))
        raw.execute("INSERT INTO audit_files VALUES (?, 1, 412, 412, 1, 11, 1, 1)", (old.name,))
    old.parent.mkdir(parents=True, exist_ok=True)
    old.write_bytes(rows)
    await ompycord("backup", "create", *here, folder=tmp_path)
    file.unlink()
    old.write_bytes(b"changed")
    listed = await ompycord("archive", "list", *here, folder=tmp_path)
    assert listed.code == 1
    assert f"damaged  artifacts/{digest[:2]}/{digest}" in listed.out
    assert f"missing  artifacts/{sha256[:2]}/{sha256}" in listed.out
    assert "Bring back what is missing or damaged: `ompycord archive restore`." in listed.out
    nowhere = ("--folder", str(tmp_path / "other"))
    lost = await ompycord("archive", "restore", *nowhere, *here, folder=tmp_path)
    assert (lost.code, f"events of 2027-03: in no backup of {tmp_path / 'other'}" in lost.out) == (1, True)
    back = await ompycord("archive", "restore", *here, folder=tmp_path)
    assert (back.code, "events of 2027-03: back from 2" in back.out) == (0, True), back.out
    assert "record of rows 1 to 412: back from 2" in back.out
    assert (file.read_bytes(), old.read_bytes()) == (content, rows)
