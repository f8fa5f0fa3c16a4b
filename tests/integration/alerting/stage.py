"""A keeper of alerts over a real database, with a sighting that a test changes and ways out that a test breaks."""

from dataclasses import replace
from typing import Final

from ompycord.app.alerting.keeper import INSPECT_S, AlertKeeper
from ompycord.app.alerting.reading import ProcessUse, Sighting
from ompycord.app.alerting.state import AlertState
from ompycord.app.alerting.ways import WaysOut
from ompycord.app.backups.state import BackupState
from ompycord.app.mode import DiskUsage
from ompycord.domain.alerting.options import AlertOptions
from ompycord.domain.deliveries import DeliveryFilter, DeliveryStatus, DestinationState, StoredDelivery
from ompycord.domain.ids import OPS_CHANNEL
from ompycord.domain.ports.model_ledger import ModelBreaker
from ompycord.notify import Attempt
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.store.world import CountingIds, HandClock

GIB: Final = 1024**3
ROOMY: Final = DiskUsage(100 * GIB, 50 * GIB, 50 * GIB)


def well() -> Sighting:
    """Nothing is wrong."""
    return Sighting(
        is_connected=True,
        read_only=None,
        is_writable=True,
        disk=ROOMY,
        events_waiting=0,
        loop_lag_s=0.0,
        process=ProcessUse(100 * 1024 * 1024, 50, 1024),
        backups=BackupState(newest_at=1),
        backup_age_s=3600.0,
        destinations=(),
        queued=0,
    )


def waiting(name: str, *, pending: int = 1, dead: int = 0, age_s: float = 3600.0) -> tuple[DestinationState, float]:
    return DestinationState(destination=name, pending=pending, dead=dead, oldest_at=1 if pending else None), age_s


FAULTS: Final[dict[str, dict[str, object]]] = {
    "discord": {"is_connected": False},
    "database": {"is_writable": False},
    "disk": {"disk": DiskUsage(100 * GIB, 96 * GIB, 4 * GIB)},
    "disk_full": {"disk": DiskUsage(100 * GIB, 99 * GIB, GIB)},
    "backlog": {"events_waiting": 5_000},
    "loop": {"loop_lag_s": 3.0},
    "memory": {"process": ProcessUse(4 * GIB, 50, 1024)},
    "descriptors": {"process": ProcessUse(0, 1000, 1024)},
    "limits": {"lowered_limits": ("NOFILE",)},
    "backup": {"backups": BackupState(fault="The disk is full.")},
    "restore_trial": {"backups": BackupState(drill_fault="ompycord.db is damaged.")},
    "archive": {"unreadable": ("2027-03 is missing",)},
    "deliveries:ci": {"destinations": (waiting("ci"),)},
    "provider:acme": {"failing": (ModelBreaker(provider="acme", model="large", failures=5, until=0),)},
    "queue": {"queued": 3},
}
"""What is wrong, by the key of its alert."""


class Way:
    """A target that takes what comes, or says why not."""

    def __init__(self, destination: str) -> None:
        self.destination = destination
        self.fault: str | None = None
        self.taken: list[StoredDelivery] = []

    async def deliver(self, stored: StoredDelivery) -> Attempt:
        if self.fault is None:
            self.taken.append(stored)
        return Attempt(self.fault)

    @property
    def said(self) -> list[str]:
        return [f"{one.delivery.content['type']} {one.delivery.content['alert']}" for one in self.taken]


class MovedClock(FakeClock):
    """One clock for looks and for tries: sleepers wake when it is moved."""

    def pass_ms(self, milliseconds: int) -> None:
        self.advance(milliseconds / 1000)


class Stage:
    """One process's worth of alerts; `again` is the next process over the same database."""

    def __init__(
        self,
        store: SqliteStore,
        clock: HandClock | MovedClock,
        options: AlertOptions | None = None,
        *,
        first_id: int = 1,
    ) -> None:
        self.store, self.clock, self.options = store, clock, options or AlertOptions()
        self.seen = well()
        self.ops, self.ci = Way(OPS_CHANNEL), Way("ci")
        self.woken = 0
        self.look_ms = 0
        """How long one look lasts."""
        self.state = AlertState(None)
        self.ways = WaysOut(
            rows=store,
            targets={OPS_CHANNEL: self.ops, "ci": self.ci},
            redact=lambda text: text.replace("hunter2", "[secret]"),
            wake=self._wake,
        )
        self.keeper = AlertKeeper(
            lookout=self,
            rows=store,
            ways=self.ways,
            options=self.options,
            backup_hours=24,
            clock=clock,
            ids=CountingIds(first_id),
            state=self.state,
        )

    async def sighting(self) -> Sighting:
        self.clock.pass_ms(self.look_ms)
        return self.seen

    def again(self) -> "Stage":
        return Stage(self.store, self.clock, self.options, first_id=1000)

    def wrong(self, *keys: str) -> None:
        """Only these are wrong now."""
        self.seen = well()
        for key in keys:
            self.seen = replace(self.seen, **FAULTS[key])  # by the table above

    async def pass_s(self, seconds: float) -> None:
        """Look as often as it does, while time passes."""
        await self.keeper.inspect()
        for _ in range(round(seconds / INSPECT_S)):
            self.clock.pass_ms(round(INSPECT_S * 1000))
            await self.keeper.inspect()

    async def queued(self, destination: str = "ci") -> list[str]:
        """All that was ever queued for a way, in order, as its type and alert."""
        which = DeliveryFilter(destination=destination, statuses=frozenset(DeliveryStatus), limit=None)
        rows = sorted(await self.store.notifications.find(which), key=lambda row: row.seq)
        return [f"{row.delivery.content['type']} {row.delivery.content['alert']}" for row in rows]

    def _wake(self) -> None:
        self.woken += 1
