"""The part of the product that ingests.

Store, projector and sidecar, of the composition root's parts, without Discord.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from ompycord.app.system import SystemClock, SystemIds
from ompycord.http import HttpLimits, KeySet
from ompycord.store import open_store
from ompycord.webhook import EventLimits
from tests.support.ingestion import Ingestion, ingestion_of

__all__ = ["EVENT_LIMITS", "LIMITS", "SECRET", "open_product", "projected"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # from the published vectors of Standard Webhooks
LIMITS = HttpLimits(rate_per_s=10_000_000, burst=10_000_000)
EVENT_LIMITS = EventLimits(backlog=10_000_000)
"""The key's rate and the backlog raised, so that what is measured is the work and not the brake."""
CHANNEL = "100000000000000000"
SETTLE_S = 120.0


@asynccontextmanager
async def open_product(database: Path) -> AsyncGenerator[Ingestion]:
    """Open, project in the background, close."""
    clock, ids = SystemClock(), SystemIds()
    async with open_store(database, clock=clock, ids=ids) as store:
        keyring = KeySet(clock=clock)
        keyring.replace([], hmac_secrets={}, shared_secret=SECRET, shared_channel=CHANNEL)
        webhook = {**dict(LIMITS), "events": EVENT_LIMITS}
        product = ingestion_of(
            store, database.parent, keys=keyring, clock=clock, ids=ids, webhook=webhook, home_channel=CHANNEL
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(product.projector.run())
            yield product
            running.cancel()


async def projected(product: Ingestion) -> None:
    """Return when the projector has committed everything that is stored. Raises TimeoutError after two minutes."""
    async with asyncio.timeout(SETTLE_S):
        while await product.store.backlog():  # noqa: ASYNC110  # asked of the disk, not of the projector's own word
            await asyncio.sleep(0.005)
