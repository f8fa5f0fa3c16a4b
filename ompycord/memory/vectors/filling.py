"""Makes the vectors that are missing, in the background and in batches; counterpart of `meaning.py`, which asks.

What is missing is asked of the rows, so a process that was killed goes on where the last batch ended. A space answers
once it has a vector of every item; until then an earlier one does, or words alone.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Final

from ompycord.domain.memory.options import EmbeddingOptions
from ompycord.domain.memory.vectors import BareItem, EmbeddingCall, EmbeddingSpace, SpaceFill, Vector, VectorPut
from ompycord.domain.ports import Clock
from ompycord.domain.ports.team.vectors import Embedder, VectorRows
from ompycord.errors import EmbeddingFailed, OmpycordError
from ompycord.memory.vectors.meaning import wanted_model
from ompycord.memory.vectors.texts import comparable, sent_text
from ompycord.telemetry import get_logger

__all__ = ["VectorFiller"]

FIRST_S: Final = 5.0
"""After a start, which has better to do; the gateway is there by then."""
PAUSE_S: Final = 30.0
"""Between two looks for what is new."""
_MOST_DOUBLED: Final = 7
"""How often that pause is doubled after failures: it is an hour then."""
_TIDY_S: Final = 3600.0
"""After which vectors of what has expired are removed."""
BATCH_S: Final = 120.0
"""For one batch: a model on a processor takes its time."""
_REFUSED_S: Final = 24 * 3600.0
"""After which an item is tried again whose text alone was refused."""
_MOST_REFUSED: Final = 1000
"""Items that may be refused by themselves, before the address counts as failing."""

log = get_logger(__name__)


class VectorFiller:
    """Runs as one task for the life of the process. Without options it ends at once."""

    def __init__(
        self,
        *,
        rows: VectorRows,
        options: EmbeddingOptions | None,
        embedder: Embedder | None,
        clock: Clock,
        redact: Callable[[str], str],
    ) -> None:
        self.fault: str | None = None
        """Why nothing is made for now; None where all goes well."""
        self._rows = rows
        self._options = options
        self._embedder = embedder
        self._clock = clock
        self._redact = redact
        self._refused: dict[str, float] = {}
        """Ids of items, and until when each is left out."""
        self._failures = 0
        self._tidy_at_s = 0.0
        self._alarm = asyncio.Event()

    def wake(self) -> None:
        """Look now: vectors are to be made again."""
        self._alarm.set()

    async def run(self) -> None:
        """Fill what is missing and look again, until cancelled."""
        if self._options is None or self._embedder is None:
            return
        await self._rest(FIRST_S)
        while True:
            self._alarm.clear()
            await self.fill()
            await self._rest(PAUSE_S * 2 ** min(self._failures, _MOST_DOUBLED))

    async def fill(self) -> None:
        """Make all that is missing. What fails is said in `fault`, and tried again after a pause."""
        if self._options is None or self._embedder is None:
            return
        try:
            await self._fill(self._options, self._embedder)
        except OmpycordError as error:
            log.warning("memory.vectors_wait", cause=str(error))
            self.fault, self._failures = str(error), self._failures + 1
        else:
            self.fault, self._failures = None, 0

    async def _rest(self, pause_s: float) -> None:
        async with asyncio.TaskGroup() as group:
            timer = group.create_task(self._clock.sleep(pause_s))
            alarm = group.create_task(self._alarm.wait())
            await asyncio.wait((timer, alarm), return_when=asyncio.FIRST_COMPLETED)
            timer.cancel()
            alarm.cancel()

    # -- one round -----------------------------------------------------------------------------------------------------

    async def _fill(self, options: EmbeddingOptions, embedder: Embedder) -> None:
        fills = await self._rows.fills()
        space, size, changes = _begun(fills, options), options.batch, 0
        while batch := await self._batch(space, size):
            try:
                vectors = await self._made(batch, options, embedder)
            except EmbeddingFailed as error:
                if not error.is_input:
                    raise
                size = self._smaller(batch)
                continue
            dim = len(vectors[0])
            if space is None or space.dim != dim:
                changes += 1
                if changes > 1:
                    raise EmbeddingFailed(f"{options.model} answers vectors of several lengths in turn: use another.")
                space = await self._rows.space_of(wanted_model(options), dim, at=self._clock.now_ms())
            made = zip(batch, vectors, strict=True)
            await self._rows.put(
                space,
                [VectorPut(one.id, one.sha, comparable(it, normalised=options.normalised)) for one, it in made],
            )
            size = min(size * 2, options.batch)
            self._failures = 0
        is_due = len(fills) != 1 or space != fills[0].space or self._clock.monotonic_s() >= self._tidy_at_s
        if space is not None and (space.whole_at is None or is_due):
            await self._rows.finish(space, at=self._clock.now_ms())
            self._tidy_at_s = self._clock.monotonic_s() + _TIDY_S

    async def _batch(self, space: EmbeddingSpace | None, size: int) -> Sequence[BareItem]:
        """Items that one server and repository pay for; empty where nothing is missing."""
        now_s = self._clock.monotonic_s()
        self._refused = {item: until for item, until in self._refused.items() if until > now_s}
        found = await self._rows.missing(space, without=self._refused, now=self._clock.now_ms(), limit=size)
        return [*takewhile(lambda one: _payer(one) == _payer(found[0]), found)]

    async def _made(
        self, batch: Sequence[BareItem], options: EmbeddingOptions, embedder: Embedder
    ) -> "list[Vector[float]]":
        guild, repository = _payer(batch[0])
        call = EmbeddingCall(
            texts=tuple(sent_text(one.title, one.body, redact=self._redact) for one in batch),
            model=options.model,
            dimensions=options.dimensions,
            guild=guild,
            repository=repository,
        )
        return await embedder.embed(call, timeout_s=BATCH_S)

    def _smaller(self, batch: Sequence[BareItem]) -> int:
        """The next size where a batch was refused; an item that is refused by itself is left out for a day."""
        if len(batch) > 1:
            return len(batch) // 2
        if len(self._refused) >= _MOST_REFUSED:
            raise EmbeddingFailed("The address refuses every text that it is sent.")
        self._refused[batch[0].id] = self._clock.monotonic_s() + _REFUSED_S
        log.warning("memory.no_vector", item=batch[0].id)
        return 1


def _begun(fills: Sequence[SpaceFill], options: EmbeddingOptions) -> EmbeddingSpace | None:
    """The space that was made last, where it is what the settings want; else the first answer makes one."""
    newest = fills[-1].space if fills else None
    return newest if newest is not None and newest.made_by == wanted_model(options) else None


def _payer(item: BareItem) -> tuple[str, str]:
    return item.guild, item.repository or ""
