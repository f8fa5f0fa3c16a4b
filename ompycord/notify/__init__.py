"""Deliveries to webhooks of the settings: signed, in order per run, tried for three days; an edge beside the bot.

`webhook.py` is imported on use. It reads its queue (`domain/ports_notify.py`), which the projector fills; nobody waits for it.
"""

from ompycord.notify.attempt import Attempt, DeliveryTarget
from ompycord.notify.body import body_of, signed_headers
from ompycord.notify.notifier import Notifier
from ompycord.notify.schedule import next_try
from ompycord.notify.worker import MOST_AT_ONCE, DestinationWorker

__all__ = [
    "MOST_AT_ONCE",
    "Attempt",
    "DeliveryTarget",
    "DestinationWorker",
    "Notifier",
    "body_of",
    "next_try",
    "signed_headers",
]
