"""A data folder with events, a key, an attached file and something to send; and its backups."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.app.backups.copies import StoreCopies
from ompycord.app.system import SystemClock, SystemIds
from ompycord.backup.create import make_backup
from ompycord.backup.place import BackupPlace
from tests.integration.store.world import NOW, CountingIds, Sender
from tests.support.new_store import new_store

PICTURE = b"picture " * 1000
DIGEST = hashlib.sha256(PICTURE).hexdigest()
RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
COPIES = StoreCopies()


async def _fill(database: Path, events: int) -> None:
    async with new_store(database, clock=SystemClock(), ids=SystemIds(), readers=1) as store:
        sender = Sender(CountingIds())
        await store.append([sender.post(seq=number) for number in range(1, events + 1)])


def _attach(data: Path, content: bytes) -> None:
    digest = hashlib.sha256(content).hexdigest()
    for file, written in (
        (data / "artifacts" / digest[:2] / digest, content),
        (data / "artifacts/of" / RUN / digest, b""),
    ):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(written)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    asyncio.run(_fill(folder / "ompycord.db", 40))
    _attach(folder, PICTURE)
    (folder / "secrets" / "keys").mkdir(parents=True)
    (folder / "secrets" / "component_key").write_text("x" * 43)
    (folder / "secrets" / "keys" / "k1").write_text("y" * 43)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> BackupPlace:
    return BackupPlace(tmp_path / "backups")


Make = Callable[..., str]


@pytest.fixture
def make(data: Path, place: BackupPlace) -> Make:
    def made(**more: object) -> str:
        arguments: dict[str, object] = {"now": NOW, "with_secrets": False, "is_alone": True, **more}
        return make_backup(data, place, copies=COPIES, version="0.1.0", **arguments)  # type: ignore[arg-type]

    return made
