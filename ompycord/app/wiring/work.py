"""What decides and works: the areas, the workers, the driver, the projector; each made of the bundles before it."""

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from ompycord.agents.registry import adapters
from ompycord.app.access_keys.key_manager import KeyManager
from ompycord.app.confinement import launcher_at_start
from ompycord.app.data_folder import DataFolder
from ompycord.app.known_secrets import KnownSecrets
from ompycord.app.outgoing.webhooks import notifications_of
from ompycord.app.precheck import Precheck
from ompycord.app.precheck.agent_lines import agent_line
from ompycord.app.system import SystemClock
from ompycord.app.wiring.forges import proposals_of
from ompycord.app.wiring.memory import lessons_of, recaller_of
from ompycord.app.wiring.parts import Areas, Infrastructure, Workers
from ompycord.app.wiring.pull_requests import pull_requests_of
from ompycord.checks.local import LocalChecks
from ompycord.conductor import (
    AgentCapabilityLookup,
    Approvals,
    BudgetKeeper,
    Budgets,
    Checkpoints,
    Driver,
    EventRecorder,
    Guardian,
    Inboxes,
    Lineage,
    Messages,
    Plans,
    Projector,
    Reminders,
    RunAccess,
    Runs,
    SlotKeeper,
    Transitions,
    TypedAnswers,
)
from ompycord.conductor.risk.assessment import Clone, RiskAssessment
from ompycord.domain.catalog import RunChannels
from ompycord.domain.events import UsageUpdated
from ompycord.domain.folds.checkpoints import PutBack, roll_back_of
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.planning import PlanningFacts, planning_facts
from ompycord.domain.folds.repair import RepairFacts, repair_facts
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Workspaces
from ompycord.domain.repository import AgentSpec
from ompycord.domain.run import RunRecord
from ompycord.engines import LocalEngine, StepContext
from ompycord.engines.agent_start import is_confined_enough
from ompycord.http.proxy.forward_proxy import upstream_of
from ompycord.http.run_listeners import RunListeners, Served
from ompycord.http.run_token import RunToken
from ompycord.processes import kill_strays
from ompycord.settings import Settings
from ompycord.settings.repository_file import configure_by
from ompycord.store import SqliteStore
from ompycord.workspaces.artifacts import Artifacts
from ompycord.workspaces.git import Git
from ompycord.workspaces.preparing.set_ups import KeptSetUps
from ompycord.workspaces.publishing.moved_base import MovedBases
from ompycord.workspaces.reading.clone_texts import read_text_in
from ompycord.workspaces.run_folders import git_marker
from ompycord.workspaces.service import GitWorkspaces
from ompycord.workspaces.services.trial import LocalServices

__all__ = ["areas_of", "driver_of", "git_of", "listeners_of", "projector_of", "reminders_of", "workers_of"]


def git_of(environ: Mapping[str, str]) -> Git:
    """The host's git, looked up in our PATH; for repositories elsewhere with what reaches them from here."""
    return Git(path=environ.get("PATH", os.defpath), operator=environ)


async def workers_of(data: DataFolder, settings: Settings) -> Workers:
    """The launcher at this machine's level, and what starts programs by it; agents of the configured kinds alone."""
    kinds = {agent.kind for agent in settings.catalog.agents}
    launcher = await launcher_at_start(data.path, os.environ)
    workspaces = GitWorkspaces(
        folder=data.path / "workspaces",
        repositories=data.path / "repositories",
        git=git_of(os.environ),
        launcher=launcher,
        sessions=settings.workspaces,
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
        bases=workspaces.bases,
        set_ups=KeptSetUps(
            folder=data.path / "setups",
            runs=data.path / "workspaces",
            git=git_of(os.environ),
            launcher=launcher,
            most=settings.workspaces.setups,
            now_ms=SystemClock().now_ms,
        ),
        services=LocalServices(
            launcher=launcher, runs=data.path / "workspaces", path=os.environ.get("PATH", os.defpath)
        ),
        prune_sessions=workspaces.sessions.prune,
    )


async def _kill_strays(run: RunId) -> None:
    await kill_strays(run, git_marker(run))


