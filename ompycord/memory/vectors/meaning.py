"""What is near a task or a person's words in meaning, beside what the words find; counterpart of `filling.py`.

Where vectors do not answer, for whatever cause, nothing is near and words alone decide, as if none were configured.
"""

from collections.abc import Callable, Sequence
from typing import Final

from ompycord.domain.memory.items import FoundItem, MemoryQuery
from ompycord.domain.memory.options import EmbeddingOptions
from ompycord.domain.memory.vectors import EmbeddingCall, EmbeddingModel, EmbeddingSpace, NearQuery, Vector
from ompycord.domain.ports import Clock
from ompycord.domain.ports.team.vectors import Embedder, VectorRows
from ompycord.errors import EmbeddingFailed, StorageError
from ompycord.memory.vectors.query_cache import QueryCache
from ompycord.memory.vectors.texts import comparable, sent_text
from ompycord.telemetry import get_logger

__all__ = ["Meaning", "wanted_model"]

REST_S: Final = 30.0
"""After a failure nothing is asked for so long: no start of an agent waits for an address that is down."""

_TEXTS_S: Final = 15.0
"""For texts that a command brings: it is answered within 20 seconds."""

log = get_logger(__name__)


def wanted_model(options: EmbeddingOptions) -> EmbeddingModel:
    """Whose vectors the settings want."""
    return EmbeddingModel(
        source=options.provider or options.address or "",
        model=options.model,
        dimensions=options.dimensions,
        normalised=options.normalised,
    )


class Meaning:
    """Implements `NearItems`. One for the process; without options it finds nothing and asks nobody."""

    def __init__(
        self, *, rows: VectorRows, options: EmbeddingOptions | None, clock: Clock, redact: Callable[[str], str]
    ) -> None:
        self.options = options
        self.cache = QueryCache(clock)
        self.fault: str | None = None
        """Why the last question was answered by words alone; None where vectors answered."""
        self._rows = rows
        self._clock = clock
        self._redact = redact
        self._embedder: Embedder | None = None
        self._rests_until_s = 0.0

    def use(self, embedder: Embedder) -> None:
        """Ask this one from now on: it is made after those who ask."""
        self._embedder = embedder

    async def vectors(self, texts: Sequence[str]) -> "list[Vector[float]]":
        """Vectors of texts of no server, as the settings want them. Raises EmbeddingFailed."""
        if self.options is None or self._embedder is None:
            raise EmbeddingFailed("No vectors are made here: memory.embeddings is not set.")
        sent = tuple(sent_text(text, redact=self._redact) for text in texts)
        call = EmbeddingCall(texts=sent, model=self.options.model, dimensions=self.options.dimensions)
        made = await self._embedder.embed(call, timeout_s=_TEXTS_S)
        return [comparable(one, normalised=self.options.normalised) for one in made]

    async def near(self, query: MemoryQuery, text: str, found: Sequence[FoundItem]) -> Sequence[FoundItem]:
        """See the port."""
        if self.options is None or self._embedder is None:
            return ()
        try:
            space = await self._answering(self.options)
            if space is None or self._clock.monotonic_s() < self._rests_until_s:
                return ()
            vector = await self._vector(space, text, query, self._embedder, self.options.query_s)
            candidates = tuple(one.item.id for one in found)
            near = await self._rows.nearest(NearQuery(query, space, vector, candidates))
        except (EmbeddingFailed, StorageError) as error:
            log.warning("memory.by_words", cause=str(error))
            self.fault = str(error)
            self._rests_until_s = self._clock.monotonic_s() + REST_S
            return ()
        self.fault = None
        return near

    async def _answering(self, options: EmbeddingOptions) -> EmbeddingSpace | None:
        """The newest whole space of whom we may ask; it may be that of an earlier model."""
        source = wanted_model(options).source
        fills = await self._rows.fills()
        whole = [one.space for one in fills if one.space.whole_at is not None and one.space.source == source]
        return whole[-1] if whole else None

    async def _vector(
        self, space: EmbeddingSpace, text: str, query: MemoryQuery, embedder: Embedder, timeout_s: float
    ) -> "Vector[float]":
        sent = sent_text(text, redact=self._redact)
        if (known := self.cache.get(space.id, sent)) is not None:
            return known
        call = EmbeddingCall(
            texts=(sent,),
            model=space.model,
            dimensions=space.made_by.dimensions,
            guild=query.place.guild,
            repository=query.place.repository or "",
        )
        (vector,) = await embedder.embed(call, timeout_s=timeout_s)
        if len(vector) != space.dim:
            raise EmbeddingFailed(
                f"{space.model} answers vectors of {len(vector)} numbers, and those that are stored have {space.dim}: "
                "they are made again in the background."
            )
        made = comparable(vector, normalised=space.normalised)
        self.cache.keep(space.id, sent, made)
        return made
