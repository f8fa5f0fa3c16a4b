"""What decides and works: the areas, the workers, the driver, the projector; each made of the bundles before it."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypedDict

from ompycord.agents.registry import adapters
from ompycord.app.confinement import launcher_at_start
from ompycord.app.data_folder import DataFolder
from ompycord.app.outgoing.webhooks import notifications_of
from ompycord.app.secret_requests.wiring import secret_pages_of, secret_requests_of
from ompycord.app.system import SystemClock
from ompycord.app.wiring.budgets import shared_budgets_of
from ompycord.app.wiring.memory import lessons_of
from ompycord.app.wiring.overlaps import overlap_watch_of
from ompycord.app.wiring.parts import Areas, Infrastructure, Workers
from ompycord.app.wiring.pull_requests import pull_requests_of
from ompycord.checks.local import LocalChecks
from ompycord.conductor import (
    AgentCapabilityLookup,
    Approvals,
    BudgetKeeper,
    Budgets,
    Checkpoints,
    EventRecorder,
    Guardian,
    Inboxes,
    Lineage,
    Messages,
    OverlapDecisions,
    Plans,
    Projector,
    Reminders,
    RunAccess,
    Runs,
    Transitions,
    TypedAnswers,
)
from ompycord.conductor.risk.assessment import Clone, RiskAssessment
from ompycord.conductor.risk.standing import StandingPermissions
from ompycord.domain.catalog import RunChannels
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Workspaces
from ompycord.http.trust.authorities import MACHINE, Trust, trust_of
from ompycord.processes import kill_strays
from ompycord.settings import Settings
from ompycord.workspaces.artifacts import Artifacts
from ompycord.workspaces.git import Git
from ompycord.workspaces.preparing.set_ups import KeptSetUps
from ompycord.workspaces.reading.clone_texts import read_text_in
from ompycord.workspaces.run_folders import git_marker
from ompycord.workspaces.service import GitWorkspaces
from ompycord.workspaces.services.trial import LocalServices

__all__ = ["areas_of", "git_of", "projector_of", "reminders_of", "workers_of"]


def git_of(environ: Mapping[str, str], trust: Trust = MACHINE) -> Git:
    """The host's git, looked up in our PATH; for repositories elsewhere with what reaches them from here."""
    return Git(path=environ.get("PATH", os.defpath), operator={**environ, **trust.for_git})


async def workers_of(data: DataFolder, settings: Settings) -> Workers:
    """The launcher at this machine's level, and what starts programs by it; agents of the configured kinds alone."""
    kinds = {agent.kind for agent in settings.catalog.agents}
    launcher = await launcher_at_start(data.path, os.environ)
    git = git_of(os.environ, trust_of(settings.tls.ca_file, data.path))
    workspaces = GitWorkspaces(
        folder=data.path / "workspaces",
        repositories=data.path / "repositories",
        git=git,
        launcher=launcher,
        sessions=settings.workspaces,
    )
    artifacts = Artifacts(folder=data.path / "artifacts", workspaces=workspaces)
    known = adapters(launcher=launcher, kinds=kinds)
    return Workers(
        launcher=launcher,
        workspaces=workspaces,
        takeovers=workspaces,
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
        keep_uncollected=workspaces.keep_uncollected,
    )


async def _kill_strays(run: RunId) -> None:
    await kill_strays(run, git_marker(run))


class _Deciding(TypedDict):
    """What every use case that decides about runs works with."""

    access: RunAccess
    transitions: Transitions
    wake: Callable[[], None]


def areas_of(infrastructure: Infrastructure, workers: Workers) -> Areas:
    """The use cases, by area."""
    store, bus, clock, ids = infrastructure.store, infrastructure.bus, infrastructure.clock, infrastructure.ids
    settings, catalog, present = infrastructure.settings, infrastructure.settings.catalog, infrastructure.present
    access = RunAccess(store=store, clock=clock, ids=ids)
    transitions = Transitions(store=store, clock=clock, ids=ids)
    deciding: _Deciding = {"access": access, "transitions": transitions, "wake": infrastructure.wake}
    recorder = EventRecorder(access=access, observations=store, wake=infrastructure.wake_projector)
    standing = StandingPermissions(catalog=catalog, decisions=store, clock=clock, roles=present)
    approvals = Approvals(**deciding, history=store, catalog=catalog, standing=standing, present=present)
    capabilities = AgentCapabilityLookup(catalog=catalog, by_kind=workers.capabilities)
    messages = Messages(**deciding, history=store, capabilities=capabilities)
    shared = shared_budgets_of(infrastructure, access, transitions)
    requests = secret_requests_of(infrastructure, access, transitions)
    runs = Runs(
        **deciding,
        drafts=store,
        tasks=store,
        catalog=catalog,
        lineage=Lineage(store=store, history=store),
        branches=workers.workspaces,
        closed=infrastructure.mode.closed,
        records=settings.tapes.record,
        paused=infrastructure.mode.paused,
        budgets=shared.book,
    )
    git = git_of(os.environ, infrastructure.trust)
    return Areas(
        runs=runs,
        messages=messages,
        approvals=approvals,
        plans=Plans(**deciding, catalog=catalog),
        pull_requests=pull_requests_of(infrastructure, runs, recorder),
        overlaps=OverlapDecisions(**deciding, runs=runs, tasks=store),
        overlap_watch=overlap_watch_of(infrastructure, git, transitions=transitions, recorder=recorder),
        checkpoints=Checkpoints(**deciding, history=store),
        typed_answers=TypedAnswers(
            access=access,
            approvals=approvals,
            history=store,
            snapshots=infrastructure.snapshots,
            bus=bus,
            wake=infrastructure.wake,
            present=present,
        ),
        budgets=Budgets(**deciding, shared=shared.book),
        recorder=recorder,
        inboxes=_inboxes_of(infrastructure, workers, recorder, standing),
        standing=standing,
        shared_budgets=shared,
        lessons=lessons_of(infrastructure, access),
        secret_requests=requests,
        secret_pages=secret_pages_of(infrastructure, requests),
        budget_keeper=BudgetKeeper(**deciding, snapshots=infrastructure.snapshots, bus=bus),
        guardian=Guardian(
            **deciding, messages=messages, history=store, recent=infrastructure.recent, bus=bus,
            options=settings.loop_guardian,
        ),
    )  # fmt: skip


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
        commits=infrastructure.store.commits,
    )


def _channels(settings: Settings) -> RunChannels:
    """The channel of a run's card: its repository's, else the home channel."""
    bound = {spec.name: spec.channel for spec in settings.catalog.repositories if spec.channel}
    return RunChannels(home=settings.discord.home_channel, of_repositories=bound)


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


def _inboxes_of(
    infrastructure: Infrastructure, workers: Workers, recorder: EventRecorder, standing: StandingPermissions
) -> Inboxes:
    """What agents get of people, as the risk of each request and the roles of now allow."""
    catalog, store = infrastructure.settings.catalog, infrastructure.store
    risk = RiskAssessment(
        catalog=catalog,
        store=store,
        clone_of=partial(_clone_of, workers.workspaces),
        is_confined=workers.launcher.level != "none",
        standing=standing,
    )
    return Inboxes(
        history=store,
        bus=infrastructure.bus,
        record=recorder.record,
        slots=infrastructure.slots,
        assess=risk.assess,
        still=infrastructure.still,
    )


async def _clone_of(workspaces: Workspaces, run: RunId) -> Clone | None:
    """The clone of a run, as what its agent asks is judged by it."""
    prepared = await workspaces.workspace(run)
    return None if prepared is None else Clone(str(prepared.path.resolve()), read_text_in(prepared.path))
