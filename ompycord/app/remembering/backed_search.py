"""Asks the memory of another package for candidates, and keeps it at what our rows have.

Its answers are ids alone: our rows say what they are, and whether they are seen there. So one that is wrong leaks
nothing, and where it fails or is slow our own search decides. What it is to forget is no queue either: what it keeps is
compared with the rows, so a process that was killed, a restore and an erasure all reach it.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, cast

from ompycord.bot.lookups import HealthLine
from ompycord.domain.memory.backend import BackendItem, BackendQuery, BackendSpec
from ompycord.domain.memory.items import FoundItem, MemoryFilter, MemoryItem, MemoryQuery
from ompycord.domain.ports import Clock
from ompycord.domain.ports.memory import MemoryRows
from ompycord.errors import StorageError
from ompycord.memory.backends.kind import MemoryBackend
from ompycord.memory.vectors.texts import sent_text
from ompycord.plugins.calls import PluginCalls, PluginFailed
from ompycord.telemetry import get_logger

__all__ = ["BackedSearch"]

FIRST_S: Final = 5.0
"""After a start, which has better to do."""
PAUSE_S: Final = 60.0
"""Between two comparisons of what it keeps with the rows."""
REST_S: Final = 30.0
"""After a failure it is asked nothing for so long: no start of an agent waits for what is down."""
KEEPING_S: Final = 30.0
"""For each part of a comparison."""
_MOST_DOUBLED: Final = 6
_ALL: Final = 100_000
_AT_ONCE: Final = 200

log = get_logger(__name__)


class BackedSearch:
    """Implements `MemorySearch`. One for the process."""

    def __init__(
        self,
        *,
        rows: MemoryRows,
        backend: MemoryBackend,
        spec: BackendSpec,
        clock: Clock,
        redact: Callable[[str], str],
    ) -> None:
        self._rows = rows
        self._backend = backend
        self._spec = spec
        self._clock = clock
        self._redact = redact
        self._calls = PluginCalls(f"memory {spec.kind}", clock=clock)
        self._rests_until_s = 0.0
        self._search_fault: str | None = None
        self._keeping_fault: str | None = None
        self._comparing = asyncio.Lock()

    @property
    def fault(self) -> str | None:
        """What is wrong now, as the end of a sentence; None where all goes well."""
        return self._search_fault or self._keeping_fault

    def line(self) -> HealthLine:
        """For `/omp health`."""
        if self.fault is None:
            return HealthLine(name="Memory backend", is_ok=True, text=f"{self._spec.kind} answers")
        text = f"{self._spec.kind} {self.fault}. Ompycord's own search answers where it does not"
        return HealthLine(name="Memory backend", is_ok=False, text=text)

    # -- finding -------------------------------------------------------------------------------------------------------

    async def search(self, query: MemoryQuery) -> list[FoundItem]:
        """See the port. Ours decides where the text is not known, or no answer comes."""
        if not query.text or self._clock.monotonic_s() < self._rests_until_s:
            return await self._rows.search(query)
        wanted = BackendQuery(
            **query.place.model_dump(), text=sent_text(query.text, redact=self._redact), limit=query.limit
        )
        try:
            answer = await self._calls.call(partial(self._backend.candidates, wanted), within_s=self._spec.timeout_s)
            ids = _ids(answer, query.limit)
        except PluginFailed as error:
            self._search_fault = str(error)
            self._rests_until_s = self._clock.monotonic_s() + REST_S
            log.warning("memory.backend_failed", kind=self._spec.kind, cause=str(error))
            return await self._rows.search(query)
        self._search_fault = None
        known = await self._rows.by_id(ids)
        seen = [known[one] for one in ids if one in known and query.sees(known[one].item)]
        return [one.model_copy(update={"score": float(rank)}) for rank, one in enumerate(seen)]

    # -- keeping -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Keep it at what the rows have, until cancelled; then close it."""
        failures = 0
        try:
            await self._clock.sleep(FIRST_S)
            while True:
                failures = 0 if await self.keep() else failures + 1
                await self._clock.sleep(PAUSE_S * 2 ** min(failures, _MOST_DOUBLED))
        finally:
            await self.close()

    async def keep(self) -> bool:
        """Have it forget what is not active any more, then keep what is new; whether it did. Raises nothing."""
        try:
            async with self._comparing:
                await self._keep()
        except (PluginFailed, StorageError) as error:
            log.warning("memory.backend_not_kept", kind=self._spec.kind, cause=str(error))
            self._keeping_fault = str(error) if isinstance(error, PluginFailed) else "waits for the database"
            return False
        self._keeping_fault = None
        return True

    async def _keep(self) -> None:
        now = self._clock.now_ms()
        active = [one.item for one in await self._rows.items(MemoryFilter(limit=_ALL))]
        items = {one.id: self._given(one) for one in active if one.expires_at is None or one.expires_at > now}
        known = _stamps(await self._calls.call(self._backend.known, within_s=KEEPING_S))
        for ids in _parts(one for one in known if one not in items):
            await self._calls.call(partial(self._backend.remove, ids), within_s=KEEPING_S)
        for ids in _parts(name for name, item in items.items() if known.get(name) != item.stamp):
            await self._calls.call(partial(self._backend.put, tuple(items[one] for one in ids)), within_s=KEEPING_S)

    def _given(self, item: MemoryItem) -> BackendItem:
        fields = item.model_dump(mode="json", include={*BackendItem.model_fields})
        body = sent_text(item.body, redact=self._redact) if item.body else ""
        words: dict[str, Any] = {**fields, "title": sent_text(item.title, redact=self._redact), "body": body}
        stamp = hashlib.sha256(repr(sorted(words.items())).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return BackendItem.model_validate({**words, "stamp": stamp})

    async def close(self) -> None:
        """Close its connections, whatever its code does; what goes on there is left to the end of the process."""
        await self._calls.close(self._backend.close)


def _ids(answer: object, limit: int) -> list[str]:
    """The ids of an answer, each once. Raises PluginFailed for an answer that is none."""
    if not isinstance(answer, list | tuple):
        raise PluginFailed(f"answered {type(answer).__name__} instead of ids")
    given = cast("Sequence[object]", answer)[:limit]
    if not all(isinstance(one, str) for one in given):
        raise PluginFailed("answered something else than ids")
    return [*dict.fromkeys(map(str, given))]


def _stamps(answer: object) -> Mapping[str, str]:
    """Raises PluginFailed for an answer that is none."""
    if not isinstance(answer, Mapping):
        raise PluginFailed(f"answered {type(answer).__name__} instead of stamps")
    given = cast("Mapping[object, object]", answer)
    return {str(name): str(stamp) for name, stamp in given.items()}


def _parts(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    listed = [*ids]
    yield from (tuple(listed[start : start + _AT_ONCE]) for start in range(0, len(listed), _AT_ONCE))
