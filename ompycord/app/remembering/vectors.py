"""How vectors and the memory of another package stand: lines of `/omp health`, and `ompycord memory status`."""

from collections.abc import Sequence
from typing import Any

from ompycord.app.remembering.backed_search import BackedSearch
from ompycord.app.remembering.vectors_of_texts import answer
from ompycord.bot.lookups import HealthLine
from ompycord.domain.memory.vectors import SpaceFill
from ompycord.domain.ports.team.vectors import VectorRows
from ompycord.memory.vectors.filling import VectorFiller
from ompycord.memory.vectors.meaning import Meaning
from ompycord.render.phrases import count

__all__ = ["VectorState"]

_BY_WORDS = "Things are found by words alone"


class VectorState:
    """Reads it when asked; keeps nothing."""

    def __init__(
        self, *, rows: VectorRows, meaning: Meaning, filler: VectorFiller, backed: BackedSearch | None = None
    ) -> None:
        """`backed` asks the memory of another package."""
        self._backed = backed
        self._rows = rows
        self._meaning = meaning
        self._filler = filler

    async def lines(self, *, is_counted: bool = True) -> Sequence[HealthLine]:
        """Of vectors, where they are wanted, and of the memory of another package, where there is one.

        `is_counted`: with the number of items, which are those of all servers. Raises StorageError.
        """
        backed = () if self._backed is None else (self._backed.line(),)
        if self._meaning.options is None:
            return backed
        words = _words(await self._rows.fills(), is_counted=is_counted)
        if fault := self.fault:
            return (HealthLine(name="Memory", is_ok=False, text=f"{fault} {words}"), *backed)
        return (HealthLine(name="Memory", is_ok=True, text=words), *backed)

    @property
    def fault(self) -> str | None:
        """What is wrong now, in one sentence; None where all goes well."""
        return self._meaning.fault or self._filler.fault

    async def report(self) -> dict[str, Any]:
        """For programs: every space, what is wrong, how often a vector of a question was known. Raises StorageError."""
        options = self._meaning.options
        return {
            **await spaces_report(self._rows),
            "embeddings": options is not None,
            "batch": None if options is None else options.batch,
            "fault": self.fault,
            "backend": None if self._backed is None else self._backed.line().text,
            "query_cache": {"hits": self._meaning.cache.hits, "misses": self._meaning.cache.misses},
        }

    async def embed(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Vectors of texts that a command brings. Raises RefusedInWords."""
        return await answer(self._meaning, arguments)

    def wake(self) -> None:
        """Vectors are to be made now."""
        self._filler.wake()


async def spaces_report(rows: VectorRows) -> dict[str, Any]:
    """The spaces that there are, and how full each is. Raises StorageError."""
    fills = await rows.fills()
    return {
        "spaces": [
            {
                "source": one.space.source,
                "model": one.space.model,
                "numbers": one.space.dim,
                "version": one.space.version,
                "vectors": one.vectors,
                "items": one.items,
                "answers": one.space.whole_at is not None,
            }
            for one in fills
        ]
    }


def _words(fills: Sequence[SpaceFill], *, is_counted: bool) -> str:
    whole = next((one for one in reversed(fills) if one.space.whole_at is not None), None)
    answers = _BY_WORDS if whole is None else f"Vectors of {whole.space.model} answer beside words"
    newest = fills[-1] if fills else None
    if newest is None or newest.vectors >= newest.items:
        return f"{answers}."
    waiting = count(newest.items - newest.vectors, "item") if is_counted else "items"
    return f"{answers}; {waiting} without a vector of {newest.space.model} yet."
