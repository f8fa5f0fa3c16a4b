"""What operators are told: the numbers behind `/status` and `/metrics`, read when they are asked for.

Implements `webhook.Reports`.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import psutil

from ompycord import __version__
from ompycord.app.mode import MODES, StorageMode
from ompycord.app.outgoing.states import Destinations
from ompycord.conductor import Projector
from ompycord.domain.ports import Clock, EventBacklog, Outbox, RunFilter, RunRecords, StoreHealth
from ompycord.telemetry.metrics import CONTENT_TYPE, Readings, Value, exposition
from ompycord.telemetry.watchdog import Watchdog
from ompycord.webhook import Probe

__all__ = ["GatewayReport", "HealthReport", "ReportStore"]

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


class ReportStore(RunRecords, Outbox, EventBacklog, StoreHealth, Protocol):
    """What waits in the database, and whether it takes what it is given."""


class HealthReport:
    """Reads and keeps nothing but when it began."""

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
        failures: Callable[[], int],
        destinations: Destinations,
    ) -> None:
        """`probes` are those of /readyz; `failures` counts requests that had no valid key."""
        self._store = store
        self._projector = projector
        self._gateway = gateway
        self._mode = mode
        self._watchdog = watchdog
        self._clock = clock
        self._probes = probes
        self._failures = failures
        self._destinations = destinations
        self._began = clock.monotonic_s()

    async def status(self) -> dict[str, Any]:
        """See the port."""
        success = self._success_age()
        return {
            "version": __version__,
            "uptime_s": round(self._uptime(), 1),
            "mode": await self._mode.name(),
            "checks": {name: await probe() for name, probe in self._probes.items()},
            "discord": {
                "connected": self._gateway.is_ready,
                "latency_ms": None if self._gateway.latency is None else round(self._gateway.latency * 1000),
                "last_success_age_s": None if success is None else round(success, 1),
            },
            "runs": await self._runs(),
            "events": {"folded": self._projector.position, "waiting": await self._store.backlog()},
            "deliveries_waiting": len(await self._store.outbox(limit=MOST_DELIVERIES)),
            "destinations": await self._destinations.report(),
            "database": {"read_only": self._store.read_only, "transactions": self._store.transactions},
            "disk_free": round((await self._mode.usage()).ratio, 3),
            "loop_lag_s": round(self._watchdog.lag_s, 3),
        }

    async def metrics(self) -> tuple[bytes, str]:
        """See the port."""
        checks = {name: await probe() for name, probe in self._probes.items()}
        mode = await self._mode.name()
        destinations = await self._destinations.report()
        values: dict[str, Value] = {
            "ompycord_info": {__version__: 1},
            "ompycord_uptime_seconds": self._uptime(),
            "ompycord_ready": all(checks.values()),
            "ompycord_mode": {name: name == mode for name in MODES},
            "ompycord_gateway_connected": self._gateway.is_ready,
            "ompycord_gateway_latency_seconds": self._gateway.latency,
            "ompycord_discord_last_success_age_seconds": self._success_age(),
            "ompycord_runs": await self._runs(),
            "ompycord_events": self._projector.position,
            "ompycord_events_waiting": await self._store.backlog(),
            "ompycord_deliveries_waiting": len(await self._store.outbox(limit=MOST_DELIVERIES)),
            "ompycord_destination_pending": {name: state["pending"] for name, state in destinations.items()},
            "ompycord_destination_dead": {name: state["dead"] for name, state in destinations.items()},
            "ompycord_destination_oldest_age_seconds": {
                name: state["oldest_age_s"] for name, state in destinations.items()
            },
            "ompycord_database_writable": self._store.read_only is None,
            "ompycord_database_transactions": self._store.transactions,
            "ompycord_authentication_failures": self._failures(),
            "ompycord_disk_free_ratio": (await self._mode.usage()).ratio,
            "ompycord_loop_lag_seconds": self._watchdog.lag_s,
            "ompycord_resident_bytes": psutil.Process().memory_info().rss,
        }
        return exposition(Readings(values)), CONTENT_TYPE

    def _uptime(self) -> float:
        return self._clock.monotonic_s() - self._began

    def _success_age(self) -> float | None:
        at = self._gateway.last_success_at
        return None if at is None or not math.isfinite(at) else self._clock.monotonic_s() - at

    async def _runs(self) -> dict[str, int]:
        return dict(
            Counter(run.state.value for run in await self._store.runs(RunFilter(is_open=True, limit=MOST_RUNS)))
        )
