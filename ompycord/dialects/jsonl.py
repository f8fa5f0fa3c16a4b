"""Our own JSON-lines dialect: one line to one event body; its counterpart is `agents/command.py`.

A line is the envelope without `run` and `seq`: `{"type": "message", "data": {"text": "…"}}`, with `schema` and `at`
allowed.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ompycord.dialects.strict_json import JsonError, parse_json
from ompycord.domain.authority import SourceKind
from ompycord.domain.events import SCHEMA, EventBody, Opaque, parse_body
from ompycord.domain.policy import require_authority
from ompycord.errors import NotYours
from ompycord.text.limits import DIALECT_LINE_BYTES, OPAQUE_EVENT_BYTES

__all__ = ["PREFIX", "Refusal", "parse_line"]

PREFIX: Final = "@ompycord "
"""Marks a line of the dialect on standard output or standard error; descriptor 3 needs none."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that is no event of ours. `reason` names rules and fields, never values."""

    reason: str


def _known_schema(value: str) -> str:
    if value != SCHEMA:
        raise ValueError(f"this version reads {SCHEMA}")
    return value


def _time(value: str) -> str:
    """Checks RFC 3339 with an offset, only for its form: what a local agent reports happened when we read it."""
    if datetime.fromisoformat(value).tzinfo is None:
        raise ValueError("at needs an offset such as Z")
    return value


class _Envelope(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    type: str
    data: dict[str, Any] = Field(default_factory=dict[str, Any])
    schema_: Annotated[str, AfterValidator(_known_schema), Field(alias="schema")] = SCHEMA
    at: Annotated[str, AfterValidator(_time)] | None = None


def parse_line(line: str, *, was_cut: bool = False) -> EventBody | Refusal:
    """The event in `line` (without prefix and newline), or why it is none.

    `was_cut`: the reader found it longer than `DIALECT_LINE_BYTES` and kept its beginning only. Types that agents may
    not record (the authority table) are refused.
    """
    if was_cut or len(line.encode("utf-8", "surrogatepass")) > DIALECT_LINE_BYTES:
        return Refusal(f"a line is longer than {DIALECT_LINE_BYTES // 1024} KiB")
    try:
        envelope = _Envelope.model_validate(parse_json(line))
        require_authority(envelope.type, SourceKind.AGENT)
        body = parse_body(envelope.type, envelope.data)
    except (JsonError, NotYours) as error:
        return Refusal(str(error))
    except ValidationError as error:
        return Refusal(_places(error))
    if isinstance(body, Opaque) and len(json.dumps(body.data).encode()) > OPAQUE_EVENT_BYTES:
        return Refusal(f"an event of an unknown type is larger than {OPAQUE_EVENT_BYTES // 1024} KiB")
    return body


def _places(error: ValidationError) -> str:
    """The first three wrong places and what is wrong there, without the values."""
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    shown = "; ".join(f"{_pointer(one['loc'])} {one['type']}" for one in wrong[:3])
    return f"{shown}; {len(wrong) - 3} more" if len(wrong) > 3 else shown  # noqa: PLR2004  # the three that are shown


def _pointer(place: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901), cut: its parts may be keys that an agent chose."""
    return "/" + "/".join(str(part)[:64] for part in place[:8])
