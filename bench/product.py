"""The part of the product that ingests.

Store, projector and sidecar, wired as `app/compose.py` wires them, without Discord.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ompycord.app.sidecar import create_sidecar
from ompycord.app.system import SystemClock, SystemIds
from ompycord.conductor import Bus, Projector, Snapshots
from ompycord.domain.catalog import RunChannels
from ompycord.http import HttpLimits, KeySet, Sidecar
from ompycord.store import SqliteStore, open_store
from ompycord.webhook import EventLimits

__all__ = ["EVENT_LIMITS", "LIMITS", "SECRET", "Product", "open_product", "projected"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # from the published vectors of Standard Webhooks
LIMITS = HttpLimits(rate_per_s=10_000_000, burst=10_000_000)
EVENT_LIMITS = EventLimits(backlog=10_000_000)
"""The key's rate and the backlog raised, so that what is measured is the work and not the brake."""
CHANNEL = "100000000000000000"
SETTLE_S = 120.0


@dataclass(frozen=True, slots=True)
class Product:
    """What takes events in and folds them."""

    store: SqliteStore
    projector: Projector
    sidecar: Sidecar


@asynccontextmanager
async def open_product(database: Path) -> AsyncGenerator[Product]:
    """Open, project in the background, close."""
    clock, ids = SystemClock(), SystemIds()
    async with open_store(database, clock=clock, ids=ids) as store:
        projector = Projector(
            store=store, snapshots=Snapshots(store=store), bus=Bus(), clock=clock, channels=RunChannels(home=CHANNEL)
        )
        keyring = KeySet(clock=clock)
        keyring.replace([], hmac_secrets={}, shared_secret=SECRET, shared_channel=CHANNEL)
        sidecar = create_sidecar(
            store=store,
            snapshots=Snapshots(store=store),
            keyring=keyring,
            clock=clock,
            ids=ids,
            limits=LIMITS,
            event_limits=EVENT_LIMITS,
            wake=projector.wake,
            probes={},
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(projector.run())
            yield Product(store, projector, sidecar)
            running.cancel()


async def projected(product: Product) -> None:
    """Return when the projector has committed everything that is stored. Raises TimeoutError after two minutes."""
    async with asyncio.timeout(SETTLE_S):
        while await product.store.backlog():  # noqa: ASYNC110  # asked of the disk, not of the projector's own word
            await asyncio.sleep(0.005)
