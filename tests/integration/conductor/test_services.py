"""Services run beside checks and agent: each start has its own, empty, in its own network; nothing of them is left."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from ompycord.domain import events as ev
from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.repository import ConfinementLevel, Sandbox
from ompycord.domain.run import FailureClass, RunState
from ompycord.processes import ProcessSpec
from ompycord.processes import run as run_program
from ompycord.render.cards.textform import text_form
from ompycord.render.render_context import RenderContext
from ompycord.store import SqliteStore
from ompycord.workspaces.services import service_program
from ompycord.workspaces.services.service_program import CANNOT
from tests.support.confinement import require
from tests.support.prepared_run import PreparedRun

PROGRAM = service_program.__file__
LEVELS = ("full", "none", *(pytest.param(level, marks=pytest.mark.long) for level in ("files+net", "files")))
COUNTER = """
import pathlib, socket, sys
host, port, data = sys.argv[1:]
marks = pathlib.Path(data) / "marks"
listening = socket.create_server((host, int(port)))
print("taking marks", flush=True)
while True:
    with listening.accept()[0] as taken:
        if taken.recv(4) == b"mark":
            with marks.open("a") as file:
                file.write("x")
            taken.sendall(str(len(marks.read_text())).encode())
"""
"""Counts the connections that say `mark`, as long as it lives."""
MARK = """
import os, socket, sys
assert sys.argv[1:] in ([], ["7411"]) or os.environ["MARKS_PORT"] != "7411"
assert sys.argv[1:] != ["7411"] or os.environ["MARKS_PORT"] == "7411"
with socket.create_connection((os.environ["MARKS_HOST"], int(os.environ["MARKS_PORT"])), 10) as told:
    told.sendall(b"mark")
    sys.exit(told.recv(9) != b"1")
"""
"""Ends well where its mark is the first one."""
SERVICE: dict[str, Any] = {
    "name": "marks",
    "command": ["{python}", "-I", "-c", COUNTER, "{host}", "{port}", "{data}"],
    "port": 7411,
    "variables": {"MARKS_HOST": "{host}", "MARKS_PORT": "{port}"},
}
CHECK = {"name": "marked", "command": ["{python}", "mark.py"], "parser": "exit", "network": False}
FILES = {"mark.py": MARK, "app.py": "x = 1\n"}


def shop(service: dict[str, Any] = SERVICE, **more: Any) -> dict[str, Any]:
    return {"services": [service], "checks": [CHECK], **more}


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    require(request.param)
    return request.param


def not_there(service: ServiceSpec, path: str) -> None:
    """A machine without any of them."""


def there(service: ServiceSpec, path: str) -> tuple[Path, Path]:
    """A machine with all of them."""
    return Path("/usr/bin/true"), Path("/usr/bin/true")


def left_behind(folder: Path) -> list[psutil.Process]:
    """Processes that a run in this folder started and that still run."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter(["cmdline", "status"]):
        is_ours = any(str(folder) in word for word in process.info["cmdline"] or ())
        if is_ours and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


async def test_agent_and_checks_each_find_theirs_empty_on_its_port_and_nothing_is_left(
    tmp_path: Path, store: SqliteStore, level: ConfinementLevel
) -> None:
    port = "7411" if level == "full" else "any"  # in a network of its own the usual one
    repository = shop(checks=[{**CHECK, "command": ["{python}", "mark.py", port]}])
    offline = Sandbox(minimum="none", network=level not in {"full", "files+net"})
    run = PreparedRun(tmp_path, store, level=level, files=FILES, repository=repository, sandbox=offline)
    prepared = await run.prepare()
    assert (prepared.outcome, prepared.facts["setup"]) == ("ok", 1)
    assert (await run.set_up()).outcome == "ok"
    built = await run.build(f"cat >/dev/null; '{sys.executable}' mark.py && echo 'x = 2' >app.py")
    assert built.outcome == "ok", built.message
    await run.collect()
    checked = await run.check()
    assert checked.facts.get("passed") is True, run.of(ev.CheckFinished)
    assert [file.path for file in run.of(ev.FilesChanged)[-1].files] == ["app.py"]
    assert not left_behind(tmp_path)
    assert not list((tmp_path / "data").rglob("marks.log"))


async def test_one_that_never_gets_ready_ends_the_run_before_its_agent_with_its_log(
    tmp_path: Path, store: SqliteStore
) -> None:
    broken = {**SERVICE, "command": ["sh", "-c", "echo 'the disk is made of cheese'; exit 3"]}
    run = PreparedRun(tmp_path, store, files=FILES, repository=shop(broken))
    await run.prepare()
    ended = await run.set_up()
    assert (ended.outcome, ended.failure) == ("failed", FailureClass.ENV)
    shown = text_form(run.snapshot(RunState.FAILED), RenderContext(), redact=str)
    assert "Service failed" in shown
    assert "marks did not get ready: it ended with exit code 3. The agent did not start" in shown
    assert "the disk is made of cheese" in shown
    assert not left_behind(tmp_path)


async def test_one_that_runs_and_does_not_answer_is_given_its_time(tmp_path: Path, store: SqliteStore) -> None:
    silent = {**SERVICE, "command": ["sleep", "600"], "ready_s": 0.2}
    run = PreparedRun(tmp_path, store, files=FILES, repository=shop(silent))
    await run.prepare()
    ended = await run.set_up()
    assert run.of(ev.ServiceFailed)[-1].detail == "it was not ready within 0.2 s"
    assert ended.failure is FailureClass.ENV