def areas_of(infrastructure: Infrastructure, workers: Workers) -> Areas:
    """The use cases, by area."""
    store, clock, ids, wake = infrastructure.store, infrastructure.clock, infrastructure.ids, infrastructure.wake
    access = RunAccess(store=store, clock=clock, ids=ids)
    transitions = Transitions(store=store, clock=clock, ids=ids)
    catalog = infrastructure.settings.catalog
    recorder = EventRecorder(access=access, observations=store, wake=infrastructure.wake_projector)
    approvals = Approvals(access=access, history=store, transitions=transitions, catalog=catalog, wake=wake)
    messages = Messages(
        access=access,
        history=store,
        transitions=transitions,
        capabilities=AgentCapabilityLookup(catalog=catalog, by_kind=workers.capabilities),
        wake=wake,
    )
    runs = Runs(
        access=access,
        transitions=transitions,
        drafts=store,
        tasks=store,
        catalog=catalog,
        lineage=Lineage(store=store, history=store),
        branches=workers.workspaces,
        wake=wake,
        closed=infrastructure.mode.closed,
        records=infrastructure.settings.tapes.record,
        paused=infrastructure.mode.paused,
    )
    recorder = EventRecorder(access=access, observations=store, wake=infrastructure.wake_projector)
    return Areas(
        runs=runs,
        messages=messages,
        approvals=approvals,
        plans=Plans(access=access, transitions=transitions, catalog=catalog, wake=wake),
        pull_requests=pull_requests_of(infrastructure, runs, recorder),
        checkpoints=Checkpoints(access=access, transitions=transitions, history=store, wake=wake),
        typed_answers=TypedAnswers(
            access=access,
            approvals=approvals,
            history=store,
            snapshots=infrastructure.snapshots,
            bus=infrastructure.bus,
            wake=wake,
        ),
        budgets=Budgets(access=access, transitions=transitions, wake=wake),
        recorder=recorder,
        lessons=lessons_of(infrastructure, access, recorder),
        budget_keeper=BudgetKeeper(
            access=access,
            transitions=transitions,
            snapshots=infrastructure.snapshots,
            bus=infrastructure.bus,
            wake=wake,
        ),
        guardian=Guardian(
            access=access,
            transitions=transitions,
            messages=messages,
            history=store,
            recent=infrastructure.recent,
            bus=infrastructure.bus,
            options=infrastructure.settings.loop_guardian,
            wake=wake,
        ),
    )


def projector_of(infrastructure: Infrastructure) -> Projector:
    """The projector: folds the log, commits deliveries, publishes changes."""
    return Projector(
        store=infrastructure.store,
        snapshots=infrastructure.snapshots,
        bus=infrastructure.bus,
        clock=infrastructure.clock,
        channels=_channels(infrastructure.settings),
        notifications=notifications_of(infrastructure.settings.notify, infrastructure.redact),
        recent=infrastructure.recent,
        counts=infrastructure.counts,
    )


def _channels(settings: Settings) -> RunChannels:
    """The channel of a run's card: its repository's, else the home channel."""
    bound = {spec.name: spec.channel for spec in settings.catalog.repositories if spec.channel}
    return RunChannels(home=settings.discord.home_channel, of_repositories=bound)


def listeners_of(
    infrastructure: Infrastructure, workers: Workers, served: Callable[[RunId, RunToken, AgentSpec], Served]
) -> RunListeners:
    """What opens a run's own listener; `served` is what its programs reach of us without any other network."""
    return RunListeners(
        serve=served,
        level=workers.launcher.level,
        upstream=upstream_of(os.environ),
        learn=infrastructure.known.add_run_key,
    )


