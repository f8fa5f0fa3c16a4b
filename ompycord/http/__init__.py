"""The HTTP server below the edges: one server, keys, limits, problems and one dispatcher; an edge adds only its routes.

What needs FastAPI (`auth_dependency.py`, `problem_handlers.py`) is imported by its module, so that signing loads none of it.
"""

from ompycord.http.auth_check import AuthCheck
from ompycord.http.dispatcher import FindHandler, Mount, RawHandler, RawRoutes, Sidecar
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
