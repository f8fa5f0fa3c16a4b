"""The webhook: signed events in, runs and streams out; counterpart of `cli emit` and of every agent that posts."""

from ompycord.webhook.limits import EventLimits
from ompycord.webhook.mount import WebhookMount, create_webhook
from ompycord.webhook.report_routes import Reports
from ompycord.webhook.routes import Probe
from ompycord.webhook.streams import Streams
from ompycord.webhook.target import EventTarget

__all__ = ["EventLimits", "EventTarget", "Probe", "Reports", "Streams", "WebhookMount", "create_webhook"]
