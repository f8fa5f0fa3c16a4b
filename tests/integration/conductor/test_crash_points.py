"""A full run that dies right after, or right before, any of its writes: the next process completes it.

It is planned, approved, built wrongly, repaired, reviewed and published. However often it died: one commit a round, one
branch, one message of each kind, one decision, and nothing left behind. `tests/e2e/test_kill_a_full_run.py` does the
same with kill -9 to the whole product.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pytest

from ompycord.app.wiring.parts import Workers
from ompycord.dialects.prompts.repair_text import REPAIR
from ompycord.domain import events as ev
from ompycord.domain.folds.checkpoints import checkpoints_of
from ompycord.domain.folds.snapshot import StatusSnapshot, Verification
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, CheckRun, Emit, Inbox
from ompycord.domain.refs import Ref
from ompycord.domain.repository import CheckSpec
from ompycord.domain.run import RunState
from ompycord.errors import Refused
from ompycord.processes import kill_strays
from ompycord.store import SqliteStore
from ompycord.testing import FakeChecks, FakeClock, FakeWorkspaces, ScriptedAgent
from ompycord.workspaces.artifacts import Artifacts
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.service import GitWorkspaces
from tests.integration.conductor.conftest import ADA, PATIENCE_S, AppHarness
from tests.integration.conductor.test_modes import CATALOG, CONTENT, PLANNED, block
from tests.support.dying_store import Death, dying_store
from tests.support.patience import patient, within
from tests.support.verified_run import make_repository

pytestmark = pytest.mark.posix

FILE: Final = "new.txt"
ENDED: Final = 3
"""Runs in a row that came to their end before they died: there are no more writes."""
NEVER: Final = 10**6
AGAIN: Final = 8
"""Writes of a process that begins in the middle, before it does anything new."""
EVERY: Final = 7
"""The quick test dies at every seventh write; the long ones at each, and at each pair."""
LEAST: Final = 40
"""Writes of a run at least. Those that happen together have no fixed number."""


class TwoRounds(ScriptedAgent):
    """Plans and reviews; works wrongly first, and rightly once it is told what failed."""

    capabilities = AgentCapabilities(simulated=True)

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        says = {"plan": block(PLANNED), "review": block(CONTENT)}.get(job.purpose, "Done.")
        content = "right\n" if REPAIR in job.prompt else "wrong\n"
        self.writes = {FILE: content} if job.purpose == "work" else {}
        self.script = (ev.ToolFinished(tool="read", title="cart.py"), ev.Message(text=says))
        self.outcome = AgentOutcome(claim=True, message=says[:500])
        return await super().run(job, emit, inbox)


class ByContent(FakeChecks):
    """Judges what lies in the checkout, so that a restart changes no verdict."""

    async def run(self, run: RunId, check: CheckSpec, cwd: Path, *arguments: Any, **named: Any) -> CheckRun:
        file = cwd / FILE
        is_wrong = file.is_file() and file.read_text() == "wrong\n"
        failed = ev.CheckFinished(check=check.name, status="failed", passed=0, failed=1, failing=("test_new",))
        self.results = {check.name: failed} if is_wrong else {}
        return await super().run(run, check, cwd, *arguments, **named)


class Processes:
    """The processes of one data folder, one after the other."""

    def __init__(self, store: SqliteStore, folder: Path, *, is_real: bool) -> None:
        self.store = store
        self.folder = folder
        self.clock = FakeClock()
        self.source = folder / "shop"
        shop = CATALOG.repositories[0]
        if is_real:
            make_repository(self.source, {"README.md": "A shop.\n"})
            shop = shop.model_copy(update={"path": self.source})
        self._catalog = CATALOG.model_copy(update={"repositories": (shop,)})
        self._is_real = is_real
        self._double = FakeWorkspaces(folder / "workspaces")
        """The world, which outlives each process."""

    @property
    def is_real(self) -> bool:
        """Whether git, clones and branches are."""
        return self._is_real

    def process(self, store: SqliteStore | None = None) -> AppHarness:
        """The next one."""
        return AppHarness(
            store or self.store, self.folder, self.clock, self._catalog, workers=self._workers(), agent=None
        )

    def _workers(self) -> Workers:
        launcher = UnconfinedLauncher(path=os.environ["PATH"])
        real = GitWorkspaces(
            folder=self.folder / "workspaces",
            repositories=self.folder / "repositories",
            git=Git(path=os.environ["PATH"]),
            launcher=launcher,
        )
        agent, workspaces = TwoRounds(), real if self._is_real else self._double
        return Workers(
            launcher=launcher,
            workspaces=workspaces,
            takeovers=workspaces,
            results=workspaces,
            artifacts=Artifacts(folder=self.folder / "artifacts", workspaces=workspaces),
            adapters={"command": agent},
            capabilities={"command": agent.capabilities},
            checks=ByContent(),
            kill_strays=self._kill_strays,
        )

    async def _kill_strays(self, run: RunId) -> None:
        if self._is_real:
            await kill_strays(run)


class FullRun:
    """One run, over as many processes as it takes."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self.run = RunId(processes.process().ids.ulid())

    async def live(self, process: AppHarness) -> StatusSnapshot:
        """From wherever it stands to its end; the person approves its plan, and resumes it where it waits for that."""
        await process.submit(ADA, draft=self.run, mode="full")
        async with within(PATIENCE_S):
            while not (snapshot := await process.until(self.run, _stands)).is_final:
                await self._decide(process, snapshot.state)
        await process.settled(self.run)
        return snapshot

    async def _decide(self, process: AppHarness, state: RunState) -> None:
        loaded = await process.snapshots.load(await process.areas.record(self.run))
        try:
            if state is RunState.SUSPENDED:
                await process.areas.runs.resume(loaded, ADA)
            else:
                await process.areas.plans.approve(loaded, ADA)
        except Refused:  # decided in the process before, and the picture is older
            pass
        await process.until(self.run, lambda seen: seen.state is not state)

    async def die(self, at: int, *, after: bool) -> int:
        """Live in a process that dies there; how many writes that took. It may come to its end before."""
        processes = self._processes
        database = processes.folder / "ompycord.db"
        async with dying_store(database, clock=processes.clock, ids=processes.process().ids, at=at, after=after) as (
            store,
            death,
        ):
            await _until_dead(self, processes.process(store), death)
        return death.count

    async def complete(self) -> None:
        """Live in a process that does not die, and judge."""
        process = self._processes.process()
        async with process.running():
            snapshot = await self.live(process)
        assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.VERIFIED), snapshot.message
        log = await self._processes.store.events_of(self.run)
        commits = [event.body.commit for event in log if isinstance(event.body, ev.FilesChanged)]
        rounds = [one.round for one in checkpoints_of(log)]
        assert len(dict.fromkeys(commits)) == len(rounds) == 2, "one commit a round"
        assert snapshot.commit == commits[-1]
        decided = await self._processes.store.decision(self.run, "plan", Ref.parse(snapshot.proposals[-1].ref).name)
        assert decided is not None, "approved once, by name"
        assert not [row for row in await self._processes.store.open_effects() if row.run == self.run]
        if self._processes.is_real:
            await self._require_nothing_left(snapshot)

    async def shown(self) -> Counter[str]:
        """What is to be delivered of it, by kind."""
        rows = await self._processes.store.outbox(limit=100_000)
        return Counter(row.kind.value for row in rows if row.run == self.run)

    async def _require_nothing_left(self, snapshot: StatusSnapshot) -> None:
        source, folder = self._processes.source, self._processes.folder / "workspaces" / self.run
        own = _git(source, "for-each-ref", "--format=%(refname:short)", "refs/heads/ompycord/").split()
        assert [name for name in own if name.endswith(snapshot.run[-6:].lower())] == [snapshot.branch]
        assert _git(source, "rev-list", "--count", f"main..{snapshot.branch}") == "1"
        assert _git(source, "show", f"{snapshot.branch}:{FILE}") == "right"
        assert _git(source, "for-each-ref", "refs/ompycord") == ""
        for repository in (source, folder / "result.git"):
            assert _git(repository, "fsck", "--strict", "--no-dangling") == ""
        assert sorted(path.name for path in folder.iterdir()) == [
            "diff.patch",
            "manifest.json",
            "meta.json",
            "result.git",
        ]
        assert not [*source.rglob("*.lock"), *folder.rglob("*.lock")]
        assert await kill_strays(self.run, f"{self.run}.git") == 0


