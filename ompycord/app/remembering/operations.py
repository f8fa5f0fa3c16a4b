"""`ompycord memory`: the index made again, as the control socket answers it or the command line does alone.

Counterpart of `cli/remembering/memory.py`.
"""

from typing import Any

from ompycord.app.control import Operation
from ompycord.domain.memory.items import MemoryFilter, MemoryStatus
from ompycord.domain.ports.memory import MemoryRows
from ompycord.memory.book import terms_of

__all__ = ["MemoryOperations"]

_ALL = 100_000


class MemoryOperations:
    """Looks after the rows of the memory."""

    def __init__(self, *, rows: MemoryRows) -> None:
        self._rows = rows

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""
        return {"memory.reindex": self._reindex}

    async def _reindex(self, arguments: dict[str, Any]) -> dict[str, Any]:
        was_whole = await self._rows.is_index_whole()
        found = await self._rows.items(MemoryFilter(statuses=frozenset(MemoryStatus), limit=_ALL))
        number = await self._rows.index({one.item.id: terms_of(one.item) for one in found})
        return {"items": number, "was_whole": was_whole}
