"""Another implementation of age and ours read one another's files: nothing of ours is needed to get at a database."""

import asyncio
import hashlib
import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from ompycord.app.backups.copies import StoreCopies
from ompycord.app.system import SystemClock, SystemIds
from ompycord.backup.age.encryption import decrypted
from ompycord.backup.age.keys import KeyFile
from ompycord.backup.create import make_backup
from ompycord.backup.place import BackupPlace
from tests.e2e.clients.environments import python_with
from tests.integration.store.world import NOW
from tests.support.new_store import new_store

pytestmark = [pytest.mark.e2e, pytest.mark.clients, pytest.mark.timeout(300, func_only=True)]

PYRAGE = "pyrage==1.4.0"
OPEN = """
import pathlib, sys, pyrage
key, source, target = map(pathlib.Path, sys.argv[1:])
lines = [line for line in key.read_text().splitlines() if line and not line.startswith("#")]
identities = [pyrage.x25519.Identity.from_str(line) for line in lines]
target.write_bytes(pyrage.decrypt(source.read_bytes(), identities))
"""
WRITE = """
import pathlib, sys, pyrage
key, folder = map(pathlib.Path, sys.argv[1:])
mine = [line for line in key.read_text().splitlines() if line and not line.startswith("#")][0]
to = [one.to_public() for one in (pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.from_str(mine))]
for number in range(40):
    (folder / str(number)).write_bytes(pyrage.encrypt(bytes([number]) * (number * 5_000), to[number % 2:]))
"""


async def test_what_it_writes_is_read_by_us_also_with_stanzas_for_others(
    tmp_path: Path, cached: Callable[[str], Path]
) -> None:
    """It adds a stanza for no one to some of them, at random (*grease*), and half of these are for two keys."""
    python = await python_with(cached("pyrage"), PYRAGE)
    file, folder = KeyFile(tmp_path / "backup.key"), tmp_path / "written"
    key, _ = file.add()
    folder.mkdir()
    process = await asyncio.create_subprocess_exec(python, "-c", WRITE, str(file.path), str(folder))
    assert await process.wait() == 0
    written = [(folder / str(number)).read_bytes() for number in range(40)]
    assert [decrypted(io.BytesIO(one), key).read() for one in written] == [
        bytes([number]) * (number * 5_000) for number in range(40)
    ]
    assert any(b"-grease" in one for one in written)


async def test_each_file_of_a_backup_opens_without_us(tmp_path: Path, cached: Callable[[str], Path]) -> None:
    python = await python_with(cached("pyrage"), PYRAGE)
    data, key = tmp_path / "data", KeyFile(tmp_path / "backup.key")
    async with new_store(data / "ompycord.db", clock=SystemClock(), ids=SystemIds(), readers=1):
        pass
    picture = bytes(range(256)) * 1000
    attached = data / "artifacts" / (digest := hashlib.sha256(picture).hexdigest())[:2] / digest
    attached.parent.mkdir(parents=True)
    attached.write_bytes(picture)
    key.add()
    key.add()
    place = BackupPlace(tmp_path / "backups", key)
    name = await asyncio.to_thread(
        lambda: make_backup(data, place, copies=StoreCopies(), now=NOW, version="0", with_secrets=False)
    )

    async def opened(source: Path) -> bytes:
        target = tmp_path / "opened"
        process = await asyncio.create_subprocess_exec(
            python, "-c", OPEN, str(key.path), str(source), str(target), stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
        assert process.returncode == 0, said.decode()
        return target.read_bytes()

    database = tmp_path / "by-hand.db"
    packed = await opened(place.folder(name) / "ompycord.db.zst.age")
    database.write_bytes(zstandard.ZstdDecompressor().decompressobj().decompress(packed))
    with closing(sqlite3.connect(database)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert await opened(place.contents()[0]) == picture
    (manifest,) = place.folder(name).glob("manifest-*.json.age")
    assert (await opened(manifest)) == place.manifest(name).dump()
