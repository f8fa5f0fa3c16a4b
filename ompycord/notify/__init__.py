"""Deliveries to webhooks of the settings: signed, in order per run, tried for three days; an edge beside the bot.

`webhook.py` is imported on use. It reads its queue (`domain/ports/notify.py`), which the projector fills and for which
nothing waits.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ompycord.notify.attempt import Attempt, DeliveryTarget
    from ompycord.notify.body import PostedMessage, PostedMessageOf, body_of, signed_message
    from ompycord.notify.notifier import Notifier
    from ompycord.notify.schedule import next_try
    from ompycord.notify.worker import MOST_AT_ONCE, DestinationWorker

__all__ = [
    "MOST_AT_ONCE",
    "Attempt",
    "DeliveryTarget",
    "DestinationWorker",
    "Notifier",
    "PostedMessage",
    "PostedMessageOf",
    "body_of",
    "next_try",
    "signed_message",
]

_MODULES: Final = {
    "Attempt": "attempt",
    "DeliveryTarget": "attempt",
    "PostedMessage": "body",
    "PostedMessageOf": "body",
    "body_of": "body",
    "signed_message": "body",
    "Notifier": "notifier",
    "next_try": "schedule",
    "MOST_AT_ONCE": "worker",
    "DestinationWorker": "worker",
}


def __getattr__(name: str) -> object:
    """Each is imported on its first use: the settings need the options alone."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
