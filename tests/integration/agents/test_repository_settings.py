"""Every adapter starts its program with what keeps a repository's settings from it: seen by a launcher that looks."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ompycord.agents.registry import adapters
from ompycord.agents.repository_settings import CLAUDE_ARGUMENTS, SWITCHES
from ompycord.domain.ports import AgentJob
from ompycord.processes import Bounds, Clocks, ProcessSpec, RunningProcess
from ompycord.processes.launcher_port import Layout
from ompycord.testing import ScriptedInbox
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from tests.support.agent_options import KINDS
from tests.support.patience import within

pytestmark = pytest.mark.posix
MakeJob = Callable[..., AgentJob]


STARTED = tuple(kind for kind in KINDS if kind != "native")
"""Those that start a program of their own; the built-in agent asks models from this process."""


class Watching(UnconfinedLauncher):
    """Keeps what it is asked to start."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.started: list[ProcessSpec] = []

    @asynccontextmanager
    async def start(
        self, spec: ProcessSpec, layout: Layout, *, clocks: Clocks | None = None, bounds: Bounds | None = None
    ) -> AsyncGenerator[RunningProcess]:
        self.started.append(spec)
        async with super().start(spec, layout, clocks=clocks, bounds=bounds) as process:
            yield process


async def started(
    make_job: MakeJob, stored: Any, kind: str, own: dict[str, str] | None = None, **more: Any
) -> list[ProcessSpec]:
    """What the adapter of this kind starts for a program that ends at once; `own` is what configuration sets for it."""
    launcher = Watching(path="/usr/bin:/bin")
    job = make_job(kind=kind, prompt="fail", env={"OMPYCORD_RUN_NUMBER": "1"}, **more)
    named = job.spec.model_copy(update={"env": {"REHEARSAL_PACE": "0", **(own or {})}})
    job = job.model_copy(update={"spec": named})
    async with within(60):
        await adapters(launcher=launcher)[kind].run(job, stored.emit, ScriptedInbox())
    return launcher.started


@pytest.mark.parametrize("kind", STARTED)
async def test_every_program_of_every_adapter_gets_every_switch(kind: str, make_job: MakeJob, stored: Any) -> None:
    seen = await started(make_job, stored, kind)
    assert len(seen) == (2 if kind == "omp_rpc" else 1)  # which is asked for its version first
    for spec in seen:
        assert SWITCHES.items() <= spec.env.items()
        assert spec.env["OMPYCORD_RUN_NUMBER"] == "1"


@pytest.mark.parametrize("kind", STARTED)
async def test_configuration_and_the_run_win_where_they_name_a_variable(
    kind: str, make_job: MakeJob, stored: Any
) -> None:
    mine = {"CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST": "0", "OMPYCORD_RUN_NUMBER": "2"}
    for spec in await started(make_job, stored, kind, mine):
        assert spec.env["CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST"] == "0"
        assert spec.env["OPENCODE_DISABLE_PROJECT_CONFIG"] == "1"
        assert spec.env["OMPYCORD_RUN_NUMBER"] == "1"


async def test_claude_code_reads_no_settings_of_the_project(make_job: MakeJob, stored: Any) -> None:
    (spec,) = await started(make_job, stored, "stream_json")
    at = spec.argv.index(CLAUDE_ARGUMENTS[0])
    assert spec.argv[at : at + len(CLAUDE_ARGUMENTS)] == CLAUDE_ARGUMENTS
    assert CLAUDE_ARGUMENTS[:2] == ("--setting-sources", "user")


async def test_oh_my_pi_starts_at_home_and_is_told_of_its_clone(make_job: MakeJob, stored: Any, clone: Path) -> None:
    asked, spec = await started(make_job, stored, "omp_rpc")
    assert asked.cwd == spec.cwd == clone.parent / "home"
    assert spec.argv[spec.argv.index("--cwd") + 1] == str(clone.resolve())


async def test_others_start_in_their_clone(make_job: MakeJob, stored: Any, clone: Path) -> None:
    for kind in ("acp", "command", "stream_json", "rehearsal"):
        assert [spec.cwd for spec in await started(make_job, stored, kind)] == [clone]


async def test_oh_my_pi_over_the_agent_client_protocol_starts_at_home_too(
    make_job: MakeJob, stored: Any, clone: Path, tmp_path: Path
) -> None:
    program = tmp_path / "omp"
    heard = tmp_path / "heard"
    program.write_text(f"#!/bin/sh\npwd > {heard}\nhead -n 1 >> {heard}\n", encoding="utf-8")
    program.chmod(0o755)
    (spec,) = await started(make_job, stored, "acp", command=(str(program),))
    where, hello = heard.read_text(encoding="utf-8").splitlines()
    assert spec.cwd == Path(where) == clone.parent / "home"
    assert json.loads(hello)["method"] == "initialize"


async def test_claude_code_reads_the_repositorys_texts_from_a_folder_of_ours(
    make_job: MakeJob, stored: Any, clone: Path
) -> None:
    (spec,) = await started(make_job, stored, "stream_json")
    folder = next(Path(word.removeprefix("--add-dir=")) for word in spec.argv if word.startswith("--add-dir="))
    assert folder.parent == clone.parent / "home"
    included = (folder / "CLAUDE.md").read_text(encoding="utf-8").splitlines()
    assert included == [f"@{clone.resolve()}/CLAUDE.md", f"@{clone.resolve()}/.claude/CLAUDE.md"]


async def test_a_link_where_our_folder_belongs_is_not_followed(
    make_job: MakeJob, stored: Any, clone: Path, tmp_path: Path
) -> None:
    (clone.parent / "home").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (clone.parent / "home/.ompycord").symlink_to(tmp_path / "elsewhere")
    (spec,) = await started(make_job, stored, "stream_json")
    assert not [word for word in spec.argv if word.startswith("--add-dir")]
    assert not list((tmp_path / "elsewhere").iterdir())
