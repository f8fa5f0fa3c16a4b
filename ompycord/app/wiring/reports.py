"""What is known of the process itself: the lines of `/omp health`, and the report behind status and metrics."""

from collections.abc import Callable, Mapping

from ompycord.app.alerting.state import AlertState
from ompycord.app.auditing.cutting import Cutting
from ompycord.app.backups.state import BackupState
from ompycord.app.health import Health
from ompycord.app.outgoing.states import Destinations
from ompycord.app.remembering.vectors import VectorState
from ompycord.app.report import HealthReport
from ompycord.app.retention.attached import Retention
from ompycord.app.voice.wiring import Voice
from ompycord.app.wiring.parts import Infrastructure, Workers
from ompycord.bot.bot import Bot
from ompycord.conductor import Projector
from ompycord.http import RequestCounts
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.processes.own_limits import OwnLimits
from ompycord.telemetry.watchdog import Watchdog
from ompycord.webhook import Probe

__all__ = ["destinations_of", "health_of", "report_of"]


def destinations_of(infrastructure: Infrastructure) -> Destinations:
    """How far each destination of deliveries has come."""
    return Destinations(
        queue=infrastructure.store.notifications,
        clock=infrastructure.clock,
        configured=infrastructure.settings.notify.destinations,
    )


def health_of(
    infrastructure: Infrastructure,
    workers: Workers,
    destinations: Destinations,
    own_limits: OwnLimits,
    gateway: ModelGateway,
    backups: BackupState,
    alerts: AlertState,
    retention: Retention,
    cutting: Cutting,
    vectors: VectorState,
    voice: Voice | None,
    *,
    requests: Callable[[], RequestCounts],
) -> Health:
    """What people read of this machine. `requests` is what the sidecar has counted."""
    return Health(
        mode=infrastructure.mode,
        launcher=workers.launcher,
        store=infrastructure.store,
        backlog=infrastructure.store,
        catalog=infrastructure.settings.catalog,
        requests=requests,
        destinations=destinations,
        slots=infrastructure.slots,
        runs=infrastructure.store,
        own_limits=own_limits,
        gateway=gateway,
        backups=backups,
        breakers=infrastructure.forges.breakers,
        alerts=alerts,
        retention=retention,
        record=cutting,
        vectors=vectors,
        voice=voice,
    )


def report_of(
    infrastructure: Infrastructure,
    destinations: Destinations,
    backups: BackupState,
    alerts: AlertState,
    *,
    projector: Projector,
    bot: Bot,
    watchdog: Watchdog,
    probes: Mapping[str, Probe],
    requests: Callable[[], RequestCounts],
) -> HealthReport:
    """What programs read of it. `probes` are those of /readyz."""
    return HealthReport(
        store=infrastructure.store,
        projector=projector,
        gateway=bot,
        mode=infrastructure.mode,
        watchdog=watchdog,
        clock=infrastructure.clock,
        probes=probes,
        requests=requests,
        destinations=destinations,
        slots=infrastructure.slots,
        ledger=infrastructure.store,
        counts=infrastructure.counts,
        backups=backups,
        alerts=alerts,
        upkeep=infrastructure.store,
    )