async def test_a_folder_that_is_never_made_is_said_and_the_program_does_not_run(tmp_path: Path) -> None:
    row = {"name": "shelf", "data": str(tmp_path / "shelf"), "prepare": [["sleep", "600"]], "ready_s": 0.2}
    plan, failed, ran = tmp_path / "plan.json", tmp_path / "failed.json", tmp_path / "ran"
    plan.write_text(json.dumps({"services": [row], "failed": str(failed)}))
    argv = (sys.executable, "-I", "-S", PROGRAM, str(plan), "/usr/bin/touch", "touch", str(ran))
    ended = await run_program(ProcessSpec(argv=argv, env={"PATH": os.environ["PATH"]}, cwd=tmp_path), timeout_s=30)
    assert ended.exit_code == CANNOT
    assert json.loads(failed.read_text())["detail"] == "sleep did not end within 0.2 s"
    assert not ran.exists()


async def test_its_probe_decides_when_it_is_ready(tmp_path: Path, store: SqliteStore) -> None:
    probed = {**SERVICE, "probe": ["sh", "-c", "test -e {data}/marks"], "ready_s": 0.3}
    run = PreparedRun(tmp_path, store, files=FILES, repository=shop(probed))
    await run.prepare()
    assert (await run.set_up()).failure is FailureClass.ENV
    answers = {**probed, "probe": ["sh", "-c", "test -d {data}"], "ready_s": 30}
    run = PreparedRun(tmp_path, store, repository=shop(answers))
    await run.prepare()
    assert (await run.set_up()).outcome == "ok"


async def test_one_that_breaks_later_leaves_its_check_not_run(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files=FILES, repository=shop({**SERVICE, "command": ["sh", "-c", "exit 4"]}))
    await run.prepare()
    await run.build("cat >/dev/null; echo 'x = 2' >app.py")  # its own service breaks, too, which it is told
    await run.collect()
    checked = await run.check()
    bad = run.of(ev.CheckFinished)[-1]
    assert "passed" not in checked.facts
    assert (bad.status, bad.detail) == ("missing", "the service marks did not get ready: it ended with exit code 4")


async def test_a_check_has_only_those_that_it_names_and_evidence_names_them_all(
    tmp_path: Path, store: SqliteStore
) -> None:
    alone = {**CHECK, "name": "alone", "services": [], "command": ["sh", "-c", 'test -z "$MARKS_PORT"']}
    for_agent = {**SERVICE, "name": "other", "port": 7412, "used_by": ["agent"], "variables": {"OTHER": "{port}"}}
    seen = {**CHECK, "command": ["sh", "-c", '"$0" mark.py && test -z "$OTHER"', sys.executable]}
    repository = {"services": [SERVICE, for_agent], "checks": [seen, alone]}
    run = PreparedRun(tmp_path, store, files=FILES, repository=repository)
    await run.prepare()
    await run.set_up()
    await run.build("cat >/dev/null; echo 'x = 2' >app.py")
    await run.collect()
    assert (await run.check()).facts.get("passed") is True
    assert "with marks and other, empty at each start" in text_form(run.snapshot(), RenderContext(), redact=str)


async def test_what_is_not_installed_is_told_before_the_run_with_its_package(
    tmp_path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = {**SERVICE, "command": ["no-such-server"]}
    monkeypatch.setattr("ompycord.workspaces.services.programs.program_of", not_there)
    monkeypatch.setattr("ompycord.workspaces.services.starting.program_of", not_there)
    run = PreparedRun(tmp_path, store, files=FILES, repository={"services": ["mariadb", gone], "checks": [CHECK]})
    await run.prepare()
    lines = [(line.name, line.text, line.fix) for line in run.of(ev.PrecheckFinished)[-1].lines]
    fix = "Install it, for example: apt-get install mariadb-server."
    assert ("services", "mariadb: MariaDB is not installed here.", fix) in lines
    assert ("services", "marks: no-such-server is not installed here.", "Install it, or give its full path.") in lines


async def test_a_repository_adds_services_and_replaces_none(tmp_path: Path, store: SqliteStore) -> None:
    own = """schema: ompycord/repository@1
services:
  - redis
  - {name: search, command: [serve], port: 7411}
checks:
  - {name: more, command: ["true"], services: [nothing]}
"""
    run = PreparedRun(
        tmp_path, store, files={**FILES, ".ompycord.yml": own}, repository={"services": ["redis", SERVICE]}
    )
    await run.prepare()
    lines = [line.text for line in run.of(ev.PrecheckFinished)[-1].lines if line.name == ".ompycord.yml"]
    assert any("services.redis: the operator's settings have this name" in line for line in lines)
    assert any("two services listen on port 7411" in line for line in lines)
    assert any("checks.more.services: there is no service nothing" in line for line in lines)


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone: others are refused by nobody")
async def test_root_without_a_sandbox_is_told_that_postgres_refuses_it(
    tmp_path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ompycord.workspaces.services.starting.program_of", there)
    run = PreparedRun(tmp_path, store, level="none", files=FILES, repository={"services": ["postgres"]})
    await run.prepare()
    (line,) = [one for one in run.of(ev.PrecheckFinished)[-1].lines if one.name == "services"]
    assert "PostgreSQL does not run as root" in line.text
    assert "Run Ompycord as a user of its own" in line.fix
