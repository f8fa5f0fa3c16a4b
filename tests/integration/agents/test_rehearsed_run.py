"""A whole run without a conductor: clone, rehearsal, harvest, check of what was harvested, branch."""

import asyncio
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ompycord.agents.registry import adapters
from ompycord.agents.rehearsal import RehearsalOptions
from ompycord.checks.local import LocalChecks
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import AgentJob
from ompycord.testing import ScriptedInbox
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample
from ompycord.workspaces.service import GitWorkspaces
from tests.support.patience import patient

RUN = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))


async def test_the_samples_fault_is_found_repaired_checked_and_published(
    tmp_path: Path, launcher: UnconfinedLauncher, make_job: Callable[..., AgentJob], stored: Any
) -> None:
    git = Git(path=os.environ["PATH"])
    sample = await make_sample(tmp_path / "repositories/sample", git=git)
    workspaces = GitWorkspaces(
        folder=tmp_path / "workspaces", repositories=tmp_path / "repositories", git=git, launcher=launcher
    )
    clone = (await workspaces.prepare(RUN, sample, base=None)).path
    spec = RehearsalOptions(name="rehearsal", env={"REHEARSAL_PACE": "0"})
    job = make_job(prompt="Fix the discount").model_copy(update={"run": RUN, "spec": spec, "cwd": clone})

    outcome = await adapters(launcher=launcher)[spec.kind].run(job, stored.emit, ScriptedInbox())
    collected = await workspaces.collect(RUN, sample, message=outcome.message or "")
    async with workspaces.checkout(RUN, sample) as tree:
        checked = (await LocalChecks(launcher=launcher).run(RUN, sample.checks[0], tree)).finished
    published = await workspaces.publish(RUN, sample, branch="ompycord/x")
    await workspaces.discard(RUN)

    assert outcome.claim
    assert [(file.path, file.added, file.removed) for file in collected.files] == [
        ("cart/total.py", 1, 1),
        ("tests/test_total.py", 6, 0),
    ]
    assert (checked.status, checked.passed, checked.failed) == ("passed", 5, 0)
    assert published.commit == collected.commit
    subject = ("git", "log", "-1", "--format=%s", "ompycord/x")
    on_input = await asyncio.to_thread(
        subprocess.run, subject, cwd=sample.path, capture_output=True, timeout=patient(30), check=True
    )
    assert on_input.stdout.decode().strip() == outcome.message
