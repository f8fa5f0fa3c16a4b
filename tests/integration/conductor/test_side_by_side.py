"""Two runs whose checks bind the same port at the same moment: each is in a network of its own."""

import asyncio
from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.repository import ConfinementLevel
from ompycord.store import SqliteStore
from tests.support.confinement import require
from tests.support.patience import patient, until
from tests.support.prepared_run import PreparedRun, meeting

BINDS = """
import pathlib, socket, time
with socket.create_server(("127.0.0.1", 8080)):
    pathlib.Path("bound").touch()
    ends = time.monotonic() + 60
    while not pathlib.Path("go").exists() and time.monotonic() < ends:
        time.sleep(0.02)
"""
CHECK = {"name": "binds", "command": ["{python}", "binds.py"], "parser": "exit", "network": False}


@pytest.fixture
def full() -> ConfinementLevel:
    require("full")
    return "full"


async def test_two_checks_bind_one_port_at_once_and_both_pass(
    tmp_path: Path, store: SqliteStore, full: ConfinementLevel
) -> None:
    folders = (tmp_path / "a", tmp_path / "b")
    runs = [
        PreparedRun(folder, store, level=full, files={"binds.py": BINDS}, repository={"checks": [CHECK]})
        for folder in folders
    ]
    for run in runs:
        await run.prepare()
        await run.build("cat >/dev/null; echo done >notes.txt")
        await run.collect()
    async with asyncio.timeout(patient(120)), asyncio.TaskGroup() as group:
        letting = group.create_task(until(meeting(*folders, mark="bound"), seconds=120))
        checks = [group.create_task(run.check()) for run in runs]
        await asyncio.wait(checks)
        letting.cancel()
    for run, checked in zip(runs, checks, strict=True):
        assert checked.result().facts.get("passed") is True, run.of(ev.CheckFinished)
