"""What operators see: the numbers behind `/status` and `/metrics`, read when they are asked for.

Implements `webhook.Reports`. A `Reading` is the state of the process at one moment; both answers are made of it, each
metric by its own record in `METRICS`.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, get_args

from ompycord import __version__
from ompycord.app.alerting.state import AlertState
from ompycord.app.backups.state import BackupState
from ompycord.app.mode import MODES, StorageMode
from ompycord.app.outgoing.states import Destinations
from ompycord.app.resources.upkeep_metrics import UPKEEP_METRICS, UpkeepReading, UpkeepStore, read_upkeep
from ompycord.conductor import Projector, Slots
from ompycord.conductor.slots import SlotUse, is_only_waiting
from ompycord.domain.events import Exactness
from ompycord.domain.ports import Clock, EventBacklog, ModelLedger, Outbox, RunFilter, RunRecords, StoreHealth
from ompycord.domain.ports.model_ledger import ModelTotals
from ompycord.domain.run import RunKind, RunState
from ompycord.http import RequestCounts
from ompycord.telemetry.metrics import CONTENT_TYPE, Histogram, Histograms, Metric, Value, exposition
from ompycord.telemetry.run_counts import RunCounts
from ompycord.telemetry.watchdog import Watchdog
from ompycord.webhook import Probe

__all__ = ["METRICS", "GatewayReport", "HealthReport", "Reading", "ReportStore"]

MOST_RUNS = 1000
MOST_DELIVERIES = 500


class GatewayReport(Protocol):
    """What is asked of the bot."""

    @property
    def is_ready(self) -> bool: ...
    @property
    def latency(self) -> float | None: ...
    @property
    def last_success_at(self) -> float | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The state of the process at one moment."""

    uptime_s: float
    mode: str
    checks: Mapping[str, bool]
    """The answers of /readyz."""
    is_connected: bool
    latency_s: float | None
    success_age_s: float | None
    """Seconds since a REST call last succeeded; None before the first."""
    runs: Mapping[str, int]
    """Open runs by state."""
    slots: SlotUse = field(default_factory=SlotUse)
    queued: int = 0
    """Hosted runs that wait for a slot."""
    events: int
    events_waiting: int
    deliveries_waiting: int
    destinations: Mapping[str, Mapping[str, Any]]
    read_only: str | None
    """Why the database takes no writes; None where it does."""
    transactions: int
    requests: RequestCounts
    models: Sequence[ModelTotals] = ()
    """The ledger of model requests, summed."""
    counts: RunCounts = field(default_factory=RunCounts)
    """How runs ended, what they cost and how long they waited, since the start."""
    backups: BackupState = field(default_factory=BackupState)
    backup_age_s: float | None = None
    """Seconds since the newest backup; None while there is none."""
    disk_free: float
    loop_lag_s: float
    resident_bytes: int
    upkeep: UpkeepReading = field(default_factory=UpkeepReading)


_CLASSES: Final = ("input", "cache_read", "cache_write_5m", "cache_write_1h", "output", "reasoning")


def _of_upkeep(metric: Metric[UpkeepReading]) -> Callable[[Reading], Value]:
    return lambda found: metric.read(found.upkeep)


