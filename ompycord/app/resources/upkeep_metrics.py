"""Metrics of what looks after the process itself: alerts, the machine, the database's file, jobs, what is remembered.

A part of `app/report.py`, which has the others and puts all into one list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

import psutil

from ompycord.app.alerting.reading import ProcessUse, process_use
from ompycord.app.alerting.state import AlertState
from ompycord.app.backups.state import BackupState
from ompycord.app.mode import StorageMode
from ompycord.domain.base import Millis
from ompycord.domain.ports import Journal
from ompycord.domain.ports.store import StoredSizes, StoreSizes
from ompycord.domain.records import EffectStatus
from ompycord.telemetry.metrics import Metric

__all__ = ["UPKEEP_METRICS", "UpkeepReading", "UpkeepStore", "read_upkeep"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepReading:
    """The state of it at one moment."""

    alerts: Mapping[str, float] = field(default_factory=dict[str, float])
    pings: int | None = None
    """Of the heartbeat, since the start; None where none is configured."""
    process: ProcessUse = field(default_factory=lambda: ProcessUse(0, 0, None))
    cpu_s: float = 0.0
    disk_free_bytes: int = 0
    sizes: StoredSizes = field(default_factory=StoredSizes)
    steps: Mapping[str, float] = field(default_factory=dict[str, float])
    drill_age_s: float | None = None


UPKEEP_METRICS: Final[tuple[Metric[UpkeepReading], ...]] = (
    Metric("ompycord_alerts_open", "gauge", "alert", "Alerts that are open, by name.", lambda found: found.alerts),
    Metric(
        "ompycord_heartbeat_pings",
        "counter",
        "",
        "Pings of alerts.heartbeat that were answered since the start; 0 where none is configured.",
        lambda found: found.pings or 0,
    ),
    Metric(
        "ompycord_cpu_seconds",
        "counter",
        "",
        "Time on processors that the process took since its start, without its programs.",
        lambda found: found.cpu_s,
    ),
    Metric(
        "ompycord_open_descriptors",
        "gauge",
        "",
        "Open files and sockets of the process.",
        lambda found: found.process.descriptors,
    ),
    Metric(
        "ompycord_most_descriptors",
        "gauge",
        "",
        "How many may be open; absent where there is no limit.",
        lambda found: found.process.most_descriptors,
    ),
    Metric(
        "ompycord_disk_free_bytes",
        "gauge",
        "",
        "Free bytes of the disk that holds the data folder.",
        lambda found: found.disk_free_bytes,
    ),
    Metric("ompycord_database_bytes", "gauge", "", "Size of the database's file.", lambda found: found.sizes.bytes),
    Metric(
        "ompycord_database_free_bytes",
        "gauge",
        "",
        "Part of the database's file that is free for new rows.",
        lambda found: found.sizes.free_bytes,
    ),
    Metric(
        "ompycord_steps_open",
        "gauge",
        "status",
        "Steps of hosted runs in the journal that have no end yet: pending, started.",
        lambda found: found.steps,
    ),
    Metric(
        "ompycord_memory_items",
        "gauge",
        "status",
        "What is remembered, by status: proposed, active, retired.",
        lambda found: found.sizes.memory_items,
    ),
    Metric(
        "ompycord_backup_drill_age_seconds",
        "gauge",
        "",
        "Since the newest backup was last restored on trial; absent before the first trial.",
        lambda found: found.drill_age_s,
    ),
)


class UpkeepStore(StoreSizes, Journal, Protocol):
    """What is asked of the database."""


async def read_upkeep(
    store: UpkeepStore, mode: StorageMode, alerts: AlertState, backups: BackupState, *, now: Millis
) -> UpkeepReading:
    """Read everything once. Raises StorageError."""
    open_steps = [row.status for row in await store.open_effects()]
    times = psutil.Process().cpu_times()
    drilled_at = backups.drilled_at
    return UpkeepReading(
        alerts=alerts.numbers(),
        pings=None if alerts.heartbeat is None else alerts.heartbeat.sent,
        process=process_use(),
        cpu_s=times.user + times.system,
        disk_free_bytes=(await mode.usage()).free,
        sizes=await store.stored_sizes(),
        steps={one.value: open_steps.count(one) for one in (EffectStatus.PENDING, EffectStatus.STARTED)},
        drill_age_s=None if drilled_at is None else max(now - drilled_at, 0) / 1000,
    )
