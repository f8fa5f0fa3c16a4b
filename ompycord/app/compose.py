"""Wires what runs: some twenty objects in a few readable steps, by `wire()`; opened and closed by one `lifespan()`.

`up` enters the lifespan, serves inside it and closes it last; the sidecar uses it and opens nothing by itself.
"""

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from ompycord.app.access_keys.key_secrets import KeySecrets
from ompycord.app.alerting.heartbeat import HeartbeatState, open_ping
from ompycord.app.alerting.state import AlertState
from ompycord.app.data_folder import DataFolder
from ompycord.app.known_secrets import KnownSecrets
from ompycord.app.mode import StorageMode
from ompycord.app.models.operations import ModelOperations
from ompycord.app.outgoing.webhooks import open_notifier, webhook_secrets
from ompycord.app.remembering.backend import backed_service
from ompycord.app.remembering.vectors import VectorState
from ompycord.app.remembering.wiring import filler_of
from ompycord.app.replaying.recording import Recording
from ompycord.app.services import Ends, Service, probes_of
from ompycord.app.system import SystemClock, SystemIds
from ompycord.app.terminal.terminal_way import TerminalWays
from ompycord.app.voice.wiring import voice_of
from ompycord.app.wiring.alerting import Alerting, lookout_of
from ompycord.app.wiring.driving import driver_of, listeners_of
from ompycord.app.wiring.edges import bot_of, key_manager_of, lookups_of, mcp_of, sidecar_of
from ompycord.app.wiring.issue_calls import forge_hooks_of, issue_calls_of
from ompycord.app.wiring.models import gateway_of, listener_serves
from ompycord.app.wiring.parts import Infrastructure, Parts, Secrets, Workers
from ompycord.app.wiring.preparing import precheck_of
from ompycord.app.wiring.reports import destinations_of, health_of, report_of
from ompycord.app.wiring.running import control_of, operations_of, report_limits, services_of
from ompycord.app.wiring.schedules import base_checks_of, digests_of, schedules_of, triggers_of
from ompycord.app.wiring.upkeep import backups_of, cutting_of, person_data_of, recovery_of, retention_of, upkeep_of
from ompycord.app.wiring.work import areas_of, projector_of, workers_of
from ompycord.bot.lookups import Lookups
from ompycord.conductor import Bus, Snapshots
from ompycord.domain.access import Person
from ompycord.http import RequestCounts
from ompycord.http.trust.authorities import trust_of
from ompycord.model_gateway.spending import settle_what_was_open
from ompycord.processes.own_limits import OwnLimits
from ompycord.settings import Settings
from ompycord.store import open_store
from ompycord.telemetry.watchdog import Watchdog

__all__ = ["lifespan", "wire"]


@asynccontextmanager
async def lifespan(
    settings: Settings,
    data: DataFolder,
    *,
    bot_token: str,
    webhook_secret: str,
    sidecar_address: Callable[[], str],
    end: Callable[[], None],
    known: KnownSecrets | None = None,
) -> AsyncGenerator[Parts]:
    """Open the store, wire everything to it, close it last. `sidecar_address` is asked when an agent starts.

    `end` asks for an orderly end of the process, for a person who said `ompycord down`.

    `known` are the secrets that the caller knows already; left out, what settings and data folder hold.
    """
    clock, ids = SystemClock(), SystemIds()
    component_key, _ = data.secret("component_key")
    outgoing = webhook_secrets(settings.notify, data.path)
    known = known or KnownSecrets(settings, data_folder=data.path, environ=os.environ)
    known.add((bot_token, webhook_secret, component_key, *outgoing.values()))
    bus, trust = Bus(), trust_of(settings.tls.ca_file, data.path)
    async with (
        open_store(data.database, clock=clock, ids=ids) as store,
        open_notifier(
            settings.notify,
            outgoing,
            queue=store.notifications,
            bus=bus,
            clock=clock,
            trust=trust,
            redact=known.redactor.redact,
        ) as notifier,
        open_ping(settings.alerts.heartbeat, data.path, clock, learn=known.add, trust=trust) as ping,
    ):
        infrastructure = Infrastructure(
            settings=settings,
            data=data,
            store=store,
            notifier=notifier,
            bus=bus,
            snapshots=Snapshots(store=store),
            mode=StorageMode(store=store, folder=data.path),
            known=known,
            clock=clock,
            ids=ids,
            trust=trust,
            ping=ping,
        )
        workers = await workers_of(data, settings)
        await settle_what_was_open(store, clock=clock, ids=ids)
        await store.embedding_requests.settle_open(at=clock.now_ms())
        await store.transcription_requests.settle_open(at=clock.now_ms())
        secrets = Secrets(bot_token=bot_token, webhook_secret=webhook_secret, component_key=component_key)
        parts = wire(infrastructure, workers, secrets, sidecar_address=sidecar_address, end=end)
        await parts.key_manager.refresh()
        await infrastructure.roles.refresh()
        await infrastructure.vault.load()
        await person_data_of(infrastructure).erase_again()
        yield parts


