"""Wires the house: some twenty objects in a few readable steps, opened and closed by one `lifespan()`.

`up` enters the lifespan, serves inside it and closes it last; the sidecar borrows it and opens nothing by itself.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from ompycord import __version__
from ompycord.agents.registry import adapters
from ompycord.app.control import Control
from ompycord.app.data_folder import DataFolder
from ompycord.app.doorkeeper import Doorkeeper
from ompycord.app.health import MANY_EVENTS, Health
from ompycord.app.key_secrets import KeySecrets
from ompycord.app.keys import Keys
from ompycord.app.mode import Mode
from ompycord.app.report import Report
from ompycord.app.run_views import RunViews
from ompycord.app.system import SystemClock, SystemIds, settle_collector
from ompycord.bot.bot import Bot
from ompycord.bot.options import BotOptions
from ompycord.bot.sources import Sources
from ompycord.checks.local import LocalChecks
from ompycord.conductor import Abilities, BudgetKeeper, Bus, Conductor, Driver, Inboxes, Projector, Watch
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentAdapter, AgentCapabilities
from ompycord.domain.run import RunKind, RunRecord
from ompycord.engines import LocalEngine
from ompycord.engines.steps import Steps
from ompycord.mcp_server import Desk, McpMount
from ompycord.processes import sweep
from ompycord.processes.launcher_port import Launcher
from ompycord.settings import Settings
from ompycord.store import SqliteStore, open_store
from ompycord.telemetry.watchdog import Watchdog
from ompycord.text import Redactor
from ompycord.webhook import Limits, Mount, Probe, Sidecar, Streams, create_sidecar
from ompycord.workspaces.artifacts import Artifacts
from ompycord.workspaces.git import Git
from ompycord.workspaces.probe import best_launcher
from ompycord.workspaces.service import GitWorkspaces

__all__ = ["Parts", "git_of", "lifespan"]


@dataclass(frozen=True, slots=True)
class Parts:
    """What `run.py` starts and ends, in this order of dependence."""

    store: SqliteStore
    projector: Projector
    driver: Driver
    watch: Watch
    budget: BudgetKeeper
    mcp: McpMount
    sidecar: Sidecar
    control: Control
    bot: Bot
    redactor: Redactor
    watchdog: Watchdog
    doorkeeper: Doorkeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What everything else stands on."""

    settings: Settings
    data: DataFolder
    store: SqliteStore
    bus: Bus
    clock: SystemClock
    ids: SystemIds
    alarms: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """Rung when something was decided. Filled while wiring: who is woken needs who wakes."""

    def wake(self) -> None:
        for alarm in self.alarms:
            alarm()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hands:
    """What works on a repository: programs are started, clones are made."""

    launcher: Launcher
    workspaces: GitWorkspaces
    artifacts: Artifacts
    adapters: Mapping[str, AgentAdapter]
    """By an agent's kind."""

    @property
    def abilities(self) -> dict[str, AgentCapabilities]:
        return {kind: adapter.capabilities for kind, adapter in self.adapters.items()}


def git_of(environ: Mapping[str, str]) -> Git:
    """The host's git, looked up in our PATH."""
    return Git(path=environ.get("PATH", os.defpath))


