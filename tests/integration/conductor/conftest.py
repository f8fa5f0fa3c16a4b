"""The conductor over the real store, with places and agents whose words the tests write."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import pytest

from ompycord.agents.command import CommandAgent, CommandOptions
from ompycord.app.wiring.parts import Workers
from ompycord.checks.local import LocalChecks
from ompycord.conductor import Submission
from ompycord.domain.access import Person, Role
from ompycord.domain.catalog import Catalog, Limits
from ompycord.domain.configuration.attached_secrets import AttachedSecret
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import DraftId, RunId, new_ulid
from ompycord.domain.ports import AgentCapabilities
from ompycord.domain.repository import AgentSpec, CheckSpec, RepositorySpec, Sandbox
from ompycord.domain.run import RunRecord, RunState
from ompycord.domain.task import TaskRequest
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, FakeWorkspaces, ScriptedAgent, SequentialIds
from ompycord.testing.clock import START_MS
from ompycord.workspaces.artifacts import Artifacts
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample
from ompycord.workspaces.service import GitWorkspaces
from tests.support.app_harness import ComposedApp, settings_of
from tests.support.new_store import new_store
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
GUILD, HOME = "100000000000000009", "200000000000000009"
PATIENCE_S = 10.0


class RandomIds(SequentialIds):
    """Two processes of one test must not make the same id."""

    def ulid(self) -> str:
        return new_ulid(now_ms=START_MS, entropy=os.urandom(10))


class AppHarness(ComposedApp):
    """The conductor of one process; its bot is made and not run."""

    def __init__(
        self,
        store: SqliteStore,
        tmp_path: Path,
        clock: FakeClock,
        catalog: Catalog = CATALOG,
        workspaces: FakeWorkspaces | None = None,
        workers: Workers | None = None,
        agent: ScriptedAgent | None = None,
        **sections: object,
    ) -> None:
        """`sections` are those of the settings; without `discord` there is a server with a home channel."""
        self.clock = clock
        super().__init__(
            store,
            tmp_path,
            settings=settings_of(catalog, **{"discord": {"guilds": (GUILD,), "home_channel": HOME}, **sections}),
            clock=clock,
            ids=RandomIds(clock),
            workspaces=workspaces,
            workers=workers,
            agent=agent,
        )

    async def submit(self, person: Person = ADA, draft: str | None = None, **changes: str) -> RunRecord:
        asked = {"prompt": "Fix the total.", "repository": "shop", "agent": "scripted"}
        place = {name: changes.pop(name, usual) for name, usual in (("guild", "1"), ("channel", "2"))}
        submission = Submission(
            request=TaskRequest.model_validate({**asked, **changes}), guild=place["guild"], channel=place["channel"]
        )
        return await self.areas.runs.submit(DraftId(draft or self.ids.ulid()), submission, person)

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

    def restart(self) -> "AppHarness":
        """The next process over the same database and folders."""
        return self.restart_over(self.store)

    def restart_over(self, store: SqliteStore) -> "AppHarness":
        """The same where this process's own way to the database died with it."""
        return AppHarness(store, self.folder, self.clock, self.catalog, self.workspaces)

    async def ended(self, run: str) -> StatusSnapshot:
        return await self.until(run, lambda snapshot: snapshot.is_final)

    async def in_state(self, run: str, state: RunState) -> StatusSnapshot:
        return await self.until(run, lambda snapshot: snapshot.state is state)


OpenHarness = Callable[..., Awaitable[AppHarness]]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    clock = FakeClock()
    async with new_store(tmp_path / "ompycord.db", clock=clock, ids=SequentialIds(clock)) as opened:
        yield opened


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    return AppHarness(store, tmp_path, FakeClock())


@pytest.fixture
def crowded(store: SqliteStore, tmp_path: Path) -> AppHarness:
    """Room for two open runs a person, one at work."""
    limits = Limits(open_per_person=2, parallel_runs=1)
    return AppHarness(store, tmp_path, FakeClock(), CATALOG.model_copy(update={"limits": limits}))


MakeHouse = Callable[..., Awaitable[tuple[AppHarness, RepositorySpec]]]


@pytest.fixture
def real_house(store: SqliteStore, tmp_path: Path) -> MakeHouse:
    """A house whose agent is a script in sh, with real clones of the sample and its real check, where it is wanted."""

    async def make(
        script: str,
        *,
        sandbox: Sandbox | None = None,
        has_checks: bool = True,
        attached: tuple[AttachedSecret, ...] = (),
    ) -> tuple[AppHarness, RepositorySpec]:
        path = os.environ["PATH"]
        launcher, git = UnconfinedLauncher(path=path), Git(path=path)
        sample = await make_sample(tmp_path / "sample", git=git)
        sample = sample.model_copy(update={"attached_secrets": attached, **({} if has_checks else {"checks": ()})})
        agent = CommandOptions(name="script", command=("sh", "-c", script), sandbox=sandbox or Sandbox(minimum="none"))
        catalog = Catalog(repositories=(sample,), agents=(agent,))
        workspaces = GitWorkspaces(
            folder=tmp_path / "runs", repositories=tmp_path / "repositories", git=git, launcher=launcher
        )
        workers = Workers(
            launcher=launcher,
            workspaces=workspaces,
            takeovers=workspaces,
            results=workspaces,
            artifacts=Artifacts(folder=tmp_path / "artifacts", workspaces=workspaces),
            adapters={"command": CommandAgent(launcher=launcher)},
            capabilities={"command": AgentCapabilities()},
            checks=LocalChecks(launcher=launcher),
            kill_strays=_kill_strays,
        )
        harness = AppHarness(store, tmp_path, FakeClock(), catalog, workers=workers)
        return harness, sample

    return make


async def _kill_strays(run: RunId) -> None:
    """Nothing of another process is left here."""
