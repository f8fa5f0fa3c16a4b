"""Every route of the sidecar: with the right key, with none, and with a method that it has not."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx

from ompycord.playground.client import JsonObject
from tests.support.forge_deliveries import delivery_headers

__all__ = ["HOOK_SECRET", "MCP", "NOTE", "ROUTES", "Route", "bearer", "operations", "request_everything"]


@dataclass(frozen=True)
class Route:
    """One operation as documented: where it is tried, what it takes, what it answers with a key."""

    name: str
    path: str
    answer: int = 200
    is_open: bool = False
    body: JsonObject = field(default_factory=dict[str, Any])
    is_stream: bool = False
    secret: bytes = b""
    """Of a forge, whose signature alone counts there."""

    @property
    def method(self) -> str:
        return self.name.split(" ")[0]


def operations(document: JsonObject) -> set[str]:
    """`GET /livez` and so on, from an OpenAPI document."""
    return {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}


NOTE = {"type": "note", "data": {"text": "hello"}}


def event(run: str) -> JsonObject:
    return {"schema": "ompycord/event@1", "run": run, **NOTE}


HOOK_SECRET = b"a secret that was typed at the forge"
MCP = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ROUTES = (
    Route("GET /livez", "/livez", is_open=True),
    Route("GET /readyz", "/readyz", is_open=True),
    Route("GET /openapi.json", "/openapi.json", is_open=True),
    Route("GET /problems/{slug}", "/problems/scope", is_open=True),
    Route("GET /schemas/{name}.json", "/schemas/event.json", is_open=True),
    Route("GET /schemas/{name}.json", "/schemas/snapshot.json", is_open=True),
    Route("GET /status", "/status"),
    Route("GET /metrics", "/metrics"),
    Route("POST /api/webhook/event", "/api/webhook/event", 202, body=event("routes")),
    Route("POST /api/webhook/events", "/api/webhook/events", 202, body={"run": "routes", "events": [NOTE, NOTE]}),
    Route(
        "POST /hooks/{source}/{run}",
        "/hooks/claude/@session",
        202,
        body={"hook_event_name": "SessionStart", "session_id": "s", "source": "startup", "cwd": "/srv"},
    ),
    Route("POST /hooks/{forge}", "/hooks/github", 202, body={"zen": "Keep it logically awesome."}, secret=HOOK_SECRET),
    Route("POST /triggers/{name}", "/triggers/alerts", 202, body={"alert": "disk"}),
    Route("GET /api/runs", "/api/runs?open=true&limit=5"),
    Route("GET /api/runs/{run_id}", "/api/runs/{run}"),
    Route("GET /api/runs/{run_id}/events", "/api/runs/{run}/events", is_stream=True),
    Route("GET /api/events", "/api/events", is_stream=True),
)


async def request_everything(http: httpx.AsyncClient, key: str) -> set[str]:
    """The routes that answered as documented. The first posts make the run that the later ones look at."""
    run = (await http.post("/api/webhook/event", json=event("routes-first"), headers=bearer(key))).json()["run"]
    reached: set[str] = set()
    for route in ROUTES:
        path = route.path.replace("{run}", run)
        assert await status(http, route, path, headers_of(route, key)) == route.answer, route.name
        stranger = await http.request(route.method, path, json=route.body or None)
        assert stranger.status_code == (route.answer if route.is_open else 401), route.name
        wrong = await http.request("DELETE", path, headers=bearer(key))
        assert (wrong.status_code, route.method in wrong.headers["allow"].split(", ")) == (405, True), route.name
        assert wrong.headers["content-type"] == "application/problem+json", route.name
        reached.add(route.name)
    return reached


async def status(http: httpx.AsyncClient, route: Route, path: str, headers: dict[str, str]) -> int:
    """The answer with a key; of a stream its beginning, which has a meaning of its own."""
    if route.secret:
        return (await http.post(path, content=json.dumps(route.body), headers=headers)).status_code
    if not route.is_stream:
        return (await http.request(route.method, path, json=route.body or None, headers=headers)).status_code
    async with http.stream("GET", path, headers={**headers, "last-event-id": "0"}) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data:"):
                assert json.loads(line[5:])
                break
        return answer.status_code


def headers_of(route: Route, key: str) -> dict[str, str]:
    """What opens it: a key, or the signature of a forge."""
    body = json.dumps(route.body).encode()
    return delivery_headers(body, "ping", secret=route.secret) if route.secret else bearer(key)


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}
