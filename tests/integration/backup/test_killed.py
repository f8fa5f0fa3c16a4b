"""A process that is killed at any step of a backup, a restore or pruning leaves what was there, or all of the new.

A step is a file opened to be written, a name that changes, a folder made or removed, a database opened. The process
that dies is a fork of this one; SIGKILL runs no handler and flushes nothing.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ompycord.app.data_folder import DataFolder
from ompycord.backup.create import make_backup
from ompycord.backup.place import BackupPlace
from ompycord.backup.prune import prune
from ompycord.backup.restore import restore
from ompycord.backup.verify import verify
from ompycord.errors import ConfigurationError
from ompycord.store import examine_database
from tests.integration.backup.conftest import COPIES, Make
from tests.integration.store.world import NOW

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

STEPS = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect"})
WRITES = os.O_WRONLY | os.O_RDWR
MOST = 400


def _dies_at(step: int, work: Callable[[], object]) -> bool:
    """Whether a fork of this process that does `work` died at its step of this number, before it."""
    child = os.fork()
    if not child:
        left = step

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES
            if event in STEPS or writes:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            work()
        except BaseException:  # noqa: BLE001  # a fork never returns into the tests
            os._exit(70)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, -signal.SIGKILL}, f"step {step} ended with {code}"
    return code != 0


def _each_death(work: Callable[[], object], then: Callable[[int], None]) -> int:
    """Let a process die at each of its steps in turn, `then` look; the number of steps."""
    for step in range(1, MOST):
        if not _dies_at(step, work):
            return step - 1
        then(step)
    raise AssertionError(f"more than {MOST} steps")


def _events(database: Path) -> int:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as raw:
        return raw.execute("SELECT count(*) FROM events").fetchone()[0]


@pytest.mark.long
def test_the_backup_before_stays_whole_and_the_next_one_works(data: Path, place: BackupPlace, make: Make) -> None:
    first = make()

    def work() -> None:
        make_backup(data, place, copies=COPIES, now=NOW + 1000, version="1", with_secrets=True, is_alone=True)

    def then(step: int) -> None:
        assert verify(place, first) == []
        for name in place.names():
            assert verify(place, name) == [], f"killed at step {step}, and {name} looks whole"
            if name != first:
                shutil.rmtree(place.path / name)
        asyncio.run(examine_database(data / "ompycord.db"))
        assert _events(data / "ompycord.db") == 40

    assert _each_death(work, then) > 15
    assert verify(place, make(now=NOW + 2000)) == []
    assert not list(place.path.glob(".partial-*"))


@pytest.mark.long
def test_a_restore_leaves_the_old_the_new_or_a_start_that_is_refused(
    data: Path, place: BackupPlace, make: Make, tmp_path: Path
) -> None:
    name = make(with_secrets=True)
    whole = tmp_path / "whole"
    data.rename(whole)
    with closing(sqlite3.connect(whole / "ompycord.db")) as raw:
        for last in (30, 20):  # so that old, new and an old one without its log are told apart
            with raw:
                raw.execute("DELETE FROM events WHERE position > ?", (last,))
            if last == 30:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copytree(whole, tmp_path / "in use")
    whole = tmp_path / "in use"
    (whole / "ompycord.db-shm").unlink()
    (whole / "ompycord.db.mark").unlink()
    assert (whole / "ompycord.db-wal").stat().st_size > 0

    def work() -> None:
        restore(data, place, name, copies=COPIES, unsent=None, now=NOW + 5000)

    seen: set[str] = set()

    def then(step: int) -> None:
        try:
            DataFolder.at(data).require_database()  # type: ignore[union-attr]
            asyncio.run(examine_database(data / "ompycord.db"))
            seen.add({20: "old", 40: "new"}[_events(data / "ompycord.db")])
        except ConfigurationError:
            seen.add("refused")
            assert list(data.glob("before-restore-*/ompycord.db")), f"step {step} lost the old one"
        restore(data, place, name, copies=COPIES, unsent=None, now=NOW + 6000)
        assert _events(data / "ompycord.db") == 40
        assert 20 in [_events(old) for old in data.glob("before-restore-*/ompycord.db")], f"step {step} parted its log"
        shutil.rmtree(data)
        shutil.copytree(whole, data)

    shutil.copytree(whole, data)
    assert _each_death(work, then) > 20
    assert seen >= {"old", "refused"}


def test_pruning_leaves_whole_ones_only(data: Path, place: BackupPlace, make: Make, tmp_path: Path) -> None:
    make()
    for file in (data / "artifacts").rglob("*"):
        if file.is_file():
            file.unlink()
    names = [make(now=NOW + number * 1000) for number in (1, 2)]
    shutil.copytree(place.path, tmp_path / "copy")

    def then(step: int) -> None:
        left = place.names()
        assert names[-1] in left, f"step {step}"
        assert all(verify(place, name) == [] for name in left)
        shutil.rmtree(place.path)
        shutil.copytree(tmp_path / "copy", place.path)

    assert _each_death(lambda: prune(place, data, keep=1, now=NOW + 9000), then) > 3
    assert place.names() == [names[-1]]