@asynccontextmanager
async def lifespan(
    settings: Settings, data: DataFolder, *, bot_token: str, webhook_secret: str, sidecar_address: Callable[[], str]
) -> AsyncGenerator[Parts]:
    """Open the store, wire everything to it, close it last. `sidecar_address` is asked when an agent starts."""
    clock, ids = SystemClock(), SystemIds()
    component_key, _ = data.secret("component_key")
    redactor = Redactor([bot_token, webhook_secret, component_key, *settings.agent_secrets, *_granted(settings)])
    async with open_store(data.database, clock=clock, ids=ids) as store:
        ground = _Ground(settings=settings, data=data, store=store, bus=Bus(), clock=clock, ids=ids)
        key_secrets = KeySecrets(data.path)
        doorkeeper = _doorkeeper(ground, key_secrets, webhook_secret, sidecar_address)
        await doorkeeper.refresh()
        hands = await _hands(data)
        mode, watchdog = Mode(store=store, folder=data.path), Watchdog()
        conductor = _conductor(ground, hands, mode)
        projector = Projector(store=store, bus=ground.bus, clock=clock, route=_route_of(settings))
        driver = _driver(ground, hands, conductor, doorkeeper, projector, mode)
        ground.alarms.extend((projector.wake, driver.wake))
        desk = Desk(conductor=conductor, bus=ground.bus, clock=clock, ids=ids, attach=hands.artifacts.attach)
        mcp = McpMount(desk=desk, authenticate=doorkeeper.run_of, version=__version__, loaded=settle_collector)

        def failures() -> int:
            return sidecar.failed_authentications

        health = Health(mode=mode, launcher=hands.launcher, store=store, catalog=settings.catalog, failures=failures)
        sources = _sources(hands, health, mode)
        bot = _bot(ground, conductor, sources, redactor, token=bot_token, component_key=component_key)
        probes = _probes(ground, bot, mode)
        report = Report(
            store=store,
            projector=projector,
            gateway=bot,
            mode=mode,
            watchdog=watchdog,
            clock=clock,
            probes=probes,
            failures=failures,
        )
        sidecar = _sidecar(ground, doorkeeper, projector, mcp, probes, report)
        keys = Keys(store=store, secrets=key_secrets, clock=clock, ids=ids, changed=doorkeeper.refresh)
        yield Parts(
            store=store,
            projector=projector,
            driver=driver,
            watch=Watch(store=store, conductor=conductor, clock=clock, ops_channel=settings.discord.ops_channel),
            budget=BudgetKeeper(store=store, bus=ground.bus, clock=clock, ids=ids, wake=ground.wake),
            mcp=mcp,
            sidecar=sidecar,
            control=Control(data.path, operations={**keys.operations(), **RunViews(store=store).operations()}),
            bot=bot,
            redactor=redactor,
            watchdog=watchdog,
            doorkeeper=doorkeeper,
        )


def _granted(settings: Settings) -> list[str]:
    """What agents are granted of our environment: it stands in no card and no log."""
    names = {name for agent in settings.catalog.agents for name in agent.grants.variables}
    return [os.environ[name] for name in names if name in os.environ]


def _doorkeeper(
    ground: _Ground, secrets: KeySecrets, shared_secret: str, sidecar_address: Callable[[], str]
) -> Doorkeeper:
    return Doorkeeper(
        store=ground.store,
        secrets=secrets,
        clock=ground.clock,
        ids=ground.ids,
        shared_secret=shared_secret,
        sidecar_address=sidecar_address,
    )


def _route_of(settings: Settings) -> Callable[[RunRecord], str | None]:
    """Where a run's card goes: its repository's channel, else the home channel."""
    catalog, home = settings.catalog, settings.discord.home_channel

    def route(record: RunRecord) -> str | None:
        bound = next((spec.channel for spec in catalog.repositories if spec.name == record.repository), None)
        return bound or home

    return route


async def _hands(data: DataFolder) -> _Hands:
    launcher = await best_launcher(path=os.environ.get("PATH", os.defpath), hidden=(data.path,), environ=os.environ)
    workspaces = GitWorkspaces(
        folder=data.path / "workspaces",
        repositories=data.path / "repositories",
        git=git_of(os.environ),
        launcher=launcher,
    )
    artifacts = Artifacts(folder=data.path / "artifacts", workspaces=workspaces)
    return _Hands(launcher=launcher, workspaces=workspaces, artifacts=artifacts, adapters=adapters(launcher=launcher))


def _conductor(ground: _Ground, hands: _Hands, mode: Mode) -> Conductor:
    return Conductor(
        store=ground.store,
        clock=ground.clock,
        ids=ground.ids,
        catalog=ground.settings.catalog,
        wake=ground.wake,
        abilities=hands.abilities,
        closed=mode.closed,
    )


