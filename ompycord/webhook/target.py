"""What the sidecar needs of the store: a part of `domain.ports.Store`, and batches that are taken whole."""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.fold import RunFold
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import Post, Receipt
from ompycord.domain.run import RunRecord
from ompycord.errors import BadEvent

__all__ = ["EventTarget"]


class EventTarget(Protocol):
    """Implemented by `store.SqliteStore`."""

    async def append(self, posts: Sequence[Post], *, together: bool = False) -> list[Receipt | BadEvent]:
        """Store a batch, each post judged alone.

        `together`: all or nothing. Then the first refusal ends the list, its index is its place, and nothing is stored;
        a webhook-id, which stands on the last post, stands for all of them.
        """
        ...

    async def backlog(self) -> int:
        """Events that the projector has not taken in."""
        ...

    async def run(self, run: RunId) -> RunRecord | None: ...
    async def runs(self, which: RunFilter) -> list[RunRecord]: ...
    async def folds(self, runs: Sequence[RunId]) -> dict[RunId, RunFold]: ...
