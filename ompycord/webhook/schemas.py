"""The JSON schemas that other programs may rely on, at `/schemas/<name>.json`.

Counterpart of the files in `docs/reference`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter
from pydantic.json_schema import models_json_schema

from ompycord.domain.alerting.notice import AlertNotice
from ompycord.domain.deliveries import Notification
from ompycord.domain.events import EVENT_TYPES
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.http.problems import Problem
from ompycord.webhook.envelope import Envelope
from ompycord.webhook.openapi import data_by_type, flow_descriptions

__all__ = ["add_schemas", "published"]

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _event() -> dict[str, Any]:
    """One event on the wire, `data` by its type; unknown types are free."""
    models = [Envelope, *EVENT_TYPES.values()]
    _, found = models_json_schema([(model, "validation") for model in models], ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = found["$defs"]
    envelope = definitions.pop("Envelope")
    by_type = [data_by_type(name, cls.__name__, prefix="#/$defs/") for name, cls in EVENT_TYPES.items()]
    head = {"$schema": DRAFT, "$id": "/schemas/event.json"}
    return {**head, **envelope, "title": "ompycord/event@1", "allOf": by_type, "$defs": definitions}


def _snapshot() -> dict[str, Any]:
    """The snapshot of a run, as `reset` carries it."""
    made = TypeAdapter(StatusSnapshot).json_schema(mode="serialization")
    return {"$schema": DRAFT, "$id": "/schemas/snapshot.json", **made}


def _notification() -> dict[str, Any]:
    """What a webhook of the settings gets."""
    made = Notification.model_json_schema(mode="serialization", by_alias=True)
    return {"$schema": DRAFT, "$id": "/schemas/notification.json", **made}


def _alert() -> dict[str, Any]:
    """What a webhook that takes the topic `alert` gets."""
    made = AlertNotice.model_json_schema(mode="serialization", by_alias=True)
    return {"$schema": DRAFT, "$id": "/schemas/alert.json", **made}


@cache
def published() -> Mapping[str, dict[str, Any]]:
    """Every schema by its name."""
    made = {"event": _event(), "snapshot": _snapshot(), "notification": _notification(), "alert": _alert()}
    for schema in made.values():
        flow_descriptions(schema)
    return made


def add_schemas(app: FastAPI) -> None:
    """Register the route."""

    async def schema(name: str) -> JSONResponse:
        """A JSON schema.

        `event` is what senders send, `snapshot` what a stream begins with, `notification` what webhooks get,
        `alert` what they get of Ompycord itself.
        """
        found = published().get(name)
        if found is None:
            raise Problem("not-found")
        return JSONResponse(found, media_type="application/schema+json")

    app.add_api_route("/schemas/{name}.json", schema, tags=["schemas"])
