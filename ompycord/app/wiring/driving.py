"""The driver of hosted runs, and what its steps get from this process."""

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from ompycord.app.access_keys.key_manager import KeyManager
from ompycord.app.known_secrets import KnownSecrets
from ompycord.app.precheck import Precheck
from ompycord.app.precheck.agent_lines import agent_line
from ompycord.app.secret_requests.wiring import attached_secret_of
from ompycord.app.wiring.forges import proposals_of
from ompycord.app.wiring.memory import recaller_of
from ompycord.app.wiring.parts import Infrastructure, Workers
from ompycord.app.wiring.work import git_of
from ompycord.conductor import (
    AgentCapabilityLookup,
    Driver,
    EventRecorder,
    Inboxes,
    Lineage,
    Projector,
    SlotKeeper,
    Transitions,
)
from ompycord.conductor.budgeting import BudgetBook
from ompycord.conductor.pull_requests.review_room import ReviewRoom
from ompycord.conductor.secret_requests import SecretRequests
from ompycord.domain.events import UsageUpdated
from ompycord.domain.folds.checkpoints import PutBack, roll_back_of
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.planning import PlanningFacts, planning_facts
from ompycord.domain.folds.repair import RepairFacts, repair_facts
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.repository import AgentSpec
from ompycord.domain.run import RunRecord
from ompycord.engines import LocalEngine, StepContext
from ompycord.engines.agent_start import is_confined_enough
from ompycord.http.proxy.forward_proxy import upstream_of
from ompycord.http.run_listeners import RunListeners, Served
from ompycord.http.run_token import RunToken
from ompycord.settings.repository_file import configure_by
from ompycord.store import SqliteStore
from ompycord.workspaces.publishing.moved_base import MovedBases

__all__ = ["driver_of", "listeners_of"]


def listeners_of(
    infrastructure: Infrastructure,
    workers: Workers,
    served: Callable[[RunId, RunToken, AgentSpec], Served],
    requests: SecretRequests,
) -> RunListeners:
    """What opens a run's own listener; `served` is what its programs reach of us without any other network."""
    return RunListeners(
        serve=served,
        level=workers.launcher.level,
        upstream=upstream_of(os.environ),
        learn=infrastructure.known.add_run_key,
        secret_of=attached_secret_of(requests, os.environ),
        tls=lambda: infrastructure.trust.context,
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
    *,
    budgets: BudgetBook,
    inboxes: Inboxes,
    requests: SecretRequests,
    room: ReviewRoom,
) -> Driver:
    """The driver of hosted runs; effects run in this process. `agent_comes`: see `Driver`."""
    catalog = infrastructure.settings.catalog
    capabilities = AgentCapabilityLookup(catalog=catalog, by_kind=workers.capabilities)

    def resumes(record: RunRecord) -> bool:
        return capabilities.of(record).can_resume

    context = _context_of(infrastructure, workers, recorder, key_manager, listeners, precheck, inboxes, requests)
    context = replace(context, review_room=room)
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
        has_budget=budgets.has_room,
        commits=infrastructure.store.commits,
    )


def _context_of(
    infrastructure: Infrastructure,
    workers: Workers,
    recorder: EventRecorder,
    key_manager: KeyManager,
    listeners: RunListeners,
    precheck: Precheck | None,
    inboxes: Inboxes,
    requests: SecretRequests,
) -> StepContext:
    """What steps get from this process."""
    catalog, store = infrastructure.settings.catalog, infrastructure.store
    context = StepContext(
        catalog=catalog,
        configure=configure_by(catalog),
        workspaces=workers.workspaces,
        takeovers=workers.takeovers,
        results=workers.results,
        adapters=workers.adapters,
        checks=workers.checks,
        set_ups=workers.set_ups,
        services=workers.services,
        proxies=listeners.open_proxy,
        redact=infrastructure.redact,
        check_history=store,
        level=workers.launcher.level,
        remedy=workers.launcher.remedy,
        observe=recorder.observe,
        record=recorder.record,
        secrets=partial(_job_environment, infrastructure.known, key_manager, requests),
        about_secrets=requests.words,
        ask_secret=requests.request,
        granted=infrastructure.known.granted_to,
        granted_keys=infrastructure.known.keys_granted_to,
        listeners=listeners.open,
        inboxes=inboxes,
        task=store.task,
        former=Lineage(store=store, history=store).former,
        prepared=store.prepared,
        can_run=partial(_can_run, workers, os.environ.get("PATH", os.defpath)),
        repair=partial(_repair_of, store),
        rolled_back=partial(_roll_back_of, store),
        planning=partial(_planning_of, store),
        snapshot=partial(_snapshot_of, store),
        now_ms=infrastructure.clock.now_ms,
        session=store.session,
        session_usd=store.session_usd,
        claim=store.claim,
        file=workers.artifacts.of_task,
        co_author=partial(_co_author, store),
        refining=infrastructure.settings.own_models.refining,
    )
    if (proposals := proposals_of(infrastructure, git_of(os.environ, infrastructure.trust))) is not None:
        moves = MovedBases(infrastructure.data.path / "workspaces", git=git_of(os.environ))
        context = replace(context, proposals=proposals, moves=moves)
    context = replace(context, memory=recaller_of(infrastructure))
    if precheck is not None:
        context = replace(context, precheck=precheck.of_run)
    return context


async def _job_environment(
    known: KnownSecrets, key_manager: KeyManager, requests: SecretRequests, run: RunId
) -> dict[str, str]:
    """The variables of a run's agent, whose key and whose granted files are known as secrets before it starts.

    With the secrets that people gave for this start of it.
    """
    environment = await key_manager.job_environment(run)
    known.add_run_key("OMPYCORD_KEY", environment["OMPYCORD_KEY"])
    await known.refresh()
    return {**await requests.environment(run), **environment}


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
