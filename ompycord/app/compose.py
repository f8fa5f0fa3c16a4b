"""Wires what runs: some twenty objects in a few readable steps, by `wire()`; opened and closed by one `lifespan()`.

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
from ompycord.app.access_keys.key_manager import KeyManager
from ompycord.app.access_keys.key_secrets import KeySecrets
from ompycord.app.access_keys.keys import Keys
from ompycord.app.bot_stores import bot_stores
from ompycord.app.confinement import launcher_at_start
from ompycord.app.control import Control, Operation
from ompycord.app.data_folder import DataFolder
from ompycord.app.health import MANY_EVENTS, Health
from ompycord.app.mode import StorageMode
from ompycord.app.outgoing.operations import WebhookOperations
from ompycord.app.outgoing.states import Destinations
from ompycord.app.outgoing.webhooks import notifications_of, open_notifier, webhook_secrets
from ompycord.app.report import HealthReport
from ompycord.app.run_views import RunViews
from ompycord.app.services import SETTLE_S, Ends, Readiness, Service, probes_of
from ompycord.app.sidecar import create_sidecar
from ompycord.app.system import SystemClock, SystemIds, settle_process
from ompycord.bot.bot import Bot
from ompycord.bot.lookups import Lookups
from ompycord.bot.options import BotOptions
from ompycord.checks.local import LocalChecks
from ompycord.conductor import (
    AgentCapabilityLookup,
    Approvals,
    BudgetKeeper,
    Budgets,
    Bus,
    Driver,
    EventRecorder,
    Inboxes,
    Messages,
    Projector,
    Reminders,
    RunAccess,
    Runs,
    Snapshots,
    Transitions,
)
from ompycord.domain.catalog import RunChannels
from ompycord.domain.ids import RunId
from ompycord.domain.ports import AgentAdapter, AgentCapabilities, Checks, Clock, Ids, WorkResults, Workspaces
from ompycord.engines import LocalEngine, StepContext
from ompycord.http import Mount, RequestCounts, Sidecar
from ompycord.mcp_server import McpMount, ToolService
from ompycord.notify import Notifier
from ompycord.processes import kill_strays
from ompycord.processes.launcher_port import Launcher
from ompycord.settings import Settings
from ompycord.store import SqliteStore, open_store
from ompycord.telemetry.watchdog import Watchdog
from ompycord.text import Redactor
from ompycord.webhook import Probe, Streams
from ompycord.workspaces.artifacts import Artifacts
from ompycord.workspaces.git import Git
from ompycord.workspaces.service import GitWorkspaces

__all__ = [
    "Areas",
    "Infrastructure",
    "Parts",
    "Secrets",
    "Workers",
    "bot_options",
    "git_of",
    "lifespan",
    "wire",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What signs and opens, as text."""

    bot_token: str
    webhook_secret: str
    component_key: str
    """Signs the buttons of our messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Infrastructure:
    """What everything else stands on."""

    settings: Settings
    data: DataFolder
    store: SqliteStore
    notifier: Notifier
    bus: Bus
    snapshots: Snapshots
    mode: StorageMode
    redact: Callable[[str], str]
    clock: Clock
    ids: Ids
    alarms: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """Rung when something was decided. Filled while wiring: who is woken needs who wakes."""

    def wake(self) -> None:
        for alarm in self.alarms:
            alarm()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """What works on a repository: programs are started, clones are made."""

    launcher: Launcher
    workspaces: Workspaces
    results: WorkResults
    artifacts: Artifacts
    adapters: Mapping[str, AgentAdapter]
    """By an agent's kind."""
    capabilities: Mapping[str, AgentCapabilities]
    """The same."""
    checks: Checks
    kill_strays: Callable[[RunId], Awaitable[None]]
    """Ends what a run's programs left running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """What people and agents can ask for, by area; each part of the product is given those that it needs."""

    runs: Runs
    messages: Messages
    approvals: Approvals
    budgets: Budgets
    recorder: EventRecorder
    budget_keeper: BudgetKeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What was wired, for who starts it."""

    services: tuple[Service, ...]
    """All but the server, in the order of start."""
    sidecar: Sidecar
    bot: Bot
    areas: Areas
    projector: Projector
    driver: Driver
    key_manager: KeyManager
    operations: Mapping[str, Operation]
    """What the control socket answers."""


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
    outgoing = webhook_secrets(settings.notify, data.path)
    redactor = Redactor(
        [
            bot_token,
            webhook_secret,
            component_key,
            *settings.agent_secrets,
            *_granted(settings),
            *outgoing.values(),
        ]
    )
    bus = Bus()
    async with (
        open_store(data.database, clock=clock, ids=ids) as store,
        open_notifier(settings.notify, outgoing, queue=store.notifications, bus=bus, clock=clock) as notifier,
    ):
        infrastructure = Infrastructure(
            settings=settings,
            data=data,
            store=store,
            notifier=notifier,
            bus=bus,
            snapshots=Snapshots(store=store),
            mode=StorageMode(store=store, folder=data.path),
            redact=redactor.redact,
            clock=clock,
            ids=ids,
        )
        workers = await _workers(data, kinds={agent.kind for agent in settings.catalog.agents})
        secrets = Secrets(bot_token=bot_token, webhook_secret=webhook_secret, component_key=component_key)
        parts = wire(infrastructure, workers, secrets, sidecar_address=sidecar_address)
        await parts.key_manager.refresh()
        yield parts


