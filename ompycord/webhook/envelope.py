"""An event as it travels: the envelope's shape and how it is read; counterpart of `cli emit`.

Pure: the clock's value is an argument.
"""

import json
import re
from datetime import datetime
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from ompycord.domain.base import Millis
from ompycord.domain.events import EVENT_TYPES, SCHEMA, EventBody, parse_body
from ompycord.http.problems import Problem, pointer
from ompycord.text.limits import OPAQUE_EVENT_BYTES
from ompycord.text.strict_json import NotJson, has_plain_texts, is_within_limits, parse_json, require_within_limits

__all__ = ["Batch", "Envelope", "Item", "read_batch", "read_body", "read_event", "time_ms"]

AHEAD_MS = 24 * 3600 * 1000
"""How far ahead of our clock `at` may be."""
ERRORS_NAMED = 20

_SCHEMA = re.compile(r"ompycord/event@([1-9][0-9]{0,5})(\.[0-9]{1,6})?")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(?:([Zz])|([+-][0-9]{2}:[0-9]{2}))"
)

ItemT = TypeVar("ItemT", bound="Item")

RunName = Annotated[str, StringConstraints(min_length=1, max_length=128)]
SourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class _Wire(BaseModel):
    """Strict: no number becomes a text, no unknown field passes."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Item(_Wire):
    """One event of a batch: an envelope without the fields that the batch has once."""

    schema_: str = Field(default=SCHEMA, alias="schema")
    type: Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*){0,3}$")]
    seq: Annotated[int, Field(ge=1, le=2**53)] | None = None
    at: str | None = None
    data: dict[str, Any] = Field(default_factory=dict[str, Any])


class Envelope(Item):
    """One event on the wire."""

    schema_: str = Field(alias="schema")
    run: RunName
    source: SourceName | None = None


class Batch(_Wire):
    """Up to 500 events of one run, all or nothing."""

    run: RunName
    source: SourceName | None = None
    events: Annotated[list[dict[str, Any]], Field(min_length=1)]


def read_event(raw: bytes) -> Envelope:
    """Raises Problem: malformed-json, schema-unsupported, schema-invalid."""
    value = _json(raw)
    if not is_within_limits(raw):
        _within_limits(value, is_plain=has_plain_texts(raw))
    return _event(Envelope, value)


def read_batch(raw: bytes, *, most: int) -> tuple[Batch, list[Item]]:
    """The batch and its events. Raises Problem, with the index of the event where it is one event's fault."""
    value = _json(raw)
    try:
        batch = Batch.model_validate(value)
    except ValidationError as error:
        _refuse(error)
    if len(batch.events) > most:
        raise Problem("schema-invalid", f"At most {most} events.", errors=[("/events", "too_long")])
    is_plain = has_plain_texts(raw)
    items: list[Item] = []
    for index, entry in enumerate(batch.events):
        try:
            _within_limits(entry, is_plain=is_plain)
            items.append(_event(Item, entry))
        except Problem as refusal:
            raise refusal.at(index) from None
    _within_limits({"run": batch.run})
    return batch, items


def read_body(item: Item) -> EventBody:
    """The typed body. Raises Problem with pointers into `data`, never with values."""
    if item.type not in EVENT_TYPES and len(json.dumps(item.data, ensure_ascii=False).encode()) > OPAQUE_EVENT_BYTES:
        raise Problem(
            "schema-invalid", "An event of an unknown type has at most 4 KiB.", errors=[("/data", "too_long")]
        )
    try:
        return parse_body(item.type, item.data)
    except ValidationError as error:
        _refuse(error, "/data")


def time_ms(text: str, *, now_ms: Millis) -> Millis:
    """RFC 3339 to milliseconds. Raises Problem for another form, before 1970, or more than 24 h ahead of `now_ms`."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise Problem("schema-invalid", "`at` is not RFC 3339.", errors=[("/at", "rfc3339")])
    day, clock, fraction, _, offset = match.groups()
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '')[:6]:0<6}{offset or '+00:00'}")
        at = int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Problem("schema-invalid", "`at` is no such time.", errors=[("/at", "rfc3339")]) from None
    if at < 0:
        raise Problem("schema-invalid", "`at` is before 1970.", errors=[("/at", "too_early")])
    if at > now_ms + AHEAD_MS:
        raise Problem("schema-invalid", "`at` is more than 24 hours ahead.", errors=[("/at", "too_late")])
    return at


def _json(raw: bytes) -> Any:
    try:
        return parse_json(raw)
    except NotJson as error:
        raise Problem("malformed-json", str(error)) from None


def _within_limits(value: Any, *, is_plain: bool = False) -> None:
    try:
        require_within_limits(value, is_plain=is_plain)
    except NotJson as error:
        raise Problem("malformed-json", str(error)) from None


def _event(model: type[ItemT], value: Any) -> ItemT:
    try:
        item = model.model_validate(value)
    except ValidationError as error:
        _require_schema(value)
        _refuse(error)
    _require_schema(value)
    return item


def _require_schema(value: Any) -> None:
    """A newer major version explains every other error, so it is named first."""
    schema: Any = value.get("schema", SCHEMA) if isinstance(value, dict) else SCHEMA  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  # JSON
    if schema == SCHEMA or not isinstance(schema, str):
        return
    match = _SCHEMA.fullmatch(schema)
    if match is not None and int(match[1]) > 1:
        raise Problem("schema-unsupported")
    raise Problem("schema-invalid", errors=[("/schema", "literal_error")])


def _refuse(error: ValidationError, prefix: str = "") -> NoReturn:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    errors = [(pointer(one["loc"], prefix), one["type"]) for one in found[:ERRORS_NAMED]]
    raise Problem("schema-invalid", errors=errors) from None