def wire(
    infrastructure: Infrastructure,
    workers: Workers,
    secrets: Secrets,
    *,
    sidecar_address: Callable[[], str],
    end: Callable[[], None],
    lookups: Lookups | None = None,
) -> Parts:
    """Make all that works on an open store; opens and starts nothing.

    `lookups` replaces what the bot asks this machine. The keys are read with the first `key_manager.refresh`, which the
    caller awaits.
    """
    data, mode, watchdog = infrastructure.data, infrastructure.mode, Watchdog()
    own_limits = OwnLimits(report=report_limits)
    key_secrets = KeySecrets(data.path)
    key_manager = key_manager_of(infrastructure, key_secrets, secrets.webhook_secret, sidecar_address)
    areas = areas_of(infrastructure, workers)
    projector = projector_of(infrastructure)
    mcp = mcp_of(infrastructure, areas, workers, key_manager)
    gateway = gateway_of(infrastructure)
    filler = filler_of(infrastructure, areas, gateway)
    vectors = VectorState(
        rows=infrastructure.store.vectors, meaning=infrastructure.meaning, filler=filler, backed=infrastructure.backed
    )
    recording = Recording(infrastructure)
    served = listener_serves(infrastructure, areas, gateway, recording.of, lambda: sidecar)
    precheck = precheck_of(infrastructure, workers, gateway)
    listeners = listeners_of(infrastructure, workers, served, areas.secret_requests)
    driver = driver_of(
        infrastructure, workers, areas.recorder, key_manager, projector, mcp.prepare, listeners, precheck,
        budgets=areas.shared_budgets.book, inboxes=areas.inboxes, requests=areas.secret_requests,
        room=areas.pull_requests.room,
    )  # fmt: skip
    terminal_ways = TerminalWays(
        listeners=listeners,
        store=infrastructure.store,
        catalog=infrastructure.settings.catalog,
        folder=data.path / "workspaces",
        clock=infrastructure.clock,
    )
    infrastructure.log_alarms.append(projector.wake)
    infrastructure.alarms.append(driver.wake)

    def requests() -> RequestCounts:
        return sidecar.counts

    async def role_of(guild: str, person: str) -> Person | None:
        return await bot.role_of(guild, person)

    voice = voice_of(infrastructure, areas, gateway)
    destinations, backups = destinations_of(infrastructure), backups_of(infrastructure)
    alerts = AlertState(None if infrastructure.ping is None else HeartbeatState())
    retention, cutting = retention_of(infrastructure, workers), cutting_of(infrastructure)
    health = health_of(
        infrastructure,
        workers,
        destinations,
        own_limits,
        gateway,
        backups.state,
        alerts,
        retention,
        cutting,
        vectors,
        voice,
        requests=requests,
    )
    models = ModelOperations(gateway, data=infrastructure.data.path)
    triggers = triggers_of(infrastructure, areas)
    issue_calls = issue_calls_of(infrastructure, areas, role_of)
    spoken = None if voice is None else voice.dictation
    seen = lookups or lookups_of(infrastructure, areas, workers, health, models, triggers, issue_calls, spoken)
    bot = bot_of(infrastructure, areas, seen, secrets)
    lookout = lookout_of(
        infrastructure,
        destinations,
        backups.state,
        bot=bot,
        watchdog=watchdog,
        own_limits=own_limits,
        gateway=gateway,
        driver=driver,
        retention=retention,
    )
    alerting = Alerting(infrastructure, bot, lookout, alerts, triggers)
    operations = {
        **operations_of(infrastructure, key_secrets, key_manager, models, areas, terminal_ways, vectors, end=end),
        **alerting.operations(),
    }
    services = services_of(
        infrastructure,
        areas,
        watchdog=watchdog,
        own_limits=own_limits,
        projector=projector,
        driver=driver,
        key_manager=key_manager,
        recovery=recovery_of(infrastructure, workers),
        upkeep=(
            *upkeep_of(infrastructure, areas, workers, recording, backups, retention, cutting),
            *alerting.services(),
            Service(name="vectors", run=filler.run, ends=Ends.WORK),
            *(() if voice is None else (Service(name="voice", run=voice.run, ends=Ends.WORK),)),
            *backed_service(infrastructure.backed),
        ),
        schedules=(
            schedules_of(infrastructure, areas, workers, bot),
            digests_of(infrastructure),
            Service(name="triggers", run=triggers.run, ends=Ends.WORK),
            base_checks_of(infrastructure, triggers),
            Service(name="issue calls", run=issue_calls.run, ends=Ends.WORK),
        ),
        mcp=mcp,
        gateway=gateway,
        terminal_ways=terminal_ways,
        control=control_of(infrastructure, operations),
        bot=bot,
    )
    # docs/contracts/http.md, *Health*. A problem at a model provider does not count.
    probes = {"database": infrastructure.store.is_writable, "disk": mode.has_room, **probes_of(services)}
    report = report_of(
        infrastructure,
        destinations,
        backups.state,
        alerts,
        projector=projector,
        bot=bot,
        watchdog=watchdog,
        probes=probes,
        requests=requests,
    )
    hooks = forge_hooks_of(infrastructure, issue_calls)
    sidecar = sidecar_of(
        infrastructure, key_manager, projector, mcp, probes, report, triggers, hooks, areas.secret_pages
    )
    return Parts(
        services=services,
        sidecar=sidecar,
        bot=bot,
        store=infrastructure.store,
        areas=areas,
        projector=projector,
        driver=driver,
        mcp=mcp,
        key_manager=key_manager,
        operations=operations,
    )