def _stands(snapshot: StatusSnapshot) -> bool:
    return snapshot.is_final or snapshot.state in {RunState.AWAITING_APPROVAL, RunState.SUSPENDED}


async def _until_dead(life: FullRun, process: AppHarness, death: Death) -> None:
    async with process.running(), asyncio.TaskGroup() as group:
        living = group.create_task(life.live(process))
        dying = group.create_task(death.came.wait())
        await asyncio.wait({living, dying}, return_when=asyncio.FIRST_COMPLETED)
        living.cancel()
        dying.cancel()


def _git(folder: Path, *words: str) -> str:
    ended = subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True, text=True, timeout=patient(30))
    said = (ended.stdout + ended.stderr).splitlines()
    return "\n".join(line for line in said if not line.startswith("notice: HEAD points to an unborn branch"))


async def shown_of(processes: Processes) -> Counter[str]:
    """What is delivered of a run that dies nowhere."""
    life = FullRun(processes)
    await life.complete()
    return await life.shown()


async def die_at(processes: Processes, places: Iterable[tuple[int, ...]], shown: Counter[str], *, after: bool) -> int:
    """A run for each of `places`, each of whose processes dies at its write; how many died. Ends where no more do."""
    died, survived = 0, 0
    for place in places:
        life = FullRun(processes)
        deaths = [await life.die(at, after=after) >= at for at in place]
        died, survived = died + sum(deaths), 0 if any(deaths) else survived + 1
        try:
            await life.complete()
            assert await life.shown() == shown, "each once"
        except (AssertionError, TimeoutError) as error:
            error.add_note(f"it died {'after' if after else 'before'} {place}")
            raise
        if survived == ENDED:
            break
    return died


