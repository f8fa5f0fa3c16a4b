"""The sidecar's other answers, on FastAPI: health, problem pages, runs, the OpenAPI document.

Counterpart of `ingest.py`.
"""

import asyncio
import html
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from ompycord import __version__
from ompycord.conductor import Snapshots, run_views
from ompycord.domain.folds.snapshot import Gap
from ompycord.domain.ids import RunId
from ompycord.domain.policy import SEE
from ompycord.domain.ports import RunFilter, RunRecords
from ompycord.domain.run import RunState
from ompycord.http.auth_check import AuthCheck
from ompycord.http.auth_dependency import UlidPath, reader
from ompycord.http.keys import KeySet
from ompycord.http.problem_handlers import answer_with_problems
from ompycord.http.problems import PROBLEMS, Problem
from ompycord.render.run_view import RunView
from ompycord.webhook.openapi import describe
from ompycord.webhook.report_routes import Reports, add_reports
from ompycord.webhook.schemas import add_schemas
from ompycord.webhook.stream_routes import add_streams
from ompycord.webhook.streams import Streams

__all__ = ["Probe", "create_routes"]

Probe = Callable[[], Awaitable[bool]]
"""Whether something that we need works; False, an exception or 2 s without an answer mean that it does not."""

PROBE_S = 2.0
FRONT = (
    "<p>Programs send here what agents do. People see it in Discord and work there: <code>/omp new</code>, "
    "<code>/omp help</code>.</p><ul>"
    '<li><a href="/readyz">/readyz</a> says whether all works, <a href="/livez">/livez</a> whether it lives.</li>'
    '<li><a href="/openapi.json">/openapi.json</a> describes every route, '
    '<a href="/schemas/event.json">/schemas/event.json</a> an event.</li>'
    "<li><code>/api/runs</code>, <code>/status</code> and <code>/metrics</code> take a key: "
    "<code>ompycord keys add --help</code> says how to make one.</li></ul>"
    "<p>Try it on this machine: <code>ompycord emit note --run try --text hello</code></p>"
)
"""No address, version or name of this installation: whoever reaches the port may read it."""


class RunDetail(RunView):
    """One run, with what its sender must know to continue."""

    cancel_requested: bool = False
    """A person wants it to end."""
    gaps: tuple[Gap, ...] = ()
    """Numbers that did not come yet, for each source."""


def create_routes(
    *,
    store: RunRecords,
    snapshots: Snapshots,
    auth_check: AuthCheck,
    keyring: KeySet,
    streams: Streams | None,
    probes: Mapping[str, Probe],
    is_draining: Callable[[], bool],
    reports: Reports | None = None,
) -> FastAPI:
    """The application behind the dispatcher.

    Its documentation pages would load scripts from elsewhere, so it has none.
    """
    app = FastAPI(title="Ompycord", version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False)
    answer_with_problems(app)
    _add_health(app, probes, is_draining)
    _add_pages(app)
    _add_runs(app, store, snapshots, auth_check)
    if streams is not None:
        add_streams(app, store=store, auth_check=auth_check, keyring=keyring, streams=streams)
    if reports is not None:
        add_reports(app, auth_check=auth_check, reports=reports)
    add_schemas(app)
    describe(app)
    return app


def _add_health(app: FastAPI, probes: Mapping[str, Probe], is_draining: Callable[[], bool]) -> None:
    async def livez() -> dict[str, str]:
        """The loop turns."""
        return {"status": "ok"}

    async def readyz() -> Response:
        """Whether everything that is needed is there: names and yes or no, never more."""
        found: dict[str, bool] = {}
        async with asyncio.TaskGroup() as group:
            for name, probe in probes.items():
                group.create_task(_ask(name, probe, found))
        if is_draining():
            found["intake"] = False
        is_ready = all(found.values())
        checks = {name: found[name] for name in (*probes, *(found.keys() - probes.keys()))}
        return JSONResponse({"ready": is_ready, "checks": checks}, status_code=200 if is_ready else 503)

    app.add_api_route("/livez", livez, tags=["health"])
    app.add_api_route("/readyz", readyz, tags=["health"])


async def _ask(name: str, probe: Probe, found: dict[str, bool]) -> None:
    try:
        async with asyncio.timeout(PROBE_S):
            found[name] = await probe()
    except Exception:  # noqa: BLE001  # whatever a probe raises means no; its owner logs why
        found[name] = False


def _add_pages(app: FastAPI) -> None:
    async def problem_page(slug: str) -> HTMLResponse:
        """What a problem means and what to do."""
        kind = PROBLEMS.get(slug)
        if kind is None:
            raise Problem("not-found")
        return _page(
            kind.title, f"<p>HTTP {kind.status}, <code>/problems/{slug}</code></p><p>{html.escape(kind.help)}</p>"
        )

    async def front(request: Request) -> HTMLResponse:
        """What this is, for a person who opened the address that `up` prints; programs get a problem as everywhere."""
        if not _takes_html(request.headers.get("accept", "")):
            raise Problem("not-found", headers=((b"vary", b"accept"),))
        return _page("Ompycord's sidecar", FRONT)

    app.add_api_route("/", front, response_class=HTMLResponse, include_in_schema=False)
    app.add_api_route("/problems/{slug}", problem_page, response_class=HTMLResponse, tags=["problems"])


def _takes_html(accept: str) -> bool:
    """Whether a browser asks; `*/*` alone, as programs send it, is none."""
    return any(kind.partition(";")[0].strip().lower() == "text/html" for kind in accept.split(","))


def _page(title: str, body: str) -> HTMLResponse:
    """A page without scripts; the body is HTML already."""
    words = html.escape(title)
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{words}</title><h1>{words}</h1>{body}</html>",
        headers={"content-security-policy": "default-src 'none'", "vary": "accept"},
    )


def _add_runs(app: FastAPI, store: RunRecords, snapshots: Snapshots, auth_check: AuthCheck) -> None:
    async def runs(
        request: Request,
        state: Annotated[list[RunState] | None, Query()] = None,
        is_open: Annotated[bool | None, Query(alias="open")] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 25,
    ) -> dict[str, list[RunView]]:
        """Runs, newest first. A run's own key sees its run only."""
        key = reader(request, auth_check)
        if key.run is not None:
            own = await store.run(key.run)
            return {"runs": await run_views([] if own is None else [own], snapshots)}
        which = RunFilter(states=None if state is None else frozenset(state), is_open=is_open, limit=limit)
        return {"runs": await run_views(await store.runs(which), snapshots)}

    async def run(request: Request, run_id: UlidPath) -> RunDetail:
        """One run: its state, whether a person wants it to end, and which numbers are missing."""
        key = reader(request, auth_check)
        auth_check.require(key, SEE, run=RunId(run_id))
        found = await store.run(RunId(run_id))
        if found is None:
            raise Problem("unknown-run")
        snapshot = await snapshots.of(RunId(found.id))
        body = dict(RunView.of(found, snapshot))
        if snapshot is None:
            return RunDetail.model_validate(body)
        return RunDetail.model_validate({**body, "cancel_requested": snapshot.cancel_requested, "gaps": snapshot.gaps})

    app.add_api_route("/api/runs", runs, tags=["runs"])
    app.add_api_route("/api/runs/{run_id}", run, tags=["runs"])
