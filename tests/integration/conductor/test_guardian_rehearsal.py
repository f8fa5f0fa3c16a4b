"""The rehearsal goes in circles, a real program in a real clone: it listens, or runs through all that is done."""

import os
import re
from pathlib import Path

from ompycord.agents.rehearsal import RehearsalAgent, RehearsalOptions
from ompycord.app.wiring.parts import Workers
from ompycord.checks.local import LocalChecks
from ompycord.domain import events as ev
from ompycord.domain.catalog import Catalog
from ompycord.domain.folds.snapshot import Verification
from ompycord.domain.ids import RunId
from ompycord.domain.run import FailureClass, RunState
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from ompycord.workspaces.artifacts import Artifacts
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample
from ompycord.workspaces.service import GitWorkspaces
from tests.integration.conductor.conftest import ADA, AppHarness


class Guarded(AppHarness):
    """A process whose guardian runs."""

    SERVICES = ("projector", "driver", "guardian")


async def rehearsing(store: SqliteStore, folder: Path) -> Guarded:
    path = os.environ["PATH"]
    launcher, git = UnconfinedLauncher(path=path), Git(path=path)
    sample = await make_sample(folder / "sample", git=git)
    agent = RehearsalOptions(name="rehearsal", env={"REHEARSAL_PACE": "0.1"})
    workspaces = GitWorkspaces(folder=folder / "runs", repositories=folder / "repositories", git=git, launcher=launcher)

    async def no_strays(run: RunId) -> None:
        return

    workers = Workers(
        launcher=launcher,
        workspaces=workspaces,
        takeovers=workspaces,
        results=workspaces,
        artifacts=Artifacts(folder=folder / "artifacts", workspaces=workspaces),
        adapters={"rehearsal": RehearsalAgent(launcher=launcher)},
        capabilities={"rehearsal": RehearsalAgent.capabilities},
        checks=LocalChecks(launcher=launcher),
        kill_strays=no_strays,
    )
    catalog = Catalog(repositories=(sample,), agents=(agent,))
    return Guarded(store, folder, FakeClock(), catalog, workers=workers)


async def levels(harness: Guarded, run: RunId) -> list[str]:
    return [e.body.level for e in await harness.store.events_of(run) if isinstance(e.body, ev.GuardianNoticed)]


async def test_a_rehearsal_that_goes_in_circles_listens_and_goes_on_with_its_task(
    store: SqliteStore, tmp_path: Path
) -> None:
    harness = await rehearsing(store, tmp_path)
    async with harness.running():
        run = RunId((await harness.submit(repository="sample", agent="rehearsal", prompt="loop, then fix the cart")).id)
        snapshot = await harness.ended(run)
    assert await levels(harness, run) == ["nudge"]
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.VERIFIED)
    ended = [e.body for e in await harness.store.events_of(run) if isinstance(e.body, ev.EffectFinished)]
    (tree,) = [body.facts["tree"] for body in ended if "tree" in body.facts]  # what rounds of checks are compared by
    assert re.fullmatch("[0-9a-f]{32}", str(tree))


async def test_a_stubborn_one_is_started_again_stopped_and_ended(store: SqliteStore, tmp_path: Path) -> None:
    harness = await rehearsing(store, tmp_path)
    async with harness.running():
        run = RunId((await harness.submit(repository="sample", agent="rehearsal", prompt="loop stubborn")).id)
        snapshot = await harness.in_state(run, RunState.SUSPENDED)
        assert snapshot.is_circling
        assert await levels(harness, run) == ["nudge", "escalate", "ask"]
        await harness.areas.runs.resume(await harness.areas.load(run), ADA)
        snapshot = await harness.ended(run)
    assert await levels(harness, run) == ["nudge", "escalate", "ask", "stop"]
    assert (snapshot.state, snapshot.failure) == (RunState.FAILED, FailureClass.LOOP)
