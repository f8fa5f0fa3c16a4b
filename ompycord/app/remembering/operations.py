"""`ompycord memory`: the index made again, a file read and written; as the control socket answers it, or alone.

Counterpart of `cli/remembering/memory.py`.
"""

from typing import Annotated, Any, Final

from pydantic import Field, ValidationError

from ompycord.app.control import Operation
from ompycord.app.remembering.vectors import VectorState, spaces_report
from ompycord.app.remembering.vectors_of_texts import EMBED
from ompycord.domain.base import Frozen
from ompycord.domain.memory.items import MemoryFilter, MemoryKind, MemoryPlace, MemoryStatus
from ompycord.domain.ports import Clock
from ompycord.domain.ports.memory import MemoryRows
from ompycord.domain.ports.team.vectors import VectorRows
from ompycord.errors import RefusedInWords
from ompycord.memory.book import MemoryBook, terms_of
from ompycord.render.memory.agents_file import exported, imported
from ompycord.text import REDACTED

__all__ = ["MemoryOperations"]

_ALL: Final = 100_000
_FILE: Final = 200_000


class _FileRequest(Frozen):
    """Of which repository, on which server; and the file's text where it is read."""

    guild: Annotated[str, Field(pattern=r"^[0-9]{0,20}$")]
    repository: Annotated[str, Field(min_length=1, max_length=100)]
    text: Annotated[str, Field(max_length=_FILE)] = ""


class MemoryOperations:
    """Looks after the rows of the memory."""

    def __init__(
        self,
        *,
        rows: MemoryRows,
        book: MemoryBook,
        vectors: VectorRows,
        clock: Clock,
        state: VectorState | None = None,
    ) -> None:
        """`state` is that of the running process; None where none runs."""
        self._rows = rows
        self._book = book
        self._vectors = vectors
        self._clock = clock
        self._state = state

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""
        return {
            "memory.reindex": self._reindex,
            "memory.status": self._status,
            EMBED: self._embed,
            "memory.import": self._import,
            "memory.export": self._export,
        }

    async def _reindex(self, arguments: dict[str, Any]) -> dict[str, Any]:
        was_whole = await self._rows.is_index_whole()
        found = await self._rows.items(MemoryFilter(statuses=frozenset(MemoryStatus), limit=_ALL))
        number = await self._rows.index({one.item.id: terms_of(one.item) for one in found})
        vectors = await self._vectors_again() if arguments.get("embeddings") is True else None
        return {"items": number, "was_whole": was_whole, "vectors": vectors}

    async def _vectors_again(self) -> int:
        """How many are to be made; those that are there answer until then."""
        fills = await self._vectors.fills()
        if not fills:
            raise RefusedInWords("There are no vectors yet. They are made once memory.embeddings names who makes them.")
        await self._vectors.next_version(fills[-1].space, at=self._clock.now_ms())
        if self._state is not None:
            self._state.wake()
        return fills[-1].items

    async def _embed(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._state is None:
            raise RefusedInWords("Vectors are made by the running Ompycord: start `ompycord up`, then try again.")
        return await self._state.embed(arguments)

    async def _status(self, arguments: dict[str, Any]) -> dict[str, Any]:
        found = await self._rows.items(MemoryFilter(statuses=frozenset(MemoryStatus), limit=_ALL))
        items = {status.value: sum(one.item.status is status for one in found) for status in MemoryStatus}
        state = await spaces_report(self._vectors) if self._state is None else await self._state.report()
        return {"items": items, **state}

    async def _import(self, arguments: dict[str, Any]) -> dict[str, Any]:
        request = _read(arguments)
        place = MemoryPlace(guild=request.guild, repository=request.repository)
        proposed, known, secrets = 0, 0, list[int]()
        for line, new in imported(request.text):
            kept = await self._book.offer(place, new)
            proposed += kept.fresh
            known += not kept.fresh
            if REDACTED in f"{kept.item.title}{kept.item.body}" and REDACTED not in f"{new.title}{new.body}":
                secrets.append(line)
        return {"proposed": proposed, "known": known, "secrets": secrets}

    async def _export(self, arguments: dict[str, Any]) -> dict[str, Any]:
        request = _read(arguments)
        which = MemoryFilter(
            place=MemoryPlace(guild=request.guild, repository=request.repository),
            kinds=frozenset({MemoryKind.DECISION, MemoryKind.LESSON, MemoryKind.FACT}),
            limit=_ALL,
        )
        found = [one.item for one in await self._rows.items(which) if one.item.repository is not None]
        return {"items": len(found), "text": exported(found)}


def _read(arguments: dict[str, Any]) -> _FileRequest:
    try:
        return _FileRequest.model_validate(arguments)
    except ValidationError:
        raise RefusedInWords(
            f"A repository and the id of a server are needed, and a file of at most {_FILE:,} characters."
        ) from None
