"""The log: its rules (numbers, repetitions, ends of sources), events of our own, and what a run's log contains.

`admission.py` applies the rules to posts. docs/contracts/events.md, *Identity*;
docs/contracts/authentication.md, *Webhook ids*; docs/contracts/http.md, *Ended runs*.
"""

import json
import sqlite3
from collections.abc import Sequence
from functools import partial

from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Millis
from ompycord.domain.events import TRANSCRIPT_TYPES, EventBody, RunEvent, RunFailed, RunFinished
from ompycord.domain.ids import AGENT_SOURCE, RunId
from ompycord.domain.records import NewEvent
from ompycord.domain.results import PrepareResult
from ompycord.domain.stages import PREPARE, ROLL_BACK
from ompycord.errors import BadEvent, RunFinal, SequenceConflict
from ompycord.store.archive.files import ArchiveFiles
from ompycord.store.archive.reading import archived_events
from ompycord.store.database import StorePart
from ompycord.store.features.runs import run_pk
from ompycord.store.post_memory import SourceNumbers
from ompycord.store.rows import Encoded, encode, event_of
from ompycord.store.statements import load
from ompycord.store.writes import Apply, Write

__all__ = [
    "WRITES",
    "SqliteEvents",
    "add_event",
    "require_number",
    "require_open",
    "same_or_conflict",
]

HIGHEST_SEQ = 2**53
END_OF_LOG = 2**63 - 1
_TRANSCRIPT_TYPES = json.dumps(sorted(TRANSCRIPT_TYPES))

_SQL = load("events")
_SOURCE_STATE = _SQL.one("source_state")
_EVENT_BY_SEQ = _SQL.one("event_by_seq")
_ADD_EVENT = _SQL.one("add_event")
_PUT_SOURCE_STATE = _SQL.one("put_source_state")
_EVENTS_OF = _SQL.one("events_of")
_TRANSCRIPT = _SQL.one("transcript")
_SESSION = _SQL.one("session")
_PREPARED = _SQL.one("prepared")
_CLAIM = _SQL.one("claim")
_MODELS_OF = _SQL.one("models_of")
_SESSION_USD = _SQL.one("session_usd")


class SqliteEvents(StorePart):
    """Implements `Observations` and `RunHistory`."""

    async def observe(self, run: RunId, bodies: Sequence[EventBody], *, at: Millis) -> int:
        ids = self._database.ids
        apply = _prepare(
            [
                NewEvent(run=run, source=AGENT_SOURCE, kind=SourceKind.AGENT, at=at, body=body, id=ids.ulid())
                for body in self._database.kept_out.bodies(bodies)
            ]
        )
        if not bodies:
            return 0
        positions = await self._database.writer.submit(lambda raw: apply(raw, at), weight=len(bodies))
        return positions[-1]

    async def events_of(self, run: RunId) -> list[RunEvent]:
        return await self._database.readers.read(partial(_events_of, files=self._database.archive, run=run))

    async def transcript(self, run: RunId, *, after: int) -> list[RunEvent]:
        work = partial(_transcript_of, files=self._database.archive, run=run, after=after)
        return await self._database.readers.read(work)

    async def session(self, run: RunId) -> str | None:
        values = {"run": run, "prepared": f"{PREPARE.name}:*", "put_back": f"{ROLL_BACK.name}:*"}
        return await self._database.readers.one(_SESSION, values, lambda row: str(row["session"]))

    async def models_of(self, agent: str) -> tuple[str, ...]:
        return await self._database.readers.one(_MODELS_OF, (agent,), _models) or ()

    async def prepared(self, run: RunId) -> PrepareResult | None:
        values = {"run": run, "prepared": f"{PREPARE.name}:*"}
        return await self._database.readers.one(_PREPARED, values, _prepared_of)

    async def claim(self, run: RunId) -> RunFinished | RunFailed | None:
        event = await self._database.readers.one(_CLAIM, {"run": run}, event_of)
        return event.body if event is not None and isinstance(event.body, RunFinished | RunFailed) else None

    async def session_usd(self, run: RunId, session: str) -> float:
        values = {"run": run, "session": session}
        return await self._database.readers.one(_SESSION_USD, values, lambda row: float(row["usd"])) or 0.0


