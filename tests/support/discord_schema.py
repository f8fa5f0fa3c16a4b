"""Holds what went over the wire against Discord's own OpenAPI description; its counterpart is `GET /control/wire`.

Requests are judged more strictly than the description says: a property it does not know is refused, except those below.
"""

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any, cast

import jsonschema_rs

JsonObject = dict[str, Any]
UNDOCUMENTED: dict[str, frozenset[str]] = {
    "ApplicationCommandUpdateRequest": frozenset({"nsfw"}),
    "ApplicationCommandCreateRequest": frozenset({"nsfw"}),
    "ApplicationCommandPatchRequestPartial": frozenset({"nsfw"}),
    "RichEmbed": frozenset({"flags"}),
    "MessageEditRequestPartial": frozenset({"tts"}),
    "IncomingWebhookUpdateRequestPartial": frozenset({"tts"}),
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial": frozenset({"tts"}),
}
"""Request properties that Discord takes (its reference pages, discord.py) and its OpenAPI description leaves out."""


class OffSchemaError(AssertionError):
    """A request or an answer that Discord's description does not allow; the message names the place."""


def available(root: Path) -> Path | None:
    """The description beside a repository at `root`, in `../shared` or a folder above; None where it is missing."""
    for folder in (root, *root.parents):
        found = folder / "shared" / "data" / "discord" / "openapi.json"
        if found.is_file():
            return found
    return None


class DiscordSchema:
    """Validators for every operation, compiled on first use."""

    def __init__(self, path: Path) -> None:
        description: JsonObject = json.loads(path.read_text(encoding="utf-8"))
        self._paths: JsonObject = description["paths"]
        self._open: JsonObject = description["components"]
        # The description says integer; within `errors` Discord really sends names such as BASE_TYPE_MAX_LENGTH
        # (reference, "Error messages").
        self._open["schemas"]["Error"]["properties"]["code"]["type"] = ["integer", "string"]
        # Forwards are left out of the description; its reference page has them ("Message", *Message Reference Types*).
        self._open["schemas"]["MessageReferenceType"]["oneOf"].append({"title": "FORWARD", "const": 1})
        self._closed: JsonObject = _closed(copy.deepcopy(description["components"]))
        self._operations = {_shape(template): template for template in self._paths}
        self._request = cache(self._compile_request)
        self._response = cache(self._compile_response)

    def check(self, entry: JsonObject) -> None:
        """Judge the request and the answer of one wire entry. Raises OffSchemaError."""
        self.check_request(entry)
        self.check_response(entry)

    def check_request(self, entry: JsonObject) -> None:
        if entry["request"] is None or entry["status"] >= 400:
            return
        validator = self._request(entry["method"].lower(), entry["route"])
        _judge(validator, entry["request"], f"request of {entry['method']} {entry['route']}")

    def check_response(self, entry: JsonObject) -> None:
        validator = self._response(entry["method"].lower(), entry["route"], entry["status"])
        if entry["status"] == 204:
            assert entry["response"] is None
            return
        _judge(validator, entry["response"], f"answer {entry['status']} to {entry['method']} {entry['route']}")

    def _operation(self, method: str, route: str) -> JsonObject:
        template = self._operations.get(_shape(route))
        if template is None or method not in self._paths[template]:
            raise OffSchemaError(f"Discord's description has no {method.upper()} {route}")
        return self._paths[template][method]

    def _compile_request(self, method: str, route: str) -> jsonschema_rs.Draft202012Validator:
        content: JsonObject = self._operation(method, route).get("requestBody", {}).get("content", {})
        # A multipart request carries the same body as `payload_json`, beside its files.
        if "application/json" not in content:
            raise OffSchemaError(f"{method.upper()} {route} takes no body")
        schema: JsonObject = _closed(copy.deepcopy(content["application/json"]["schema"]))
        return jsonschema_rs.Draft202012Validator({**schema, "components": self._closed})

    def _compile_response(self, method: str, route: str, status: int) -> jsonschema_rs.Draft202012Validator | None:
        responses: JsonObject = self._operation(method, route)["responses"]
        found = responses.get(str(status)) or responses.get(f"{status // 100}XX")
        if found is None:
            raise OffSchemaError(f"Discord never answers {status} to {method.upper()} {route}")
        if "$ref" in found:
            found = self._open["responses"][found["$ref"].rsplit("/", 1)[-1]]
        content: JsonObject = found.get("content", {})
        if not content:
            return None
        return jsonschema_rs.Draft202012Validator({**content["application/json"]["schema"], "components": self._open})


def _judge(validator: jsonschema_rs.Draft202012Validator | None, value: Any, what: str) -> None:
    if validator is None:
        raise OffSchemaError(f"{what} should have no body")
    errors = [f"{list(error.instance_path)}: {error.message[:1500]}" for error in validator.iter_errors(value)]
    if errors:
        raise OffSchemaError(f"{what}:\n" + "\n".join(errors[:10]))


def _shape(template: str) -> tuple[str, ...]:
    """A path template without the names of its placeholders."""
    return tuple("{}" if part.startswith("{") else part for part in template.strip("/").split("/"))


def _closed(schema: Any, name: str = "") -> Any:
    """The schema with every object closed to unknown properties, and ids allowed as numbers, as Discord takes them."""
    if isinstance(schema, list):
        return [_closed(item) for item in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    node = cast("JsonObject", schema)
    if node.get("format") == "snowflake":
        return {"anyOf": [node, {"type": "integer", "minimum": 0}]}
    result: JsonObject = {key: _closed(value, key if key != "properties" else "") for key, value in node.items()}
    if "properties" in result and result.get("type") == "object":
        result["properties"] |= dict.fromkeys(UNDOCUMENTED.get(name, frozenset()), True)
        result.setdefault("additionalProperties", False)
    return result
