"""The OpenAPI document's part about the hot path, made from the models; counterpart of `envelope.py`. Pure."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, JsonValue
from pydantic.json_schema import models_json_schema

from ompycord.dialects.hooks import HOOK_SOURCES
from ompycord.domain.deliveries import StreamedEvent
from ompycord.domain.events import EVENT_TYPES
from ompycord.domain.issue_calls.records import HookOutcome
from ompycord.http.problems import PROBLEM_SCHEMA, PROBLEMS
from ompycord.webhook.envelope import Batch, Envelope, Item
from ompycord.webhook.streams import StreamReset

__all__ = ["data_by_type", "describe"]

_REFS = "#/components/schemas/{model}"
_NOT_OURS = {"browser", "not-found", "method-not-allowed", "misdirected", "internal", "starting"}
_EVENT_SLUGS = tuple(slug for slug in PROBLEMS if slug not in _NOT_OURS)


def describe(app: FastAPI) -> None:
    """Replace the application's `openapi` by one that also knows the raw routes; made once, on the first request."""
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(get_openapi(title=app.title, version=app.version, routes=app.routes))
            _add(made)
        return made

    app.openapi = openapi


def _add(document: dict[str, Any]) -> None:
    models: list[type[BaseModel]] = [Envelope, Batch, Item, *EVENT_TYPES.values()]
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REFS)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(definitions["$defs"])
    streamed: list[type[BaseModel]] = [StreamedEvent, StreamReset]
    _, more = models_json_schema([(model, "serialization") for model in streamed], ref_template=_REFS)
    schemas.update({name: schema for name, schema in more["$defs"].items() if name not in schemas})
    schemas["Problem"] = PROBLEM_SCHEMA
    schemas["Accepted"] = _ACCEPTED
    schemas["HookPayload"] = {"type": "object", "description": "A payload of the agent that `source` names, as it is."}
    schemas["ForgeDelivery"] = {"type": "object", "description": "A webhook of GitHub, Gitea or Forgejo, as it is."}
    schemas["TriggerMessage"] = {"type": "object", "description": "What the other system sends, as it is."}
    for model in schemas.values():
        flow_descriptions(model)
    for wrapper in ("Envelope", "Item"):
        schemas[wrapper]["allOf"] = [data_by_type(name, cls.__name__) for name, cls in EVENT_TYPES.items()]
    schemas["Batch"]["properties"]["events"] = {"type": "array", "minItems": 1, "maxItems": 500, "items": _ref("Item")}
    paths = document["paths"]
    paths["/api/webhook/event"] = {"post": _operation("Take one event in", "Envelope")}
    paths["/api/webhook/events"] = {"post": _operation("Take a batch of one run in, all or nothing", "Batch")}
    paths["/hooks/{source}/{run}"] = {"post": _hook()}
    paths["/hooks/{forge}"] = {"post": _forge()}
    paths["/triggers/{name}"] = {"post": _trigger()}
    document["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "`ompk_...`, made by `ompycord keys`."},
        "signature": {
            "type": "apiKey",
            "in": "header",
            "name": "webhook-signature",
            "description": "Standard Webhooks v1 over `webhook-id.webhook-timestamp.body`.",
        },
        "forge": {
            "type": "apiKey",
            "in": "header",
            "name": "x-hub-signature-256",
            "description": "`sha256=` and the HMAC of the body's bytes, by the secret of that forge.",
        },
    }


def flow_descriptions(schema: JsonValue) -> None:
    """Make each description one line, so that how a docstring is wrapped changes no published document."""
    if isinstance(schema, list):
        for part in schema:
            flow_descriptions(part)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key == "description" and isinstance(value, str):
                schema[key] = " ".join(value.split())
            else:
                flow_descriptions(value)