def _events_of(raw: sqlite3.Connection, *, files: ArchiveFiles, run: RunId) -> list[RunEvent]:
    archived = archived_events(raw, files, run)
    known = {event.position for event in archived}
    rows = raw.execute(_EVENTS_OF, (run, END_OF_LOG))
    return [*archived, *(event_of(row) for row in rows if row["position"] not in known)]


def _transcript_of(raw: sqlite3.Connection, *, files: ArchiveFiles, run: RunId, after: int) -> list[RunEvent]:
    archived = archived_events(raw, files, run, types=TRANSCRIPT_TYPES)
    known = {event.position for event in archived}
    rows = raw.execute(_TRANSCRIPT, {"run": run, "after": after, "types": _TRANSCRIPT_TYPES})
    found = [*archived, *(event_of(row) for row in rows if row["position"] not in known)]
    return [event for event in found if event.position > after]


def _models(row: sqlite3.Row) -> tuple[str, ...]:
    return tuple(str(name) for name in json.loads(row["models"]))


def _prepared_of(row: sqlite3.Row) -> PrepareResult:
    return PrepareResult.model_validate_json(row["facts"] or "{}")


def add_event(raw: sqlite3.Connection, event: NewEvent, encoded: Encoded) -> int:
    """Store an event of our own process and return its position; a repetition keeps its first position.

    Raises UnknownRun, SequenceConflict. Our own sources have no end: what a person or a check reports late is still a
    fact.
    """
    require_number(event.seq)
    pk = run_pk(raw, event.run)
    row = raw.execute(_SOURCE_STATE, (pk, event.source)).fetchone()
    source_state = SourceNumbers() if row is None else SourceNumbers(row["numbering"], row["last_seq"])
    if event.seq is not None and event.seq <= source_state.last_seq and source_state.numbering == "sender":
        stored = raw.execute(_EVENT_BY_SEQ, (pk, event.source, event.seq)).fetchone()
        if stored is not None:
            return same_or_conflict(stored["position"], is_same=stored["hash"] == encoded.hash, seq=event.seq)
    require_open(source_state, event.seq, closed_after=None)
    seq = source_state.last_seq + 1 if event.seq is None else event.seq
    values = (pk, event.source, seq, event.id, event.at, encoded.type, encoded.text, encoded.hash)
    position: int = raw.execute(_ADD_EVENT, values).fetchone()[0]
    numbering = "server" if event.seq is None else "sender"
    raw.execute(_PUT_SOURCE_STATE, {"run": pk, "source": event.source, "numbering": numbering, "seq": seq})
    return position


def require_number(seq: int | None) -> None:
    """Raises BadEvent for a value that is no number."""
    if seq is not None and not 1 <= seq <= HIGHEST_SEQ:
        raise BadEvent("seq counts from 1 to 2^53.")


def same_or_conflict(position: int, *, is_same: bool, seq: int) -> int:
    """The position of the event that has this number, when it is the same one.

    Raises SequenceConflict when it is not.
    """
    if is_same:
        return position
    raise SequenceConflict(f"Number {seq} of this source is taken by another event.")


def require_open(source_state: SourceNumbers, seq: int | None, *, closed_after: int | None) -> None:
    """Check that the source accepts an event.

    Raises SequenceConflict (numbered by the other side), RunFinal (ended).
    """
    numbering = "server" if seq is None else "sender"
    if source_state.numbering is not None and source_state.numbering != numbering:
        raise SequenceConflict("This source mixes events with and without seq: number all of them or none.")
    if closed_after is not None and (seq is None or seq > closed_after):
        raise RunFinal("This source has ended its run: only missing lower numbers are still taken.")


def _prepare(events: Sequence[NewEvent]) -> Apply:
    """Encode in the caller's task. Raises ValueError for a body that is no JSON."""
    encoded = [(event, encode(event.body)) for event in events]

    def apply(raw: sqlite3.Connection, now: Millis) -> Sequence[int]:
        return [add_event(raw, event, text) for event, text in encoded]

    return apply


WRITES = (Write(record=NewEvent, prepare=_prepare, weight=1),)
