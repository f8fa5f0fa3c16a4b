"""The app harness: what `app/compose.py` wires, over a store that a test opened; the agent's words are the test's.

Clock, agent, clones and checks are doubles of their ports; everything else is the product's, wired by the product. Its
counterparts are the conftest files, which say what a folder's tests need of it.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ompycord.app.compose import wire
from ompycord.app.data_folder import DataFolder
from ompycord.app.known_secrets import KnownSecrets
from ompycord.app.mode import StorageMode
from ompycord.app.voice.wiring import voice_of
from ompycord.app.wiring.edges import bot_of
from ompycord.app.wiring.models import gateway_of
from ompycord.app.wiring.parts import Infrastructure, Secrets, Workers
from ompycord.bot import Lookups
from ompycord.conductor import Bus, Driver, PullRequests, Snapshots
from ompycord.domain.catalog import Catalog
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentCapabilities, AgentInput, Clock, Ids, TeamIssueCalls
from ompycord.engines import LocalEngine
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.notify import Notifier
from ompycord.settings import Settings
from ompycord.store import SqliteStore
from ompycord.testing import FakeChecks, FakeWorkspaces, ScriptedAgent
from ompycord.workspaces.artifacts import Artifacts
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from tests.support.areas import Areas
from tests.support.patience import within

__all__ = ["AGENT_SECRET", "WEBHOOK_SECRET", "ComposedApp", "infrastructure_of", "settings_of"]

PATIENCE_S = 20.0
AGENT_SECRET = "hunter2-hunter2"
"""Stands in no card and no log."""
WEBHOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # from the published vectors of Standard Webhooks
SIDECAR = "http://127.0.0.1:9"
"""Where agents would reach a sidecar; none listens."""


def settings_of(catalog: Catalog, **sections: object) -> Settings:
    """Settings with this catalog. The environment of the tests says nothing in them."""
    given = {
        "repositories": {one.name: one for one in catalog.repositories},
        "agents": {one.name: one for one in catalog.agents},
        "limits": catalog.limits,
        **sections,
    }
    return Settings.model_validate(given)


def infrastructure_of(
    store: SqliteStore, folder: Path, *, settings: Settings, clock: Clock, ids: Ids, mode: StorageMode | None = None
) -> Infrastructure:
    """What all other parts work on, over an open store; other systems are notified of nothing."""
    bus = Bus()
    known = KnownSecrets(settings, data_folder=folder, environ={})
    known.add([AGENT_SECRET])
    return Infrastructure(
        settings=settings,
        data=DataFolder(folder),
        store=store,
        notifier=Notifier(workers=[], bus=bus),
        bus=bus,
        snapshots=Snapshots(store=store),
        mode=mode or StorageMode(store=store, folder=folder),
        known=known,
        clock=clock,
        ids=ids,
    )


class TestedMode(StorageMode):
    """Whether runs may begin is what the test says, not what this machine's disk says."""

    __test__ = False

    def __init__(self, *, store: SqliteStore, folder: Path) -> None:
        super().__init__(store=store, folder=folder)
        self.reason: str | None = None
        self.was_asked = asyncio.Event()

    async def closed(self) -> str | None:
        self.was_asked.set()
        return self.paused() or self.reason


