"""A repository's own file is read from the base of a run, and from nowhere else."""

from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.repository import ConfinementLevel, Sandbox
from ompycord.domain.run import FailureClass, RunState
from ompycord.domain.task import Mode
from ompycord.render.cards.textform import text_form
from ompycord.render.render_context import RenderContext
from ompycord.store import SqliteStore
from tests.support.confinement import best_level
from tests.support.prepared_run import PreparedRun
from tests.support.trees import Link

HEAD = "schema: ompycord/repository@1\n"
LINT = "checks: [{name: lint, command: [sh, -c, 'test -e lint.ok'], parser: exit}]\n"
UNIT = {"checks": [{"name": "unit", "command": ["true"], "parser": "exit"}]}


@pytest.fixture
def level() -> ConfinementLevel:
    return best_level()


async def test_its_checks_run_beside_the_operators(tmp_path: Path, store: SqliteStore, level: ConfinementLevel) -> None:
    files = {".ompycord.yml": HEAD + LINT, "lint.ok": "1"}
    run = PreparedRun(tmp_path, store, level=level, files=files, repository=UNIT)
    assert (await run.prepare()).outcome == "ok"
    await run.build("cat >/dev/null; echo x >new.txt")
    await run.collect()
    assert (await run.check()).facts["passed"] is True
    assert [body.check for body in run.of(ev.CheckFinished)] == ["unit", "lint"]


async def test_what_the_result_says_of_it_counts_for_nothing(
    tmp_path: Path, store: SqliteStore, level: ConfinementLevel
) -> None:
    files = {".ompycord.yml": HEAD + LINT, "lint.ok": "1"}
    run = PreparedRun(tmp_path, store, level=level, files=files, repository=UNIT)
    await run.prepare()
    await run.build(f"cat >/dev/null; rm lint.ok; printf '{HEAD.strip()}\\n' >.ompycord.yml")
    await run.collect()
    assert (await run.check()).facts["passed"] is False
    assert [body.check for body in run.of(ev.CheckFinished)] == ["unit", "lint"]


async def test_a_run_with_a_fault_does_not_start_and_says_file_key_and_fix(tmp_path: Path, store: SqliteStore) -> None:
    text = HEAD + "checks: [{name: unit, command: ['true']}]\nmodes: [standard]\nmax_iterations: 99\n"
    run = PreparedRun(tmp_path, store, files={".ompycord.yml": text}, repository=UNIT)
    ended = await run.prepare()
    (told,) = run.of(ev.PrecheckFinished)
    assert (ended.outcome, ended.failure) == ("failed", FailureClass.ENV)
    assert await run.workspaces.workspace(run.run) is None
    assert [line.status for line in told.lines] == ["fail"] * len(told.lines)
    words = [f"{line.name}, {line.text} {line.fix}" for line in told.lines]
    assert any(".ompycord.yml, checks.unit: the operator's settings have this name" in one for one in words)
    assert any(".ompycord.yml, max_iterations: it is more than the 3 that the operator" in one for one in words)
    card = text_form(run.snapshot(RunState.FAILED), RenderContext(), redact=str)
    assert "🔴 Not started" in card
    assert "Write 3 or less." in card


async def test_commands_of_a_repository_do_not_run_unconfined(tmp_path: Path, store: SqliteStore) -> None:
    files = {".ompycord.yml": HEAD + LINT}
    run = PreparedRun(tmp_path, store, level="none", files=files, sandbox=Sandbox(minimum="files"))
    assert (await run.prepare()).outcome == "failed"
    assert "cannot confine them" in run.of(ev.PrecheckFinished)[0].lines[0].text


async def test_a_mode_and_an_agent_that_it_forbids_do_not_start(tmp_path: Path, store: SqliteStore) -> None:
    files = {".ompycord.yml": HEAD + "modes: [standard]\nagents: []\n"}
    run = PreparedRun(tmp_path, store, files=files, mode=Mode.FAST)
    await run.prepare()
    assert [line.name for line in run.of(ev.PrecheckFinished)[0].lines] == ["mode"]


async def test_a_link_in_its_place_is_not_followed(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files={".ompycord.yml": Link("/etc/hostname")})
    assert (await run.prepare()).outcome == "failed"
    assert "no plain file" in run.of(ev.PrecheckFinished)[0].lines[0].text


async def test_the_limits_of_the_file_bind_the_agent(tmp_path: Path, store: SqliteStore) -> None:
    files = {".ompycord.yml": HEAD + "limits: {wall_s: 1}\nmax_iterations: 1\n"}
    run = PreparedRun(tmp_path, store, files=files)
    prepared = await run.prepare()
    ended = await run.build("cat >/dev/null; sleep 60")
    assert prepared.facts["max_rounds"] == 1
    assert ended.facts["claim"] is False
    assert ended.facts["ended_by"] == "clock"
