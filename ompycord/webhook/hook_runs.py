"""The run to which a pushed payload belongs, and whether it came before; the memory of `hooks.py`.

The log has what was stored. Memory only helps: after a restart the rounds of a run are found again by asking the store,
and a payload without an id of its own (`HookReading.id`), such as a notice, counts as a new one when it is sent once
more.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ompycord.domain.authority import SourceKind
from ompycord.domain.events import EventBody
from ompycord.domain.ids import external_source
from ompycord.domain.policy import is_allowed, require_authority
from ompycord.domain.ports import Clock, EventLog, Ids
from ompycord.domain.records import Post, Receipt, Scope
from ompycord.errors import BadEvent, RunFinal, UnknownRun
from ompycord.http.keys import Key

__all__ = ["HookRuns", "Pushed"]

_REMEMBERED: Final = 4096
"""Runs that are remembered; the one that was silent for longest is forgotten first."""
_ROUNDS: Final = 1000
_NAME: Final = 120
"""Characters of a run's name before the number of its round; the whole has 128 at most."""


class Pushed(NamedTuple):
    """A payload of a key, and how it may be stored."""

    key: Key
    source: str
    name: str
    begins: bool
    id: str


@dataclass(slots=True)
class _Memory:
    """The memory of one run of one key: its last open round and its last payload."""

    round: int = 1
    digest: bytes = b""
    count: int = 0


class HookRuns:
    """Stores the events of payloads.

    A run that ended is not changed again: work that starts after its end is another round, `NAME#2` and so on, and what
    still follows an end is dropped.
    """

    def __init__(self, *, store: EventLog, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._start = ids.token()
        self._known: OrderedDict[tuple[str, str], _Memory] = OrderedDict()

    def id_of(self, key: Key, source: str, name: str, *, own: str | None, body: bytes) -> str:
        """What identifies a payload: its own id, else its body where it follows itself."""
        if own is not None:
            return _digest(source, name, own)
        memory, digest = self._memory(key, name), hashlib.sha256(body).digest()
        if digest != memory.digest:
            memory.digest, memory.count = digest, memory.count + 1
        return _digest(source, name, digest.hex(), self._start, str(memory.count))

    async def store(self, pushed: Pushed, events: Sequence[EventBody]) -> list[Receipt]:
        """Store these events, all or nothing, once per id; empty where their run has ended and no other starts.

        Raises BadEvent, StorageError.
        """
        if pushed.key.kind is SourceKind.RUN_KEY:
            return await self._append(pushed, events, pushed.name, may_create=False)
        memory = self._memory(pushed.key, pushed.name)
        for number in range(memory.round, memory.round + _ROUNDS):
            name = pushed.name if number == 1 else f"{pushed.name[:_NAME]}#{number}"
            may_create = is_allowed(pushed.key.actor, Scope.RUNS_CREATE) and (pushed.begins or number == 1)
            try:
                receipts = await self._append(pushed, events, name, may_create=may_create)
            except RunFinal:
                continue
            except UnknownRun:
                if number == 1:
                    raise
                return []
            memory.round = max(memory.round, number)
            return receipts
        return []

    async def _append(
        self, pushed: Pushed, events: Sequence[EventBody], name: str, *, may_create: bool
    ) -> list[Receipt]:
        posts = [self._post(pushed, body, name, may_create=may_create) for body in events]
        posts[-1] = posts[-1]._replace(webhook_id=pushed.id)  # it stands for all of them
        results = await self._store.append(posts, together=True)
        refusal = results[-1]
        if isinstance(refusal, BadEvent):
            raise refusal
        return [result for result in results if isinstance(result, Receipt)]

    def _post(self, pushed: Pushed, body: EventBody, name: str, *, may_create: bool) -> Post:
        key, new_id = pushed.key, self._ids.ulid()
        require_authority(body.type, key.kind)
        return Post(
            key_id=key.id,
            kind=key.kind,
            name=name,
            may_create=may_create,
            source=external_source(key.id, pushed.source),
            at=self._clock.now_ms(),
            body=body,
            event_id=new_id,
            new_run=new_id,
            body_hash=hashlib.sha256(pushed.id.encode()).digest(),  # agents repeat a payload with another time in it
            channel=key.channel,
            owner=key.owner,
        )

    def _memory(self, key: Key, name: str) -> _Memory:
        memory = self._known.setdefault((key.id, name), _Memory())
        self._known.move_to_end((key.id, name))
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return memory


def _digest(*parts: str) -> str:
    whole = "\0".join(parts).encode("utf-8", "surrogatepass")
    return f"hook_{hashlib.sha256(whole).hexdigest()[:48]}"
