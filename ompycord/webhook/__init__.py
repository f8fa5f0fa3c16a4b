"""The webhook: signed events in, runs and streams out; counterpart of `cli emit` and of every agent that posts."""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ompycord.webhook.limits import EventLimits
    from ompycord.webhook.mount import WebhookMount, create_webhook
    from ompycord.webhook.report_routes import Reports
    from ompycord.webhook.routes import Probe
    from ompycord.webhook.streams import Streams
    from ompycord.webhook.target import EventTarget

__all__ = ["EventLimits", "EventTarget", "Probe", "Reports", "Streams", "WebhookMount", "create_webhook"]

_MODULES: Final = {
    "EventLimits": "limits",
    "WebhookMount": "mount",
    "create_webhook": "mount",
    "Reports": "report_routes",
    "Probe": "routes",
    "Streams": "streams",
    "EventTarget": "target",
}


def __getattr__(name: str) -> object:
    """Each is imported on its first use: the settings need the options alone."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
