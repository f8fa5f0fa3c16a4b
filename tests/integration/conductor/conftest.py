"""The conductor over the real store, with places and agents whose words the tests write."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ompycord.conductor import Bus, Driver, Inboxes, Projector, Snapshots, Submission
from ompycord.domain.access import Person, Role
from ompycord.domain.catalog import Catalog, Limits, RunChannels
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import DraftId, RunId, new_ulid
from ompycord.domain.ports import AgentCapabilities, AgentInput
from ompycord.domain.repository import AgentSpec, CheckSpec, RepositorySpec, Sandbox
from ompycord.domain.run import RunRecord, RunState
from ompycord.engines import LocalEngine, StepContext
from ompycord.store import SqliteStore, open_store
from ompycord.testing import FakeChecks, FakeClock, FakeWorkspaces, ScriptedAgent, SequentialIds
from ompycord.testing.clock import START_MS
from tests.support.areas import Areas
from tests.support.patience import within

ADA = Person(id="100000000000000001", name="Ada", role=Role.ADMIN)
MO = Person(id="100000000000000002", name="Mo", role=Role.RUNNER)
AP = Person(id="100000000000000005", name="Ap", role=Role.APPROVER)
VI = Person(id="100000000000000003", name="Vi", role=Role.VIEWER)

CATALOG = Catalog(
    repositories=(
        RepositorySpec(name="shop", path=Path("shop"), checks=(CheckSpec(name="unit", command=("true",)),)),
        RepositorySpec(name="bare", path=Path("bare")),
        RepositorySpec(name="vault", path=Path("vault"), two_person=True),
    ),
    agents=(
        AgentSpec(name="scripted", kind="command", command=("x",), sandbox=Sandbox(minimum="none")),
        AgentSpec(name="strict", kind="command", command=("x",)),
    ),
)
PATIENCE_S = 10.0


class RandomIds(SequentialIds):
    """Two processes of one test must not make the same id."""

    def ulid(self) -> str:
        return new_ulid(now_ms=START_MS, entropy=os.urandom(10))


class AppHarness:
    """One process's worth of conductor; `running()` runs its tasks, leaving the block is a crash."""

    def __init__(
        self,
        store: SqliteStore,
        tmp_path: Path,
        clock: FakeClock,
        catalog: Catalog = CATALOG,
        workspaces: FakeWorkspaces | None = None,
    ) -> None:
        self.store = store
        self._tmp_path = tmp_path
        self.clock = clock
        self.ids = RandomIds(clock)
        self.bus = Bus()
        self.snapshots = Snapshots(store=store)
        self.catalog = catalog
        self.agent = ScriptedAgent(writes={"total.py": "x = 1\n"})
        self.folder = tmp_path
        """For what is waited for; more where git and programs are real."""
        self.workspaces = workspaces or FakeWorkspaces(tmp_path / "workspaces")
        self.checks = FakeChecks()
        self.swept: list[RunId] = []
        self.closed: str | None = None
        """Why no run may begin."""
        self.was_asked = asyncio.Event()
        """Somebody wanted to know since this was cleared last."""
        self.projector = Projector(
            store=store,
            snapshots=self.snapshots,
            bus=self.bus,
            clock=clock,
            channels=RunChannels(home="200000000000000009"),
        )
        self.capabilities = {"command": AgentCapabilities()}
        self.areas = Areas(
            store=store,
            snapshots=self.snapshots,
            bus=self.bus,
            clock=clock,
            ids=self.ids,
            catalog=catalog,
            wake=self._wake,
            capabilities=self.capabilities,
            closed=self._closed,
        )
        steps = StepContext(
            catalog=catalog,
            workspaces=self.workspaces,
            results=self.workspaces,
            adapters={"command": self.agent},
            checks=self.checks,
            level="none",
            observe=self.areas.recorder.observe,
            record=self.areas.recorder.record,
            secrets=self._environment,
            inboxes=Inboxes(history=store, bus=self.bus, record=self.areas.recorder.record),
            task=store.task,
            session=store.session,
            session_usd=store.session_usd,
            co_author=self._co_author,
        )
        self.engine = LocalEngine(context=steps, kill_strays=self._kill_strays)
        self.driver = Driver(
            store=store,
            history=store,
            engine=self.engine,
            clock=clock,
            ids=self.ids,
            limits=catalog.limits,
            changed=self.projector.wake,
            resumes=lambda record: self.agent.capabilities.can_resume,
            closed=self._closed,
        )

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.projector.run()), group.create_task(self.driver.run()),
                     group.create_task(self.areas.budget_keeper.run())]  # fmt: skip
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()

    async def submit(self, person: Person = ADA, draft: str | None = None, **changes: str) -> RunRecord:
        asked = {"prompt": "Fix the total.", "repository": "shop", "agent": "scripted", "guild": "1", "channel": "2"}
        submission = Submission.model_validate({**asked, **changes})
        return await self.areas.runs.submit(DraftId(draft or self.ids.ulid()), submission, person)

    async def until(self, run: str, wanted: Callable[[StatusSnapshot], bool]) -> StatusSnapshot:
        """The first snapshot for which it holds; bounded."""
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while True:
                    snapshot = await self.snapshots.of(RunId(run))
                    if snapshot is not None and wanted(snapshot):
                        return snapshot
                    await changes.take(0.2)

    async def settled(self, run: str) -> None:
        """Nothing is left to do for the run; bounded."""
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while any(row.run == run for row in await self.store.open_effects()):
                    await changes.take(0.05)

    async def began(self) -> None:
        """The agent has begun since this was cleared last; bounded."""
        async with within(PATIENCE_S):
            await self.agent.began.wait()

    async def heard(self) -> AgentInput:
        """The next thing that people said to the agent; bounded."""
        async with within(PATIENCE_S):
            return await self.agent.received.get()

    def restart(self) -> "AppHarness":
        """The next process over the same database and folders."""
        return self.restart_over(self.store)

    def restart_over(self, store: SqliteStore) -> "AppHarness":
        """The same where this process's own way to the database died with it."""
        return AppHarness(store, self._tmp_path, self.clock, workspaces=self.workspaces)

    async def ended(self, run: str) -> StatusSnapshot:
        return await self.until(run, lambda snapshot: snapshot.is_final)

    async def in_state(self, run: str, state: RunState) -> StatusSnapshot:
        return await self.until(run, lambda snapshot: snapshot.state is state)

    def _wake(self) -> None:
        self.projector.wake()
        self.driver.wake()

    async def _closed(self) -> str | None:
        self.was_asked.set()
        return self.closed

    async def _kill_strays(self, run: RunId) -> None:
        self.swept.append(run)

    async def _co_author(self, person: str) -> str | None:
        return (await self.store.person_settings(person)).co_author

    async def _environment(self, run: RunId) -> dict[str, str]:
        return {"OMPYCORD_RUN": run}


OpenHarness = Callable[..., Awaitable[AppHarness]]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    clock = FakeClock()
    async with open_store(tmp_path / "ompycord.db", clock=clock, ids=SequentialIds(clock)) as opened:
        yield opened


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    return AppHarness(store, tmp_path, FakeClock())


@pytest.fixture
def crowded(store: SqliteStore, tmp_path: Path) -> AppHarness:
    """Room for two open runs a person, one at work."""
    limits = Limits(open_per_person=2, parallel_runs=1)
    return AppHarness(store, tmp_path, FakeClock(), CATALOG.model_copy(update={"limits": limits}))
