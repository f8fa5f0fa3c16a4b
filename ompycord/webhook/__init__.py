"""The HTTP sidecar: signed events in, problems out; counterpart of `cli emit` and of every agent that posts."""

from ompycord.webhook.keys import SHARED_KEY, KeySet, mint_bearer, mint_hmac
from ompycord.webhook.limits import Limits
from ompycord.webhook.report_routes import Reports
from ompycord.webhook.routes import Probe
from ompycord.webhook.server import SidecarServer, bind, serve
from ompycord.webhook.sidecar import Mount, Sidecar, create_sidecar
from ompycord.webhook.signature import parse_secret, sign, verify
from ompycord.webhook.streams import Streams
from ompycord.webhook.target import EventTarget

__all__ = [
    "SHARED_KEY",
    "EventTarget",
    "KeySet",
    "Limits",
    "Mount",
    "Probe",
    "Reports",
    "Sidecar",
    "SidecarServer",
    "Streams",
    "bind",
    "create_sidecar",
    "mint_bearer",
    "mint_hmac",
    "parse_secret",
    "serve",
    "sign",
    "verify",
]