METRICS: Final[tuple[Metric[Reading], ...]] = (
    Metric("ompycord_info", "gauge", "version", "1, with the version as a label.", lambda found: {__version__: 1}),
    Metric("ompycord_uptime_seconds", "gauge", "", "Since the start of the process.", lambda found: found.uptime_s),
    Metric(
        "ompycord_ready", "gauge", "", "Whether /readyz would answer 200.", lambda found: all(found.checks.values())
    ),
    Metric(
        "ompycord_mode",
        "gauge",
        "mode",
        "1 for the mode that is in force: normal, low_disk (no new run begins), read_only.",
        lambda found: {name: name == found.mode for name in MODES},
    ),
    Metric(
        "ompycord_gateway_connected",
        "gauge",
        "",
        "Whether the gateway's connection stands and Discord answered lately.",
        lambda found: found.is_connected,
    ),
    Metric(
        "ompycord_gateway_latency_seconds",
        "gauge",
        "",
        "From heartbeat to answer; absent while not known.",
        lambda found: found.latency_s,
    ),
    Metric(
        "ompycord_discord_last_success_age_seconds",
        "gauge",
        "",
        "Since a REST call last succeeded; absent before the first.",
        lambda found: found.success_age_s,
    ),
    Metric("ompycord_runs", "gauge", "state", "Open runs by state.", lambda found: found.runs),
    Metric(
        "ompycord_slots", "gauge", "", "Hosted runs that may work at the same time.", lambda found: found.slots.total
    ),
    Metric(
        "ompycord_slots_used", "gauge", "", "Hosted runs that work and hold a slot.", lambda found: found.slots.used
    ),
    Metric("ompycord_runs_queued", "gauge", "", "Hosted runs that wait for a slot.", lambda found: found.queued),
    Metric(
        "ompycord_runs_waiting",
        "gauge",
        "",
        "Hosted runs that wait for people and hold no slot.",
        lambda found: found.slots.waiting,
    ),
    Metric(
        "ompycord_runs_finished",
        "counter",
        "outcome",
        "Runs that ended since the start, by outcome: complete, no_changes, partial, failed, cancelled.",
        lambda found: found.counts.finished,
    ),
    Metric(
        "ompycord_cost_usd",
        "counter",
        "",
        "What runs that ended since the start cost in US dollars, as their cards say; an unknown cost counts nothing.",
        lambda found: found.counts.cost_usd,
    ),
    Metric(
        "ompycord_wait_seconds",
        "histogram",
        "for",
        "How long runs waited for a slot and for people, by which of these; waits that ended since the start.",
        lambda found: Histograms(
            {name: Histogram(one.cumulative, one.sum_s) for name, one in found.counts.waits.items()}
        ),
    ),
    Metric(
        "ompycord_events",
        "counter",
        "",
        "Events in the log that are folded, over all starts.",
        lambda found: found.events,
    ),
    Metric(
        "ompycord_events_waiting",
        "gauge",
        "",
        "Events that are stored and not folded yet; from 5,000 on posts get 429.",
        lambda found: found.events_waiting,
    ),
    Metric(
        "ompycord_backup_age_seconds",
        "gauge",
        "",
        "Since the newest backup was made; absent while there is none.",
        lambda found: found.backup_age_s,
    ),
    Metric(
        "ompycord_backup_failures",
        "counter",
        "",
        "Backups that could not be made, since the start.",
        lambda found: found.backups.failures,
    ),
    Metric(
        "ompycord_backup_drill_ok",
        "gauge",
        "",
        "Whether the newest backup could be restored on trial; absent before the first trial.",
        lambda found: None if found.backups.drilled_at is None else float(found.backups.drill_fault is None),
    ),
    Metric(
        "ompycord_deliveries_waiting",
        "gauge",
        "",
        "Messages that Discord has not taken yet; counted up to 500.",
        lambda found: found.deliveries_waiting,
    ),
    Metric(
        "ompycord_destination_pending",
        "gauge",
        "destination",
        "Deliveries that wait, by destination: discord, and each webhook of the settings.",
        lambda found: {name: state["pending"] for name, state in found.destinations.items()},
    ),
    Metric(
        "ompycord_destination_dead",
        "gauge",
        "destination",
        "Deliveries that were given up, by destination.",
        lambda found: {name: state["dead"] for name, state in found.destinations.items()},
    ),
    Metric(
        "ompycord_destination_oldest_age_seconds",
        "gauge",
        "destination",
        "Since when the oldest delivery waits, by destination; 0 where none does.",
        lambda found: {name: state["oldest_age_s"] for name, state in found.destinations.items()},
    ),
    Metric(
        "ompycord_database_writable",
        "gauge",
        "",
        "Whether the database takes writes.",
        lambda found: found.read_only is None,
    ),
    Metric(
        "ompycord_database_transactions",
        "counter",
        "",
        "Write transactions since the start.",
        lambda found: found.transactions,
    ),
    Metric(
        "ompycord_authentication_failures",
        "counter",
        "",
        "Requests to the sidecar without a valid key since the start.",
        lambda found: found.requests.without_key,
    ),
    Metric(
        "ompycord_model_requests",
        "counter",
        "exactness",
        "Requests to models that are over, by whether the provider stated what they used; over all starts.",
        lambda found: {
            name: sum(one.requests for one in found.models if one.exactness == name) for name in get_args(Exactness)
        },
    ),
    Metric(
        "ompycord_model_tokens",
        "counter",
        "class",
        "Tokens that models used, by class, over all starts; reasoning is a part of output.",
        lambda found: {name: sum(getattr(one, name) for one in found.models) for name in _CLASSES},
    ),
    Metric(
        "ompycord_model_cost_usd",
        "counter",
        "",
        "What models cost in US dollars, where a price is known, over all starts.",
        lambda found: sum(one.nano_usd for one in found.models) / 1_000_000_000,
    ),
    Metric(
        "ompycord_disk_free_ratio",
        "gauge",
        "",
        "Free part of the disk that holds the data folder.",
        lambda found: found.disk_free,
    ),
    Metric(
        "ompycord_loop_lag_seconds",
        "gauge",
        "",
        "How late the event loop was at its last beat.",
        lambda found: found.loop_lag_s,
    ),
    Metric(
        "ompycord_resident_bytes", "gauge", "", "Resident memory of the process.", lambda found: found.resident_bytes
    ),
    *(Metric(one.name, one.kind, one.label, one.help, _of_upkeep(one)) for one in UPKEEP_METRICS),
)
"""Every metric there is; `docs/reference/metrics.md` is made from it."""