def data_by_type(name: str, model: str, *, prefix: str = "#/components/schemas/") -> dict[str, Any]:
    """`data` has the fields of the type's model, without its `type`."""
    return {
        "if": {"properties": {"type": {"const": name}}},
        "then": {"properties": {"data": {"$ref": prefix + model}}},
    }


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _hook() -> dict[str, Any]:
    """The operation that `hooks.py` handles."""
    operation = dict(_operation("Take in what an agent pushes by itself, in its own shape", "HookPayload"))
    names = [*HOOK_SOURCES]
    return operation | {
        "description": "An unknown kind of payload is noted once by its name. A payload that says nothing a card "
        "shows is "
        "answered with `accepted` 0 and without a run.",
        "parameters": [
            _parameter("source", "path", {"type": "string", "enum": names}, "Whose payload it is; another one is 404."),
            _parameter(
                "run",
                "path",
                {"type": "string", "maxLength": 128},
                "The run's name; `@session`: the payload's session.",
            ),
            _parameter(
                "ask",
                "query",
                {"type": "string", "enum": ["1"]},
                "A `PreToolUse` hook of Claude Code waits for a person.",
            ),
        ],
    }


def _forge() -> dict[str, Any]:
    """The operation that `forge_routes.py` handles."""
    operation = dict(_operation("Take in a webhook of a forge", "ForgeDelivery"))
    outcome = {"type": "string", "enum": [*HookOutcome]}
    answer = {"type": "object", "required": ["outcome"], "properties": {"outcome": outcome}}
    answers = {status: one for status, one in operation["responses"].items() if not status.startswith("2")}
    return operation | {
        "description": "Only the forge's own signature counts, and no key. What is of no interest is `ignored`; what "
        "came before, by `X-GitHub-Delivery` or by its bytes, is a `duplicate` and does nothing.",
        "security": [{"forge": []}],
        "parameters": [_parameter("forge", "path", {"type": "string"}, "A name of `forge_hooks`; another one is 404.")],
        "responses": {
            "202": {"description": "Stored.", "content": {"application/json": {"schema": answer}}},
            **answers,
        },
    }


def _trigger() -> dict[str, Any]:
    """The operation that `trigger_routes.py` handles."""
    operation = dict(_operation("Take in a message of another system that may start a run", "TriggerMessage"))
    counted = {
        "type": "object",
        "additionalProperties": {"type": "integer"},
        "description": "Messages by what became of them.",
    }
    answers = {status: answer for status, answer in operation["responses"].items() if not status.startswith("2")}
    return operation | {
        "description": "The key needs the scope `triggers:fire`. "
        "The message is stored with what it leads to before the answer.",
        "parameters": [
            _parameter("name", "path", {"type": "string"}, "A trigger of the settings; another one is 404.")
        ],
        "responses": {
            "202": {"description": "Stored.", "content": {"application/json": {"schema": counted}}},
            **answers,
        },
    }


def _parameter(name: str, place: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": schema, "description": description}


def _operation(summary: str, model: str) -> Mapping[str, Any]:
    accepted = {"application/json": {"schema": _ref("Accepted")}}
    by_status: dict[str, list[str]] = {}
    for slug in _EVENT_SLUGS:
        by_status.setdefault(str(PROBLEMS[slug].status), []).append(slug)
    refusals = {
        status: {"description": ", ".join(slugs), "content": {"application/problem+json": {"schema": _ref("Problem")}}}
        for status, slugs in by_status.items()
    }
    return {
        "summary": summary,
        "tags": ["events"],
        "security": [{"signature": []}, {"bearer": []}],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(model)}}},
        "responses": {
            "202": {"description": "On disk.", "content": accepted},
            "200": {"description": "The same webhook-id and body again: the first answer.", "content": accepted},
            **refusals,
        },
    }


_ACCEPTED: dict[str, Any] = {
    "type": "object",
    "required": ["accepted", "duplicates", "run", "position", "cancel_requested"],
    "properties": {
        "accepted": {"type": "integer"},
        "duplicates": {"type": "integer"},
        "run": {"type": ["string", "null"], "description": "The run's ULID; null where a hook's payload named none."},
        "position": {"type": "integer"},
        "cancel_requested": {"type": "boolean", "description": "A person wants the run to end."},
    },
}
