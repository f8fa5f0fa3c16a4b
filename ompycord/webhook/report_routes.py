"""`GET /status` and `GET /metrics`: each with a scope of its own, also on loopback.

Counterpart: the implementation of `Reports` (the composition root), which decides what they contain.
"""

from typing import Any, Protocol

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from ompycord.domain.records import Scope
from ompycord.http.auth_check import AuthCheck
from ompycord.http.auth_dependency import reader

__all__ = ["Reports", "add_reports"]


class Reports(Protocol):
    """What operators can read."""

    async def status(self) -> dict[str, Any]:
        """Everything that matters at a glance, as JSON can carry it."""
        ...

    async def metrics(self) -> tuple[bytes, str]:
        """The metrics as a scraper reads them and their content type."""
        ...


def add_reports(app: FastAPI, *, auth_check: AuthCheck, reports: Reports) -> None:
    """Register both routes."""

    async def status(request: Request) -> Response:
        """How this Ompycord is: mode, Discord, runs, database, disk. Needs a key with `status:read`."""
        reader(request, auth_check, scope=Scope.STATUS_READ)
        return JSONResponse(await reports.status(), headers={"cache-control": "no-store"})

    async def metrics(request: Request) -> Response:
        """For Prometheus. Needs a key with `metrics:read`."""
        reader(request, auth_check, scope=Scope.METRICS_READ)
        body, content_type = await reports.metrics()
        return Response(body, headers={"content-type": content_type, "cache-control": "no-store"})

    app.add_api_route("/status", status, tags=["health"])
    app.add_api_route("/metrics", metrics, tags=["health"], response_class=Response)