class ComposedApp:
    """One process's worth of Ompycord over a database; `running()` runs its services, leaving the block ends them."""

    SERVICES = ("projector", "driver", "budget", "models")
    """Those of the composition root that `running` runs, by name."""

    def __init__(
        self,
        store: SqliteStore,
        folder: Path,
        *,
        settings: Settings,
        clock: Clock,
        ids: Ids,
        agent: ScriptedAgent | None = None,
        workspaces: FakeWorkspaces | None = None,
        workers: Workers | None = None,
        bot_token: str = "no bot runs here",
        component_key: str = "a key of tests, 32 bytes long ...",
        lookups: Callable[["ComposedApp"], Lookups] | None = None,
    ) -> None:
        """`workers` replaces the doubles of agent, clones and checks; `lookups` what the bot asks this machine."""
        self.store = store
        self.folder = folder
        """For what is waited for; more where git and programs are real."""
        self.ids = ids
        self.catalog = settings.catalog
        self.agent = agent or ScriptedAgent(writes={"total.py": "x = 1\n"})
        self.workspaces = workspaces or FakeWorkspaces(folder / "workspaces")
        self.artifacts = Artifacts(folder=folder / "artifacts", workspaces=self.workspaces)
        self.checks = FakeChecks()
        self.capabilities = {"command": AgentCapabilities()}
        self.swept: list[RunId] = []
        """Runs whose strays were killed."""
        self.mode = TestedMode(store=store, folder=folder)
        self.infrastructure = infrastructure_of(store, folder, settings=settings, clock=clock, ids=ids, mode=self.mode)
        self.bus, self.snapshots = self.infrastructure.bus, self.infrastructure.snapshots
        doubles = Workers(
            launcher=UnconfinedLauncher(path=os.environ["PATH"]),
            workspaces=self.workspaces,
            takeovers=self.workspaces,
            results=self.workspaces,
            artifacts=self.artifacts,
            adapters={"command": self.agent},
            capabilities=self.capabilities,
            checks=self.checks,
            kill_strays=self._kill_strays,
        )
        self.workers = workers or doubles
        self._secrets = Secrets(bot_token=bot_token, webhook_secret=WEBHOOK_SECRET, component_key=component_key)
        self._lookups_made = None if lookups is None else lookups(self)
        self.parts = wire(
            self.infrastructure,
            self.workers,
            self._secrets,
            sidecar_address=lambda: SIDECAR,
            end=lambda: None,
            lookups=self._lookups_made,
        )
        self.areas = Areas(self.parts.areas, self.infrastructure)
        self.projector = self.parts.projector
        self.driver = self.parts.driver
        self.bot = self.parts.bot
        self._services = {one.name: one.run for one in self.parts.services if one.name in self.SERVICES}

    @property
    def engine(self) -> LocalEngine:
        """The driver's."""
        engine: Any = self.driver._engine  # pyright: ignore[reportPrivateUsage]  # what no part of the product hands out
        return engine

    @property
    def closed(self) -> str | None:
        """Why no run may begin."""
        return self.mode.reason

    @closed.setter
    def closed(self, reason: str | None) -> None:
        self.mode.reason = reason

    @property
    def was_asked(self) -> asyncio.Event:
        """Somebody wanted to know since this was cleared last."""
        return self.mode.was_asked

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run the services until the block is left, which is a crash to them."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run()) for run in self._services.values()]
            try:
                await self.ready()
                yield
            finally:
                await self.end()
                for task in tasks:
                    task.cancel()

    def drive_with(self, driver: Driver) -> None:
        """Another driver, in place of the wired one."""
        self.driver = driver
        self._services["driver"] = driver.run
        self.infrastructure.alarms.append(driver.wake)

    def follow_with(self, pull_requests: PullRequests, *, issue_calls: TeamIssueCalls | None = None) -> None:
        """A bot whose pull requests are followed by this, in place of the wired one; before `running`."""
        assert self._lookups_made is not None
        areas = replace(self.parts.areas, pull_requests=pull_requests)
        lookups = replace(self._lookups_made, issue_calls=issue_calls)
        self.bot = bot_of(self.infrastructure, areas, lookups, self._secrets)
        self._services["bot"] = self.bot.run

    def dictate(self) -> ModelGateway:
        """A bot that takes recordings, as `voice` of the settings says; before `running`. The gateway that it uses."""
        assert self._lookups_made is not None
        gateway = gateway_of(self.infrastructure)
        voice = voice_of(self.infrastructure, self.parts.areas, gateway)
        lookups = replace(self._lookups_made, voice=None if voice is None else voice.dictation)
        self.bot = bot_of(self.infrastructure, self.parts.areas, lookups, self._secrets)
        self._services |= {"bot": self.bot.run, "models": gateway.run}
        return gateway

    async def ready(self) -> None:
        """Awaited before the block of `running` begins."""

    async def end(self) -> None:
        """Awaited after it."""

    async def until(self, run: str, wanted: Callable[[StatusSnapshot], bool]) -> StatusSnapshot:
        """The first snapshot for which it holds; bounded."""
        async with within(PATIENCE_S):
            with self.bus.subscribe() as changes:
                while True:
                    snapshot = await self.snapshots.of(RunId(run))
                    if snapshot is not None and wanted(snapshot):
                        return snapshot
                    await changes.take(0.2)

    async def heard(self) -> AgentInput:
        """The next thing that people said to the agent; bounded."""
        async with within(PATIENCE_S):
            return await self.agent.received.get()

    async def _kill_strays(self, run: RunId) -> None:
        self.swept.append(run)
