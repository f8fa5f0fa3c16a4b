"""Real PostgreSQL, Redis and MariaDB beside the checks of two runs at once, and after kill -9."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL
from pathlib import Path

import psutil
import pytest

from ompycord.domain import events as ev
from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.repository import ConfinementLevel
from ompycord.render.cards.textform import text_form
from ompycord.render.render_context import RenderContext
from ompycord.store import SqliteStore
from ompycord.workspaces.services.programs import program_of
from tests.integration.conductor.test_services import left_behind
from tests.support.confinement import require
from tests.support.patience import patient, until
from tests.support.prepared_run import PreparedRun, meeting

pytestmark = pytest.mark.long

SUITE = """
import os
import pathlib
import socket
import subprocess
import time
import unittest


def sql(words):
    ended = subprocess.run(["psql", "-XAtqc", words], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def redis(words):
    with socket.create_connection((os.environ["REDIS_HOST"], int(os.environ["REDIS_PORT"])), 10) as told:
        told.sendall(words.encode() + b"\\r\\n")
        return told.recv(100).decode().strip()


class Stores(unittest.TestCase):
    def test_both_are_ours_alone(self):
        sql("create table marks (mark int)")
        sql("insert into marks values (1)")
        self.assertEqual(redis("INCR marks"), ":1")
        pathlib.Path("ready").touch()
        ends = time.monotonic() + 120
        while not pathlib.Path("go").exists() and time.monotonic() < ends:
            time.sleep(0.05)  # inside the sandbox, until the test lets it go
        self.assertEqual(sql("select count(*) from marks"), "1")
        self.assertEqual(redis("INCR marks"), ":2")
"""
FILES = {"test_stores.py": SUITE, "app.py": "x = 1\n"}
UNIT = {"name": "unit", "command": ["{python}", "-m", "unittest"], "network": False, "timeout_s": 300}


def need(*names: str) -> None:
    """Skips where one of them is not on this machine."""
    for name in names:
        if program_of(ServiceSpec(name=name), os.environ["PATH"]) is None:
            pytest.skip(f"services: {name} is not installed")


@pytest.fixture
def level() -> ConfinementLevel:
    """One at which PostgreSQL starts."""
    if os.geteuid() == 0:
        require("full")
        return "full"
    return "none"


async def built(folder: Path, store: SqliteStore, level: ConfinementLevel) -> PreparedRun:
    repository = {"services": ["postgres", "redis"], "checks": [UNIT]}
    run = PreparedRun(folder, store, level=level, files=FILES, repository=repository)
    await run.prepare()
    assert (await run.set_up()).outcome == "ok", run.of(ev.ServiceFailed)
    await run.build("cat >/dev/null; echo 'x = 2' >app.py")
    await run.collect()
    return run


async def test_a_suite_that_needs_both_passes_in_two_runs_at_once(
    tmp_path: Path, store: SqliteStore, level: ConfinementLevel
) -> None:
    need("postgres", "redis")
    folders = (tmp_path / "a", tmp_path / "b")
    runs = [await built(folder, store, level) for folder in folders]
    async with asyncio.timeout(patient(300)), asyncio.TaskGroup() as group:
        letting = group.create_task(until(meeting(*folders, mark="ready"), seconds=300))
        checks = [group.create_task(run.check()) for run in runs]
        await asyncio.wait(checks)
        letting.cancel()
    for run, checked in zip(runs, checks, strict=True):
        assert checked.result().facts.get("passed") is True, run.of(ev.CheckFinished)
        shown = text_form(run.snapshot(), RenderContext(), redact=str)
        assert "empty at each start" in shown
        versions = {one.name: one.version for one in run.of(ev.ServicesReady)[-1].services}
        assert versions["postgres"][0].isdigit()
        assert versions["redis"][0].isdigit()
        assert f"postgres {versions['postgres']}" in shown
    assert not left_behind(tmp_path)
    assert not servers_below(os.getpid())


def servers_below(pid: int) -> list[psutil.Process]:
    """The servers that a process started."""
    below = psutil.Process(pid).children(recursive=True)
    return [one for one in below if one.name() in {"postgres", "redis-server", "mariadbd"}]


PROCESS = """
import asyncio, sys
from pathlib import Path
from ompycord.testing import FakeClock, SequentialIds
from tests.integration.conductor.test_real_services import built
from tests.support.new_store import new_store

async def main():
    folder = Path(sys.argv[1])
    clock = FakeClock()
    async with new_store(folder / "o.db", clock=clock, ids=SequentialIds(clock)) as store:
        run = await built(folder / "a", store, sys.argv[2])
        await run.check()

asyncio.run(main())
"""


async def test_after_kill_nine_nothing_of_them_is_left(tmp_path: Path, level: ConfinementLevel) -> None:
    need("postgres", "redis")
    program = (sys.executable, "-c", PROCESS, str(tmp_path), level)
    process = await asyncio.create_subprocess_exec(*program, stdout=DEVNULL, stderr=DEVNULL)
    try:
        await until(lambda: any((tmp_path / "a/data/workspaces").glob("*/checkout-*/tree/ready")), seconds=200)
        servers = servers_below(process.pid)
        assert {"postgres", "redis-server"} <= {one.name() for one in servers}
    finally:
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await until(lambda: not left_behind(tmp_path) and not any(_lives(one) for one in servers), seconds=30)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


MARIADB = 'test "$(mariadb --host="$MYSQL_HOST" --port="$MYSQL_TCP_PORT" --user=root -Ne "select 6 * 7")" = 42'


async def test_mariadb_is_made_started_and_answers(tmp_path: Path, store: SqliteStore, level: ConfinementLevel) -> None:
    need("mariadb")
    check = {"name": "asks", "command": ["sh", "-c", MARIADB], "parser": "exit", "network": False}
    repository = {"services": ["mariadb"], "checks": [check]}
    run = PreparedRun(tmp_path, store, level=level, files=FILES, repository=repository)
    await run.prepare()
    assert (await run.set_up()).outcome == "ok", run.of(ev.ServiceFailed)
    await run.build("cat >/dev/null; echo 'x = 2' >app.py")
    await run.collect()
    assert (await run.check()).facts.get("passed") is True, run.of(ev.CheckFinished)
    assert run.of(ev.ServicesReady)[-1].services[0].version[0].isdigit()
    assert not left_behind(tmp_path)