@pytest.mark.parametrize("after", [True, False])
async def test_a_full_run_that_dies_at_a_write_is_completed_once(
    store: SqliteStore, tmp_path: Path, after: bool
) -> None:
    processes = Processes(store, tmp_path, is_real=False)
    shown = await shown_of(processes)
    places = ((at,) for at in range(2 + after, LEAST, EVERY))
    assert await die_at(processes, places, shown, after=after) == len(range(2 + after, LEAST, EVERY))


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("after", [True, False])
async def test_with_git_a_death_at_each_write_leaves_one_commit_a_round_and_nothing_behind(
    store: SqliteStore, tmp_path: Path, after: bool
) -> None:
    processes = Processes(store, tmp_path, is_real=True)
    shown = await shown_of(processes)
    assert await die_at(processes, ((at,) for at in range(1, NEVER)), shown, after=after) > LEAST


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "every",
    [
        pytest.param(4, id="each fourth", marks=[pytest.mark.soak]),
        pytest.param(1, id="all", marks=[pytest.mark.soak]),
    ],
)
async def test_two_deaths_at_any_pair_of_writes_are_survived(store: SqliteStore, tmp_path: Path, every: int) -> None:
    processes = Processes(store, tmp_path, is_real=False)
    shown = await shown_of(processes)
    died = pairs = 0
    for first in range(1, LEAST, every):
        places = [(first, second) for second in range(1, LEAST - first + AGAIN, every)]
        died, pairs = died + await die_at(processes, places, shown, after=True), pairs + len(places)
    sys.stdout.write(f"{json.dumps({'pairs': pairs, 'deaths': died})}\n")
    assert died > pairs * 1.5, "most of them died twice"
