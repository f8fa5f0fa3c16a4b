"""Rows to domain values and back, as far as several features need it. A row that is damaged raises ValueError."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from typing import Any, NamedTuple

from ompycord.domain.events import EventBody, Opaque, RunEvent, dump_data, dump_json, load_json
from ompycord.domain.ids import RunId, Source
from ompycord.telemetry import get_logger

__all__ = ["DAMAGED", "Encoded", "canonical", "encode", "event_of", "is_whole", "with_json"]

DAMAGED = "log.damaged"
"""What stands in the place of an event that is not what was stored."""

log = get_logger(__name__)

_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


class Encoded(NamedTuple):
    """An event's body as it is stored. Made in the caller's task, so that a bad one never reaches a batch."""

    type: str
    text: str
    hash: bytes


def canonical(value: object) -> str:
    """JSON with sorted keys and no spaces: one text for one meaning.

    Falls back to escapes where a lone surrogate cannot be written as UTF-8. Raises ValueError for NaN and infinities.
    """
    text = _CANONICAL.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text


def encode(body: EventBody) -> Encoded:
    r"""The stored form of a body, and what makes two events *the same*: SHA-256 over `<type>\n<canonical data>`.

    Neither the time nor any id takes part: a sender that repeats an event without `at`, or under another webhook-id,
    reports the same thing, and a default that is spelled out means what its absence means.
    """
    text = _text_of(body)
    return Encoded(body.type, text, hashlib.sha256(f"{body.type}\n{text}".encode()).digest())


def _text_of(body: EventBody) -> str:
    try:
        text = None if isinstance(body, Opaque) else dump_json(body)
    except ValueError:  # a lone surrogate, which only an adapter of ours can bring
        text = None
    return canonical(dump_data(body)) if text is None else text


def is_whole(row: sqlite3.Row | Mapping[str, Any]) -> bool:
    """Whether type and body of an event, as bytes, have the hash that was stored with them."""
    return hashlib.sha256(row["type"] + b"\n" + row["body"]).digest() == row["hash"]


def event_of(row: sqlite3.Row | Mapping[str, Any]) -> RunEvent:
    """A fact of the log from its row.

    One that is not what was stored keeps its place and number, and says nothing: a body of the type `DAMAGED`.
    """
    if is_whole(row):
        body = load_json(row["type"].decode(), row["body"].decode())
    else:
        log.error("store.event_damaged", position=row["position"], run=row["run"], source=row["source"], seq=row["seq"])
        body = Opaque(type=DAMAGED, data={})
    return RunEvent(
        run=RunId(row["run"]),
        source=Source(row["source"]),
        seq=row["seq"],
        at=row["at"],
        body=body,
        id=row["id"],
        position=row["position"],
    )


def with_json(row: sqlite3.Row, *columns: str) -> dict[str, Any]:
    """A row's columns, those that are named parsed from JSON."""
    values: dict[str, Any] = dict(row)
    for column in columns:
        if values[column] is not None:
            values[column] = json.loads(values[column])
    return values