def wire(
    infrastructure: Infrastructure,
    workers: Workers,
    secrets: Secrets,
    *,
    sidecar_address: Callable[[], str],
    lookups: Lookups | None = None,
) -> Parts:
    """Make all that stands on an open store; opens and starts nothing.

    `lookups` replaces what the bot asks this machine. The keys are read with the first `key_manager.refresh`, which the
    caller awaits.
    """
    settings, data, store, bus = infrastructure.settings, infrastructure.data, infrastructure.store, infrastructure.bus
    snapshots, clock, ids = infrastructure.snapshots, infrastructure.clock, infrastructure.ids
    mode, notifier, watchdog = infrastructure.mode, infrastructure.notifier, Watchdog()
    key_secrets = KeySecrets(data.path)
    key_manager = _key_manager(infrastructure, key_secrets, secrets.webhook_secret, sidecar_address)
    areas = _areas(infrastructure, workers)
    projector = Projector(
        store=store,
        snapshots=snapshots,
        bus=bus,
        clock=clock,
        channels=_channels(settings),
        notifications=notifications_of(settings.notify, infrastructure.redact),
    )
    driver = _driver(infrastructure, workers, areas.recorder, key_manager, projector)
    infrastructure.alarms.extend((projector.wake, driver.wake))
    tool_service = ToolService(
        recorder=areas.recorder,
        messages=areas.messages,
        snapshots=snapshots,
        bus=bus,
        clock=clock,
        ids=ids,
        attach=workers.artifacts.attach,
    )
    mcp = McpMount(
        tool_service=tool_service, authenticate=key_manager.run_of, version=__version__, loaded=settle_process
    )

    def requests() -> RequestCounts:
        return sidecar.counts

    destinations = Destinations(queue=store.notifications, clock=clock, configured=settings.notify.destinations)
    health = Health(
        mode=mode,
        launcher=workers.launcher,
        store=store,
        backlog=store,
        catalog=settings.catalog,
        requests=requests,
        destinations=destinations,
    )
    bot = _bot(infrastructure, areas, lookups or _lookups(workers, health, mode), secrets)
    keys = Keys(store=store, secrets=key_secrets, clock=clock, ids=ids, changed=key_manager.refresh)
    reminders = Reminders(
        store=store,
        snapshots=snapshots,
        runs=areas.runs,
        recorder=areas.recorder,
        clock=clock,
        ops_channel=settings.discord.ops_channel,
    )
    views = RunViews(store=store, history=store, snapshots=snapshots)
    webhooks = WebhookOperations(store=store, clock=clock, wake=notifier.wake)
    operations = {**keys.operations(), **views.operations(), **webhooks.operations()}
    control = Control(data.path, operations=operations)
    services = (
        Service(name="watchdog", run=watchdog.run, ends=Ends.RECORD, bound_s=SETTLE_S),
        Service(
            name="projector",
            run=projector.run,
            ends=Ends.RECORD,
            settle=projector.settled,
            bound_s=SETTLE_S,
            ready=Readiness("worker", partial(_keeps_up, store)),
        ),
        Service(name="driver", run=driver.run, ends=Ends.WORK, drain=driver.drain),
        Service(name="keys", run=key_manager.run, ends=Ends.WORK),
        Service(name="budget", run=areas.budget_keeper.run, ends=Ends.WORK),
        Service(name="reminders", run=reminders.run, ends=Ends.WORK),
        Service(name="notifier", run=notifier.run, ends=Ends.WORK, drain=notifier.drain, stop=_drained),
        Service(name="mcp", run=mcp.serve, ends=Ends.WORK, drain=mcp.drain),
        Service(name="control", run=control.serve, ends=Ends.WORK),
        Service(
            name="bot",
            run=bot.run,
            ends=Ends.BOT,
            stop=bot.close,
            ready=Readiness("gateway", partial(_is_ready, bot)),
        ),
    )
    # docs/contracts/http.md, *Health*. A problem at a model provider is none of it.
    probes = {"database": store.is_writable, "disk": mode.has_room, **probes_of(services)}
    report = HealthReport(
        store=store,
        projector=projector,
        gateway=bot,
        mode=mode,
        watchdog=watchdog,
        clock=clock,
        probes=probes,
        requests=requests,
        destinations=destinations,
    )
    sidecar = _sidecar(infrastructure, key_manager, projector, mcp, probes, report)
    return Parts(
        services=services,
        sidecar=sidecar,
        bot=bot,
        areas=areas,
        projector=projector,
        driver=driver,
        key_manager=key_manager,
        operations=operations,
    )


