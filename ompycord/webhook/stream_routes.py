"""`GET /api/events` and `GET /api/runs/{id}/events`: who may read which stream; counterpart of `streams.py`."""

from typing import Annotated

from fastapi import FastAPI, Header, Request
from fastapi.responses import Response

from ompycord.domain.ids import RunId
from ompycord.domain.policy import SEE
from ompycord.domain.ports import RunRecords
from ompycord.http.auth_check import AuthCheck
from ompycord.http.auth_dependency import UlidPath, reader
from ompycord.http.keys import KeySet
from ompycord.http.problems import Problem
from ompycord.webhook.streams import Streams

__all__ = ["add_streams"]

LastEventId = Annotated[
    str | None, Header(pattern=r"^[0-9]{1,15}$", description="The last `id` that was seen; 0 for all there is.")
]


def add_streams(app: FastAPI, *, store: RunRecords, auth_check: AuthCheck, keyring: KeySet, streams: Streams) -> None:
    """Register both routes."""

    async def events(request: Request, last_event_id: LastEventId = None) -> Response:
        """The events of all runs as they are stored. A run's own key receives its run only."""
        key = reader(request, auth_check)
        return streams.open(key.run, _position(last_event_id), is_allowed=lambda: keyring.holds(key))

    async def run_events(request: Request, run_id: UlidPath, last_event_id: LastEventId = None) -> Response:
        """The events of one run as they are stored."""
        key = reader(request, auth_check)
        auth_check.require(key, SEE, run=RunId(run_id))
        if await store.run(RunId(run_id)) is None:
            raise Problem("unknown-run")
        return streams.open(RunId(run_id), _position(last_event_id), is_allowed=lambda: keyring.holds(key))

    for path, endpoint in (("/api/events", events), ("/api/runs/{run_id}/events", run_events)):
        app.add_api_route(path, endpoint, tags=["runs"], response_class=Response, responses={200: _STREAM})


def _position(text: str | None) -> int | None:
    return None if text is None else int(text)


_STREAM = {
    "description": "Server-sent events. `id` is a position, to be sent again as Last-Event-ID. A message without a "
    "name is a "
    "StreamedEvent; `reset` is a StreamReset: the reader is new, or was too far behind. A comment every 15 s.",
    "content": {
        "text/event-stream": {
            "schema": {
                "oneOf": [{"$ref": "#/components/schemas/StreamedEvent"}, {"$ref": "#/components/schemas/StreamReset"}]
            }
        }
    },
}