class ReportStore(RunRecords, Outbox, EventBacklog, StoreHealth, Protocol):
    """The pending rows of the database, and whether it accepts writes."""


class HealthReport:
    """Reads the state; keeps only when it started."""

    def __init__(
        self,
        *,
        store: ReportStore,
        projector: Projector,
        gateway: GatewayReport,
        mode: StorageMode,
        watchdog: Watchdog,
        clock: Clock,
        probes: Mapping[str, Probe],
        requests: Callable[[], RequestCounts],
        destinations: Destinations,
        slots: Slots,
        ledger: ModelLedger,
        counts: RunCounts,
        backups: BackupState,
        alerts: AlertState,
        upkeep: UpkeepStore,
    ) -> None:
        """`probes` are those of /readyz; `requests` is what the sidecar has counted."""
        self._store = store
        self._projector = projector
        self._gateway = gateway
        self._mode = mode
        self._watchdog = watchdog
        self._clock = clock
        self._probes = probes
        self._requests = requests
        self._destinations = destinations
        self._slots = slots
        self._ledger = ledger
        self._counts = counts
        self._backups = backups
        self._alerts = alerts
        self._upkeep = upkeep
        self._began = clock.monotonic_s()

    async def status(self) -> dict[str, Any]:
        """See the port."""
        found = await self.read()
        return {
            "version": __version__,
            "uptime_s": round(found.uptime_s, 1),
            "mode": found.mode,
            "checks": found.checks,
            "discord": {
                "connected": found.is_connected,
                "latency_ms": None if found.latency_s is None else round(found.latency_s * 1000),
                "last_success_age_s": None if found.success_age_s is None else round(found.success_age_s, 1),
            },
            "runs": found.runs,
            "slots": {
                "total": found.slots.total,
                "used": found.slots.used,
                "queued": found.queued,
                "waiting": found.slots.waiting,
            },
            "events": {"folded": found.events, "waiting": found.events_waiting},
            "deliveries_waiting": found.deliveries_waiting,
            "destinations": found.destinations,
            "backups": found.backups.report(),
            "alerts": self._alerts.report(),
            "database": {"read_only": found.read_only, "transactions": found.transactions},
            "disk_free": round(found.disk_free, 3),
            "loop_lag_s": round(found.loop_lag_s, 3),
        }

    async def metrics(self) -> tuple[bytes, str]:
        """See the port."""
        return exposition(METRICS, await self.read()), CONTENT_TYPE

    async def read(self) -> Reading:
        """Read everything once."""
        runs = await self._store.runs(RunFilter(is_open=True, limit=MOST_RUNS))
        upkeep = await read_upkeep(self._upkeep, self._mode, self._alerts, self._backups, now=self._clock.now_ms())
        return Reading(
            uptime_s=self._clock.monotonic_s() - self._began,
            mode=await self._mode.name(),
            checks={name: await probe() for name, probe in self._probes.items()},
            is_connected=self._gateway.is_ready,
            latency_s=self._gateway.latency,
            success_age_s=self._success_age(),
            runs=Counter(run.state.value for run in runs),
            slots=self._slots.use.with_suspended(sum(map(is_only_waiting, runs))),
            queued=sum(run.state is RunState.QUEUED and run.kind is RunKind.HOSTED for run in runs),
            events=self._projector.position,
            events_waiting=await self._store.backlog(),
            deliveries_waiting=len(await self._store.outbox(limit=MOST_DELIVERIES)),
            destinations=await self._destinations.report(),
            read_only=self._store.read_only,
            transactions=self._store.transactions,
            requests=self._requests(),
            models=await self._ledger.model_totals(),
            counts=self._counts,
            backups=self._backups,
            backup_age_s=self._backup_age(),
            disk_free=(await self._mode.usage()).ratio,
            loop_lag_s=self._watchdog.lag_s,
            resident_bytes=upkeep.process.resident_bytes,
            upkeep=upkeep,
        )

    def _backup_age(self) -> float | None:
        at = self._backups.newest_at
        return None if at is None else max(self._clock.now_ms() - at, 0) / 1000

    def _success_age(self) -> float | None:
        at = self._gateway.last_success_at
        return None if at is None or not math.isfinite(at) else self._clock.monotonic_s() - at
