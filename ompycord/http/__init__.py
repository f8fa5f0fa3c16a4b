"""The HTTP server below the edges: one server, keys, limits, problems and one dispatcher; an edge adds only its routes.

What needs FastAPI (`auth_dependency.py`, `problem_handlers.py`) is imported by its module, so that signing loads none
of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ompycord.http.auth_check import AuthCheck
    from ompycord.http.dispatcher import FindHandler, Mount, RawHandler, RawRoutes, RequestCounts, Sidecar
    from ompycord.http.event_stream import EventStreamResponse, StreamConnection
    from ompycord.http.keys import SHARED_KEY, Key, KeySet, mint_bearer, mint_hmac
    from ompycord.http.limits import HttpLimits
    from ompycord.http.pipeline import AuthenticatedRequest, ClientDisconnected, RawAnswer, RawRequest, RequestPipeline
    from ompycord.http.problems import PROBLEMS, Problem, problem
    from ompycord.http.server import SidecarServer, bind, serve
    from ompycord.http.signature import is_webhook_id, parse_secret, sign, verify

__all__ = [
    "PROBLEMS",
    "SHARED_KEY",
    "AuthCheck",
    "AuthenticatedRequest",
    "ClientDisconnected",
    "EventStreamResponse",
    "FindHandler",
    "HttpLimits",
    "Key",
    "KeySet",
    "Mount",
    "Problem",
    "RawAnswer",
    "RawHandler",
    "RawRequest",
    "RawRoutes",
    "RequestCounts",
    "RequestPipeline",
    "Sidecar",
    "SidecarServer",
    "StreamConnection",
    "bind",
    "is_webhook_id",
    "mint_bearer",
    "mint_hmac",
    "parse_secret",
    "problem",
    "serve",
    "sign",
    "verify",
]

_MODULES: Final = {
    "AuthCheck": "auth_check",
    "FindHandler": "dispatcher",
    "Mount": "dispatcher",
    "RawHandler": "dispatcher",
    "RawRoutes": "dispatcher",
    "RequestCounts": "dispatcher",
    "Sidecar": "dispatcher",
    "EventStreamResponse": "event_stream",
    "StreamConnection": "event_stream",
    "SHARED_KEY": "keys",
    "Key": "keys",
    "KeySet": "keys",
    "mint_bearer": "keys",
    "mint_hmac": "keys",
    "HttpLimits": "limits",
    "AuthenticatedRequest": "pipeline",
    "ClientDisconnected": "pipeline",
    "RawAnswer": "pipeline",
    "RawRequest": "pipeline",
    "RequestPipeline": "pipeline",
    "PROBLEMS": "problems",
    "Problem": "problems",
    "problem": "problems",
    "SidecarServer": "server",
    "bind": "server",
    "serve": "server",
    "is_webhook_id": "signature",
    "parse_secret": "signature",
    "sign": "signature",
    "verify": "signature",
}


def __getattr__(name: str) -> object:
    """Each is imported on its first use: the settings need the options alone."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
