"""Rows to domain values and back; counterpart of `queries_read.py`. A row that is damaged raises ValueError."""

import hashlib
import json
import sqlite3
from typing import Any, NamedTuple

from ompycord.domain.effects import EFFECTS
from ompycord.domain.events import EventBody, Opaque, RunEvent, dump_data, dump_json, load_json
from ompycord.domain.ids import RunId, Source
from ompycord.domain.person_settings import PersonSettings
from ompycord.domain.records import Board, Decision, Draft, EffectRow, KeyRecord, OutboxRow, Surface
from ompycord.domain.run import RunRecord
from ompycord.domain.task import Task

__all__ = [
    "Encoded",
    "board_of",
    "canonical",
    "decision_of",
    "draft_of",
    "effect_of",
    "encode",
    "event_of",
    "key_of",
    "outbox_of",
    "person_settings_of",
    "run_of",
    "surface_of",
    "task_of",
]


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

    Neither the time nor any id takes part: a sender that repeats an event without `at`, or under another webhook-id, says
    the same thing again, and a default that is spelled out means what its absence means.
    """
    text = _text_of(body)
    return Encoded(body.type, text, hashlib.sha256(f"{body.type}\n{text}".encode()).digest())


def _text_of(body: EventBody) -> str:
    try:
        text = None if isinstance(body, Opaque) else dump_json(body)
    except ValueError:  # a lone surrogate, which only an adapter of ours can bring
        text = None
    return canonical(dump_data(body)) if text is None else text


def event_of(row: sqlite3.Row) -> RunEvent:
    """A fact of the log."""
    return RunEvent(
        run=RunId(row["run"]),
        source=Source(row["source"]),
        seq=row["seq"],
        at=row["at"],
        body=load_json(row["type"], row["body"]),
        id=row["id"],
        position=row["position"],
    )


def run_of(row: sqlite3.Row) -> RunRecord:
    """A run's row."""
    return RunRecord.model_validate(_with_json(row, "machine"))


def task_of(row: sqlite3.Row) -> Task:
    """A task."""
    return Task.model_validate_json(row["body"])


def draft_of(row: sqlite3.Row) -> Draft:
    """A draft."""
    return Draft.model_validate(_with_json(row, "body"))


def decision_of(row: sqlite3.Row) -> Decision:
    """A decision."""
    return Decision.model_validate(dict(row))


def effect_of(row: sqlite3.Row) -> EffectRow:
    """A line of the journal."""
    values = dict(row)
    values["effect"] = EFFECTS.validate_json(values.pop("body"))
    return EffectRow.model_validate(values)


def outbox_of(row: sqlite3.Row) -> OutboxRow:
    """A delivery."""
    return OutboxRow.model_validate(_with_json(row, "body"))


def surface_of(row: sqlite3.Row) -> Surface:
    """A message or thread of ours."""
    return Surface.model_validate(dict(row))


def board_of(row: sqlite3.Row) -> Board:
    """A channel's board."""
    return Board.model_validate(dict(row))


def person_settings_of(row: sqlite3.Row) -> PersonSettings:
    """What a person chose."""
    return PersonSettings.model_validate_json(row["body"])


def key_of(row: sqlite3.Row) -> KeyRecord:
    """A sending key."""
    return KeyRecord.model_validate(_with_json(row, "scopes"))


def _with_json(row: sqlite3.Row, column: str) -> dict[str, Any]:
    values: dict[str, Any] = dict(row)
    if values[column] is not None:
        values[column] = json.loads(values[column])
    return values