async def _drained() -> None:
    """What was drained ends by itself."""


async def _is_ready(bot: Bot) -> bool:
    return bot.is_ready


async def _keeps_up(store: SqliteStore) -> bool:
    return await store.backlog() < MANY_EVENTS


def _granted(settings: Settings) -> list[str]:
    """What agents are granted of our environment: it stands in no card and no log."""
    names = {name for agent in settings.catalog.agents for name in agent.grants.variables}
    return [os.environ[name] for name in names if name in os.environ]


def _key_manager(
    infrastructure: Infrastructure, secrets: KeySecrets, shared_secret: str, sidecar_address: Callable[[], str]
) -> KeyManager:
    return KeyManager(
        store=infrastructure.store,
        secrets=secrets,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        shared_secret=shared_secret,
        sidecar_address=sidecar_address,
    )


def _channels(settings: Settings) -> RunChannels:
    """Where a run's card goes: its repository's channel, else the home channel."""
    bound = {spec.name: spec.channel for spec in settings.catalog.repositories if spec.channel}
    return RunChannels(home=settings.discord.home_channel, of_repositories=bound)


async def _workers(data: DataFolder, *, kinds: set[str]) -> Workers:
    launcher = await launcher_at_start(data.path, os.environ)
    workspaces = GitWorkspaces(
        folder=data.path / "workspaces",
        repositories=data.path / "repositories",
        git=git_of(os.environ),
        launcher=launcher,
    )
    artifacts = Artifacts(folder=data.path / "artifacts", workspaces=workspaces)
    known = adapters(launcher=launcher, kinds=kinds)
    return Workers(
        launcher=launcher,
        workspaces=workspaces,
        results=workspaces,
        artifacts=artifacts,
        adapters=known,
        capabilities={kind: adapter.capabilities for kind, adapter in known.items()},
        checks=LocalChecks(launcher=launcher),
        kill_strays=_kill_strays,
    )


def _areas(infrastructure: Infrastructure, workers: Workers) -> Areas:
    store, clock, ids, wake = infrastructure.store, infrastructure.clock, infrastructure.ids, infrastructure.wake
    access = RunAccess(store=store, clock=clock, ids=ids)
    transitions = Transitions(store=store, clock=clock, ids=ids)
    catalog = infrastructure.settings.catalog
    return Areas(
        runs=Runs(
            access=access,
            transitions=transitions,
            drafts=store,
            tasks=store,
            catalog=catalog,
            wake=wake,
            closed=infrastructure.mode.closed,
        ),
        messages=Messages(
            access=access,
            history=store,
            transitions=transitions,
            capabilities=AgentCapabilityLookup(catalog=catalog, by_kind=workers.capabilities),
            wake=wake,
        ),
        approvals=Approvals(access=access, catalog=catalog, wake=wake),
        budgets=Budgets(access=access, transitions=transitions, wake=wake),
        recorder=EventRecorder(access=access, observations=store, wake=wake),
        budget_keeper=BudgetKeeper(
            access=access,
            transitions=transitions,
            snapshots=infrastructure.snapshots,
            bus=infrastructure.bus,
            wake=wake,
        ),
    )


