"""A data folder that cannot be trusted: `up` ends with a line and 78, `doctor` says the same, nothing is changed."""

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.app.system import SystemClock, SystemIds
from ompycord.store import open_store
from tests.integration.cli.harness import ompycord
from tests.integration.cli.test_cli_doctor import looked, named
from tests.integration.store.world import CountingIds, Sender

PORTS = {"OMPYCORD_WEBHOOK__PORT": "0", "OMPYCORD_PLAYGROUND__PORT": "0"}


async def filled(folder: Path) -> Path:
    """A data folder as a process that was killed leaves it, with its secrets."""
    database = folder / "live" / "ompycord.db"
    left = folder / "data"
    async with open_store(database, clock=SystemClock(), ids=SystemIds(), readers=1) as store:
        sender = Sender(CountingIds())
        await store.append([sender.post(seq=number) for number in range(1, 40)])
        shutil.copytree(database.parent, left)
    (left / "secrets").mkdir(mode=0o700)
    (left / "secrets" / "component_key").write_text("x" * 43)
    (left / "secrets" / "component_key").chmod(0o600)
    left.chmod(0o700)
    return left


def cut_log(data: Path) -> None:
    log = data / "ompycord.db-wal"
    log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
    (data / "ompycord.db-shm").unlink()


def foreign_database(data: Path) -> None:
    (data / "ompycord.db").unlink()
    raw = sqlite3.connect(data / "another.db")
    raw.execute("CREATE TABLE songs (title)")
    raw.commit()
    raw.close()
    (data / "another.db").rename(data / "ompycord.db")


def dangling(data: Path) -> None:
    for name in ("ompycord.db", "ompycord.db-wal", "ompycord.db-shm", "ompycord.db.mark"):
        (data / name).unlink()
    (data / "ompycord.db").symlink_to("/volume-that-is-not-mounted/ompycord.db")


def gone(data: Path) -> None:
    for name in ("ompycord.db", "ompycord.db-wal", "ompycord.db-shm", "ompycord.db.mark"):
        (data / name).unlink()


def gone_with_secrets(data: Path) -> None:
    """What results were kept is all that is left."""
    gone(data)
    shutil.rmtree(data / "secrets")
    (data / "artifacts" / "ab").mkdir(parents=True)


def torn_schema(data: Path) -> None:
    for name in ("ompycord.db-wal", "ompycord.db-shm", "ompycord.db.mark"):
        (data / name).unlink()
    content = bytearray((data / "ompycord.db").read_bytes())
    place = content.index(b"CREATE TABLE runs")
    content[place : place + 12] = b"\xff" * 12
    (data / "ompycord.db").write_bytes(content)


def content_of(data: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in data.glob("ompycord.db*") if file.exists()}


@pytest.mark.posix
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (cut_log, "pages of acknowledged events are missing"),
        (foreign_database, "ompycord.db-wal is not the log of this ompycord.db"),
        (dangling, "ompycord.db is a link to /volume-that-is-not-mounted/ompycord.db, which is not there"),
        (gone, "secrets/component_key is there, which belonged to it"),
        (gone_with_secrets, "artifacts is there, which belonged to it"),
        (torn_schema, "ompycord.db is damaged"),
    ],
)
async def test_it_is_refused_in_words_that_doctor_says_too_and_left_as_it_was(
    tmp_path: Path, harm: Callable[[Path], None], words: str
) -> None:
    data = await filled(tmp_path)
    harm(data)
    before = content_of(data)
    done = await ompycord("up", "--data-dir", str(data), folder=tmp_path, environ=PORTS)
    assert (done.code, len(done.err.splitlines())) == (78, 1), done.err
    assert words in done.err
    found = named(await looked(tmp_path), "Database")
    assert found.status == "fail"
    assert words in found.line
    assert content_of(data) == before


async def test_doctor_finds_a_whole_database_and_one_that_is_not_there_yet(tmp_path: Path) -> None:
    assert named(await looked(tmp_path), "Database").text == "made at the first start"
    await filled(tmp_path)
    assert named(await looked(tmp_path), "Database").text == "whole"


@pytest.mark.posix
async def test_a_command_that_works_alone_makes_no_new_database_beside_the_secrets_of_another(tmp_path: Path) -> None:
    data = await filled(tmp_path)
    gone(data)
    for command in (("keys", "list"), ("migrate",)):
        done = await ompycord(*command, "--data-dir", str(data), folder=tmp_path)
        assert done.code == 78
        assert "--new-database" in done.err
    assert not (data / "ompycord.db").exists()
