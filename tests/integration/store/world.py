"""A clock that tests move, ids that sort, and the posts and rows that store tests are about.

Imported by its neighbours.
"""

import hashlib
import itertools
from collections.abc import Iterable

from ompycord.domain.authority import SourceKind
from ompycord.domain.effects import Effect, PrepareWorkspace, effect_key
from ompycord.domain.events import EventBody, Note
from ompycord.domain.ids import OMPYCORD, RunId, external_source, new_ulid
from ompycord.domain.ports import Ids
from ompycord.domain.records import Commit, Decision, Draft, EffectRow, NewEvent, Post, Receipt, Transition
from ompycord.domain.run import Machine, RunKind, RunRecord, RunState
from ompycord.domain.task import Task
from ompycord.errors import BadEvent
from ompycord.store import SqliteStore

NOW = 1_780_000_000_000


class HandClock:
    """Stands still until it is moved; with `step_s` each look at the monotonic clock costs time."""

    def __init__(self) -> None:
        self.wall_ms = NOW
        self.seconds = 0.0
        self.step_s = 0.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_s(self) -> float:
        self.seconds += self.step_s
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def pass_ms(self, milliseconds: int) -> None:
        """So much later it is, by both clocks; `wall_ms` alone is a clock that leaps."""
        self.wall_ms += milliseconds
        self.seconds += milliseconds / 1000


class CountingIds:
    """ULIDs that differ in their last characters, in order."""

    def __init__(self, first: int = 1) -> None:
        self._numbers = itertools.count(first)

    def ulid(self) -> str:
        return new_ulid(now_ms=NOW, entropy=next(self._numbers).to_bytes(10))

    def token(self) -> str:
        return f"{next(self._numbers):043d}"


class Sender:
    """A sending key and its posts."""

    def __init__(self, ids: CountingIds, key: str = "key00001") -> None:
        self.ids = ids
        self.key = key

    def post(
        self,
        body: EventBody | None = None,
        *,
        seq: int | None = None,
        name: str = "nightly",
        kind: SourceKind = SourceKind.EXTERNAL,
        source: str | None = None,
        webhook_id: str | None = None,
        sent: bytes | None = None,
        may_create: bool = True,
        channel: str | None = None,
    ) -> Post:
        body = body or Note(text=f"note {seq}")
        return Post(
            key_id=self.key,
            kind=kind,
            name=name,
            may_create=may_create,
            source=external_source(self.key, source),
            at=NOW,
            body=body,
            seq=seq,
            event_id=self.ids.ulid(),
            new_run=self.ids.ulid(),
            webhook_id=webhook_id,
            body_hash=hashlib.sha256(sent or f"{body!r}{seq}".encode()).digest(),
            channel=channel,
        )


class People:
    """What people do here: tasks, hosted runs, decisions."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids

    def task(self) -> Task:
        return Task(id=self.ids.ulid(), prompt="mend it", title="Mend it", repositories=("sample",), agent="rehearsal")

    def run(self, task: Task, **more: object) -> RunRecord:
        values: dict[str, object] = {
            "id": self.ids.ulid(),
            "kind": RunKind.HOSTED,
            "task": task.id,
            "requester": "person",
            "machine": Machine(),
            "created_at": NOW,
            "updated_at": NOW,
        }
        return RunRecord.model_validate({**values, **more})

    def draft(self, run: str | None = None, **more: object) -> Draft:
        values: dict[str, object] = {
            "id": self.ids.ulid(),
            "person": "person",
            "guild": "guild",
            "channel": "channel",
            "body": {"prompt": "mend it"},
            "created_at": NOW,
            "run": run,
        }
        return Draft.model_validate({**values, **more})

    def decision(self, run: str, kind: str = "submit", ref: str = "", action: str = "yes") -> Decision:
        return Decision(
            id=self.ids.ulid(), run=RunId(run), kind=kind, ref=ref, action=action, by="person", by_name="Ada", at=NOW
        )

    def event(self, run: str, body: EventBody, seq: int | None = None) -> NewEvent:
        return NewEvent(
            run=RunId(run), source=OMPYCORD, kind=SourceKind.PERSON, at=NOW, body=body, seq=seq, id=self.ids.ulid()
        )

    def effect(self, run: str, effect: Effect | None = None) -> EffectRow:
        effect = effect or PrepareWorkspace(iteration=1)
        return EffectRow(run=RunId(run), key=effect_key(effect), effect=effect, created_at=NOW)

    def move(self, run: str, state: RunState, *, version: int = 0) -> Transition:
        return Transition(run=RunId(run), expect_version=version, machine=Machine(state=state))

    async def submit(self, store: SqliteStore) -> RunRecord:
        """A hosted run on disk."""
        task = self.task()
        run = self.run(task)
        assert (await store.commit(Commit(writes=(task, run)))).fresh
        return run


def receipt(result: Receipt | BadEvent) -> Receipt:
    """The receipt of a post that had to be taken."""
    if isinstance(result, BadEvent):
        raise result
    return result


def receipts(results: Iterable[Receipt | BadEvent]) -> list[Receipt]:
    return [receipt(result) for result in results]