def _driver(
    ground: _Ground, hands: _Hands, conductor: Conductor, doorkeeper: Doorkeeper, projector: Projector, mode: Mode
) -> Driver:
    """Drives hosted runs: effects run in this process."""
    catalog = ground.settings.catalog
    abilities = Abilities(catalog=catalog, by_kind=hands.abilities)
    steps = Steps(
        catalog=catalog,
        workspaces=hands.workspaces,
        adapters=hands.adapters,
        checks=LocalChecks(launcher=hands.launcher),
        level=hands.launcher.level,
        mend=hands.launcher.mend,
        observe=conductor.observe,
        record=conductor.record,
        job_environment=doorkeeper.job_environment,
        inboxes=Inboxes(store=ground.store, bus=ground.bus, record=conductor.record),
        session=ground.store.session,
        session_usd=ground.store.session_usd,
        file=hands.artifacts.of_task,
        co_author=partial(_co_author, ground.store),
    )
    return Driver(
        store=ground.store,
        engine=LocalEngine(steps=steps.table(), sweep=_sweep),
        clock=ground.clock,
        ids=ground.ids,
        limits=catalog.limits,
        changed=projector.wake,
        resumes=lambda record: abilities.of(record).can_resume,
        closed=mode.closed,
    )


async def _co_author(store: SqliteStore, person: str) -> str | None:
    return (await store.person_settings(person)).co_author


def _sources(hands: _Hands, health: Health, mode: Mode) -> Sources:
    level = hands.launcher.level
    return Sources(
        health=health.lines,
        diff=_diff_of(hands.workspaces),
        confinement=lambda record: level if record.kind is RunKind.HOSTED else None,
        mode=mode.words,
        artifact=hands.artifacts.read,
        keep_file=hands.artifacts.keep,
    )


def _bot(
    ground: _Ground, conductor: Conductor, sources: Sources, redactor: Redactor, *, token: str, component_key: str
) -> Bot:
    return Bot(
        options=_bot_options(ground.settings),
        token=token,
        conductor=conductor,
        store=ground.store,
        bus=ground.bus,
        clock=ground.clock,
        ids=ground.ids,
        mac_key=component_key.encode(),
        redact=redactor.redact,
        sources=sources,
    )


def _probes(ground: _Ground, bot: Bot, mode: Mode) -> dict[str, Probe]:
    """What /readyz asks (docs/contracts/http.md, *Health*). Trouble at a model provider is none of it."""

    async def is_gateway_there() -> bool:
        return bot.is_ready

    async def keeps_up() -> bool:
        return await ground.store.backlog() < MANY_EVENTS

    return {
        "database": ground.store.is_writable,
        "gateway": is_gateway_there,
        "worker": keeps_up,
        "disk": mode.has_room,
    }


def _sidecar(
    ground: _Ground,
    doorkeeper: Doorkeeper,
    projector: Projector,
    mcp: McpMount,
    probes: Mapping[str, Probe],
    report: Report,
) -> Sidecar:
    return create_sidecar(
        store=ground.store,
        keyring=doorkeeper.ring,
        clock=ground.clock,
        ids=ground.ids,
        limits=Limits(
            hosts=frozenset(ground.settings.webhook.hosts),
            trusted_proxies=frozenset(ground.settings.webhook.trusted_proxies),
        ),
        wake=projector.wake,
        probes=probes,
        streams=Streams(log=ground.store, bus=ground.bus),
        mounts=(Mount("/mcp", mcp),),
        reports=report,
        bus=ground.bus,
    )


def _diff_of(workspaces: GitWorkspaces) -> Callable[[RunId], Awaitable[bytes | None]]:
    async def diff(run: RunId) -> bytes | None:
        result = await workspaces.result(run)
        return None if result is None or result.diff is None else await asyncio.to_thread(result.diff.read_bytes)

    return diff


async def _sweep(run: RunId) -> None:
    await sweep(run)


def _bot_options(settings: Settings) -> BotOptions:
    discord = settings.discord
    is_playground = discord.api is not None
    return BotOptions.model_validate(
        {
            "guilds": discord.guilds,
            "home_channel": discord.home_channel,
            "work_channels": discord.work_channels,
            "ops_channel": discord.ops_channel,
            "board_channel": discord.board_channel,
            "access": settings.access,
            "message_content": discord.message_content,
            "launch_emoji": discord.launch_emoji,
            "guild_ready_timeout_s": 0.0 if is_playground else 2.0,
        }
    )