def driver_of(
    infrastructure: Infrastructure,
    workers: Workers,
    recorder: EventRecorder,
    key_manager: KeyManager,
    projector: Projector,
    agent_comes: Callable[[], None],
    listeners: RunListeners,
    precheck: Precheck | None = None,
) -> Driver:
    """The driver of hosted runs; effects run in this process. `agent_comes`: see `Driver`."""
    catalog = infrastructure.settings.catalog
    capabilities = AgentCapabilityLookup(catalog=catalog, by_kind=workers.capabilities)

    def resumes(record: RunRecord) -> bool:
        return capabilities.of(record).can_resume

    context = StepContext(
        catalog=catalog,
        configure=configure_by(catalog),
        workspaces=workers.workspaces,
        results=workers.results,
        adapters=workers.adapters,
        checks=workers.checks,
        set_ups=workers.set_ups,
        services=workers.services,
        proxies=listeners.open_proxy,
        redact=infrastructure.redact,
        check_history=infrastructure.store,
        level=workers.launcher.level,
        remedy=workers.launcher.remedy,
        observe=recorder.observe,
        record=recorder.record,
        secrets=partial(_job_environment, infrastructure.known, key_manager),
        granted=infrastructure.known.granted_to,
        granted_keys=infrastructure.known.keys_granted_to,
        listeners=listeners.open,
        inboxes=Inboxes(
            history=infrastructure.store,
            bus=infrastructure.bus,
            record=recorder.record,
            slots=infrastructure.slots,
            assess=RiskAssessment(
                catalog=catalog,
                store=infrastructure.store,
                clone_of=partial(_clone_of, workers.workspaces),
                is_confined=workers.launcher.level != "none",
            ).assess,
        ),
        task=infrastructure.store.task,
        former=Lineage(store=infrastructure.store, history=infrastructure.store).former,
        prepared=infrastructure.store.prepared,
        can_run=partial(_can_run, workers, os.environ.get("PATH", os.defpath)),
        repair=partial(_repair_of, infrastructure.store),
        rolled_back=partial(_roll_back_of, infrastructure.store),
        planning=partial(_planning_of, infrastructure.store),
        snapshot=partial(_snapshot_of, infrastructure.store),
        now_ms=infrastructure.clock.now_ms,
        session=infrastructure.store.session,
        session_usd=infrastructure.store.session_usd,
        claim=infrastructure.store.claim,
        file=workers.artifacts.of_task,
        co_author=partial(_co_author, infrastructure.store),
    )
    if (proposals := proposals_of(infrastructure, git_of(os.environ))) is not None:
        moves = MovedBases(infrastructure.data.path / "workspaces", git=git_of(os.environ))
        context = replace(context, proposals=proposals, moves=moves)
    context = replace(context, memory=recaller_of(infrastructure))
    if precheck is not None:
        context = replace(context, precheck=precheck.of_run)
    return Driver(
        store=infrastructure.store,
        history=infrastructure.store,
        engine=LocalEngine(context=context, kill_strays=workers.kill_strays),
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        limits=catalog.limits,
        changed=projector.wake,
        resumes=resumes,
        closed=infrastructure.mode.closed,
        slots=infrastructure.slots,
        slot_keeper=SlotKeeper(
            slots=infrastructure.slots,
            store=infrastructure.store,
            snapshots=infrastructure.snapshots,
            bus=infrastructure.bus,
            transitions=Transitions(store=infrastructure.store, clock=infrastructure.clock, ids=infrastructure.ids),
            clock=infrastructure.clock,
            limits=catalog.limits,
            resumes=resumes,
            changed=infrastructure.wake,
        ),
        agent_comes=agent_comes,
        agent_was_cut=partial(_report_cut, recorder),
    )


async def _job_environment(known: KnownSecrets, key_manager: KeyManager, run: RunId) -> dict[str, str]:
    """The variables of a run's agent, whose key and whose granted files are known as secrets before it starts."""
    environment = await key_manager.job_environment(run)
    known.add_run_key("OMPYCORD_KEY", environment["OMPYCORD_KEY"])
    await known.refresh()
    return environment


async def _clone_of(workspaces: Workspaces, run: RunId) -> Clone | None:
    """The clone of a run, as what its agent asks is judged by it."""
    prepared = await workspaces.workspace(run)
    return None if prepared is None else Clone(str(prepared.path.resolve()), read_text_in(prepared.path))


async def _report_cut(recorder: EventRecorder, run: RunId) -> None:
    """What the agent used in the turn that our crash cut is not known."""
    await recorder.observe(run, UsageUpdated(at_least=True))


def _can_run(workers: Workers, path: str, spec: AgentSpec) -> bool:
    is_there = spec.kind in workers.adapters and agent_line(spec, path).status == "ok"
    return is_there and is_confined_enough(workers.launcher.level, spec)


async def _repair_of(store: SqliteStore, run: RunId) -> RepairFacts | None:
    return repair_facts(await store.events_of(run))


async def _roll_back_of(store: SqliteStore, run: RunId) -> PutBack | None:
    return roll_back_of(await store.events_of(run))


async def _planning_of(store: SqliteStore, run: RunId) -> PlanningFacts:
    return planning_facts(await store.events_of(run))


async def _snapshot_of(store: SqliteStore, run: RunId) -> StatusSnapshot | None:
    events = await store.events_of(run)
    return fold(run, events).snapshot() if events else None


async def _co_author(store: SqliteStore, person: str) -> str | None:
    return (await store.person_settings(person)).co_author


def reminders_of(infrastructure: Infrastructure, areas: Areas) -> Reminders:
    """Reminds people of what waits for them."""
    return Reminders(
        store=infrastructure.store,
        snapshots=infrastructure.snapshots,
        runs=areas.runs,
        recorder=areas.recorder,
        clock=infrastructure.clock,
        ops_channel=infrastructure.settings.discord.ops_channel,
    )
