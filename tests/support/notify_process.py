"""`python -m tests.support.notify_process DATABASE URL SECRET [--die]`.

The notifier as a process of its own, by the real clock.

With `--die` it kills itself with -9 between the receiver's answer and the record of it.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from ompycord.app.outgoing.webhooks import open_notifier
from ompycord.app.system import SystemClock, SystemIds
from ompycord.conductor import Bus
from ompycord.notify.options import NotifySettings, OutgoingWebhook
from ompycord.store import open_store
from ompycord.store.features.deliveries import SqliteNotificationQueue


async def _die(self: SqliteNotificationQueue, delivery: str, *, at: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _run(database: Path, url: str, secret: str) -> None:
    clock = SystemClock()
    async with open_store(database, clock=clock, ids=SystemIds()) as store:
        settings = NotifySettings(webhooks=(OutgoingWebhook(name="ci", url=url, secret_file=Path("given")),))
        opened = open_notifier(
            settings, {"ci": secret}, queue=store.notifications, bus=Bus(), clock=clock, chance=lambda: 0.0
        )
        async with opened as notifier:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, notifier.drain)
            await notifier.run()


if __name__ == "__main__":
    if "--die" in sys.argv:
        SqliteNotificationQueue.delivered = _die
    asyncio.run(_run(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