def _driver(
    infrastructure: Infrastructure,
    workers: Workers,
    recorder: EventRecorder,
    key_manager: KeyManager,
    projector: Projector,
) -> Driver:
    """Drives hosted runs: effects run in this process."""
    catalog = infrastructure.settings.catalog
    capabilities = AgentCapabilityLookup(catalog=catalog, by_kind=workers.capabilities)
    context = StepContext(
        catalog=catalog,
        workspaces=workers.workspaces,
        results=workers.results,
        adapters=workers.adapters,
        checks=workers.checks,
        level=workers.launcher.level,
        remedy=workers.launcher.remedy,
        observe=recorder.observe,
        record=recorder.record,
        secrets=key_manager.job_environment,
        inboxes=Inboxes(history=infrastructure.store, bus=infrastructure.bus, record=recorder.record),
        task=infrastructure.store.task,
        session=infrastructure.store.session,
        session_usd=infrastructure.store.session_usd,
        file=workers.artifacts.of_task,
        co_author=partial(_co_author, infrastructure.store),
    )
    return Driver(
        store=infrastructure.store,
        history=infrastructure.store,
        engine=LocalEngine(context=context, kill_strays=workers.kill_strays),
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        limits=catalog.limits,
        changed=projector.wake,
        resumes=lambda record: capabilities.of(record).can_resume,
        closed=infrastructure.mode.closed,
    )


async def _co_author(store: SqliteStore, person: str) -> str | None:
    return (await store.person_settings(person)).co_author


def _lookups(workers: Workers, health: Health, mode: StorageMode) -> Lookups:
    return Lookups(
        health=health.lines,
        diff=_diff_of(workers.results),
        confinement=workers.launcher.level,
        mode=mode.words,
        artifact=workers.artifacts.read,
        keep_file=workers.artifacts.keep,
    )


def _bot(infrastructure: Infrastructure, areas: Areas, lookups: Lookups, secrets: Secrets) -> Bot:
    return Bot(
        options=bot_options(infrastructure.settings),
        token=secrets.bot_token,
        catalog=infrastructure.settings.catalog,
        runs=areas.runs,
        messages=areas.messages,
        approvals=areas.approvals,
        budgets=areas.budgets,
        snapshots=infrastructure.snapshots,
        stores=bot_stores(infrastructure.store),
        bus=infrastructure.bus,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        mac_key=secrets.component_key.encode(),
        redact=infrastructure.redact,
        lookups=lookups,
    )


def _sidecar(
    infrastructure: Infrastructure,
    key_manager: KeyManager,
    projector: Projector,
    mcp: McpMount,
    probes: Mapping[str, Probe],
    report: HealthReport,
) -> Sidecar:
    return create_sidecar(
        store=infrastructure.store,
        snapshots=infrastructure.snapshots,
        keyring=key_manager.keys,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        limits=infrastructure.settings.webhook,
        event_limits=infrastructure.settings.webhook.events,
        wake=projector.wake,
        probes=probes,
        streams=Streams(log=infrastructure.store, bus=infrastructure.bus),
        mounts=(Mount("/mcp", mcp),),
        reports=report,
        bus=infrastructure.bus,
    )


def _diff_of(results: WorkResults) -> Callable[[RunId], Awaitable[bytes | None]]:
    async def diff(run: RunId) -> bytes | None:
        result = await results.result(run)
        return None if result is None or result.diff is None else await asyncio.to_thread(result.diff.read_bytes)

    return diff


async def _kill_strays(run: RunId) -> None:
    await kill_strays(run)


def bot_options(settings: Settings) -> BotOptions:
    """The section `discord`, and who may do what. Raises ValidationError where no server is named."""
    return BotOptions(**dict(settings.discord), access=settings.access)
