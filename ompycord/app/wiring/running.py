"""What runs beside the server, and what the control socket answers."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ompycord.app.access_keys.key_manager import KeyManager
from ompycord.app.access_keys.key_secrets import KeySecrets
from ompycord.app.access_keys.keys import Keys
from ompycord.app.auditing.operations import AuditOperations
from ompycord.app.control import END_PROCESS, Control, Operation
from ompycord.app.models.operations import ModelOperations
from ompycord.app.outgoing.operations import WebhookOperations
from ompycord.app.planning.operations import PlanOperations
from ompycord.app.remembering.operations import MemoryOperations
from ompycord.app.remembering.vectors import VectorState
from ompycord.app.replaying.operations import TapeOperations
from ompycord.app.resources.bounds import LIMITS_REMEDY, MANY_EVENTS
from ompycord.app.run_views import RunViews
from ompycord.app.secret_requests.operations import SecretOperations
from ompycord.app.services import SETTLE_S, Ends, Readiness, Service
from ompycord.app.team.operations import TeamOperations
from ompycord.app.terminal.reports import RunReports
from ompycord.app.terminal.run_operations import RunOperations
from ompycord.app.terminal.terminal_way import TerminalWays
from ompycord.app.wiring.memory import memory_book_of
from ompycord.app.wiring.parts import Areas, Infrastructure
from ompycord.app.wiring.upkeep import anchoring_of, cutting_of, person_data_of
from ompycord.bot.bot import Bot
from ompycord.conductor import (
    Driver,
    Projector,
)
from ompycord.mcp_server import McpMount
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.processes.own_limits import OwnLimits
from ompycord.store import SqliteStore
from ompycord.telemetry import get_logger
from ompycord.telemetry.watchdog import Watchdog

__all__ = ["control_of", "drained", "keeps_up", "operations_of", "report_limits", "services_of"]

log = get_logger(__name__)


def services_of(
    infrastructure: Infrastructure,
    areas: Areas,
    *,
    watchdog: Watchdog,
    own_limits: OwnLimits,
    projector: Projector,
    driver: Driver,
    key_manager: KeyManager,
    recovery: Service,
    upkeep: Sequence[Service],
    schedules: Sequence[Service],
    mcp: McpMount,
    gateway: ModelGateway,
    terminal_ways: TerminalWays,
    control: Control,
    bot: Bot,
) -> tuple[Service, ...]:
    """All that runs beside the server, in the order of start; `services.py` ends them."""
    store, notifier = infrastructure.store, infrastructure.notifier
    return (
        Service(name="watchdog", run=watchdog.run, ends=Ends.RECORD, bound_s=SETTLE_S),
        Service(name="own limits", run=own_limits.run, ends=Ends.RECORD, bound_s=SETTLE_S),
        Service(
            name="projector",
            run=projector.run,
            ends=Ends.RECORD,
            settle=projector.settled,
            bound_s=SETTLE_S,
            ready=Readiness("worker", partial(keeps_up, store)),
        ),
        recovery,
        Service(name="driver", run=driver.run, ends=Ends.WORK, drain=driver.drain),
        Service(name="keys", run=key_manager.run, ends=Ends.WORK),
        Service(name="budget", run=areas.budget_keeper.run, ends=Ends.WORK),
        Service(name="shared budgets", run=areas.shared_budgets.keeper.run, ends=Ends.WORK),
        Service(name="guardian", run=areas.guardian.run, ends=Ends.WORK),
        Service(name="answers", run=areas.typed_answers.run, ends=Ends.WORK),
        Service(name="secrets", run=areas.secret_requests.run, ends=Ends.WORK),
        Service(name="pull-requests", run=areas.pull_requests.run, ends=Ends.WORK),
        Service(name="overlaps", run=areas.overlap_watch.run, ends=Ends.WORK),
        *upkeep,
        *schedules,
        Service(name="notifier", run=notifier.run, ends=Ends.WORK, drain=notifier.drain, stop=drained),
        Service(name="mcp", run=mcp.serve, ends=Ends.WORK, drain=mcp.drain),
        Service(name="models", run=gateway.run, ends=Ends.WORK),
        Service(name="terminals", run=terminal_ways.run, ends=Ends.WORK),
        Service(name="control", run=control.serve, ends=Ends.WORK),
        Service(
            name="bot",
            run=bot.run,
            ends=Ends.BOT,
            stop=bot.close,
            ready=Readiness("gateway", partial(_is_ready, bot)),
        ),
    )


def report_limits(restored: Sequence[str], lowered: Sequence[str]) -> None:
    """Logs that another program of this user changed what this process may use."""
    if lowered:
        log.error("limits.lowered", what=", ".join(lowered), restored=", ".join(restored), remedy=LIMITS_REMEDY)
    else:
        log.warning("limits.restored", what=", ".join(restored))


async def drained() -> None:
    """Stop nothing: the service ends by itself once it was drained."""


async def _is_ready(bot: Bot) -> bool:
    return bot.is_ready


async def keeps_up(store: SqliteStore) -> bool:
    """Whether events are taken in about as fast as they come. Raises StorageError."""
    return await store.backlog() < MANY_EVENTS


def control_of(infrastructure: Infrastructure, operations: Mapping[str, Operation]) -> Control:
    """The control socket; its answers pass the redactor, and its token is one of the secrets that this takes out."""
    known = infrastructure.known
    control = Control(
        infrastructure.data.path,
        operations=operations,
        redact=known.redactor.redact_all,
        refusals=infrastructure.refusals,
    )
    known.add([control.token])
    return control


def operations_of(
    infrastructure: Infrastructure,
    key_secrets: KeySecrets,
    key_manager: KeyManager,
    models: ModelOperations,
    areas: Areas,
    terminal_ways: TerminalWays,
    vectors: VectorState,
    *,
    end: Callable[[], None],
) -> Mapping[str, Operation]:
    """What the control socket answers: keys, runs, deliveries to webhooks, models, and the end of the process."""
    store, clock = infrastructure.store, infrastructure.clock
    keys = Keys(store=store, secrets=key_secrets, clock=clock, ids=infrastructure.ids, changed=key_manager.refresh)
    views = RunViews(store=store, history=store, snapshots=infrastructure.snapshots)
    webhooks = WebhookOperations(store=store, clock=clock, wake=infrastructure.notifier.wake)

    async def end_process(arguments: dict[str, Any]) -> Any:
        end()
        return {"pid": os.getpid()}

    plans = PlanOperations(store=store, snapshots=infrastructure.snapshots, plans=areas.plans)
    settings, snapshots = infrastructure.settings, infrastructure.snapshots
    reports = RunReports(store=store, history=store, snapshots=snapshots)
    at_terminal = RunOperations(
        runs=areas.runs,
        checkpoints=areas.checkpoints,
        store=store,
        snapshots=snapshots,
        catalog=settings.catalog,
        ids=infrastructure.ids,
        presets=settings.task_presets,
        guilds=settings.discord.guilds,
        channel=settings.discord.home_channel,
    )

    named = (
        reports.operations(),
        at_terminal.operations(),
        keys.operations(),
        views.operations(),
        webhooks.operations(),
        models.operations(),
        plans.operations(),
        MemoryOperations(
            rows=store.memory, book=memory_book_of(infrastructure), vectors=store.vectors, state=vectors, clock=clock
        ).operations(),
        AuditOperations(
            store=store,
            snapshots=snapshots,
            anchoring=anchoring_of(infrastructure),
            clock=clock,
            cutting=cutting_of(infrastructure),
        ).operations(),
        TapeOperations(store=store, history=store).operations(),
        terminal_ways.operations(),
        SecretOperations(
            store=store, snapshots=snapshots, requests=areas.secret_requests, approvals=areas.approvals
        ).operations(),
        TeamOperations(roles=store, people=lambda backups: person_data_of(infrastructure)).operations(),
    )
    return {**{name: one for group in named for name, one in group.items()}, END_PROCESS: end_process}
