"""Ports of what is shown in Discord: deliveries, messages, boards; the rules of `store.py` hold here too."""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.base import Millis
from ompycord.domain.ids import RunId
from ompycord.domain.records import (
    Board,
    OutboxKind,
    OutboxRow,
    Surface,
)
from ompycord.domain.run import RunRecord

__all__ = ["Boards", "Deliveries", "Outbox", "ShownMessages", "Surfaces", "ThreadRecords"]


class Outbox(Protocol):
    """What must still reach Discord."""

    async def outbox(self, *, limit: int = 500) -> list[OutboxRow]:
        """Pending rows, oldest first, at most `limit`."""
        ...


class Deliveries(Protocol):
    """How deliveries ended."""

    async def delivered(self, row: OutboxRow, surface: Surface | None, *, at: Millis) -> None:
        """Mark the row done at `at` and remember where it went, in one transaction. Raises UnknownRun."""
        ...

    async def undelivered(self, row: OutboxRow, *, error: str, final: bool) -> None:
        """Record that one more try failed with this `error`; `final`: it is the last. A row that is done stays done."""
        ...


class Surfaces(Protocol):
    """Where the messages and threads of a run stand."""

    async def surfaces(self, run: RunId) -> list[Surface]:
        """All of a run's, by kind and ref; empty for an unknown run."""
        ...

    async def surfaces_of(self, runs: Sequence[RunId]) -> dict[RunId, list[Surface]]:
        """The same of several runs at once; nothing of a run that has none."""
        ...

    async def surface(self, run: RunId, kind: OutboxKind, ref: str = "") -> Surface | None:
        """One surface of a run; None where it is not in Discord yet."""
        ...

    async def run_of_surface(self, channel_or_message: str) -> RunRecord | None:
        """The run whose thread, card or channel summary has this Discord id; None where no run has."""
        ...


class ReceivedMessages(Protocol):
    """How far people's messages in the threads of runs were taken, so that a start finds what it missed."""

    async def received_until(self) -> int | None:
        """Discord's id of the newest one; None where none was kept yet."""
        ...

    async def put_received(self, message: int) -> None:
        """Keep it; never backwards. Raises StorageError."""
        ...


class ShownMessages(Protocol):
    """What the messages of runs show."""

    async def shown(self, surface: Surface) -> None:
        """Remember what a message shows after an edit succeeded. Raises UnknownRun."""
        ...

    async def compared(self, run: RunId, channel: str, position: int) -> None:
        """Remember that all messages of a run in a channel say what was known up to `position`, without an edit."""
        ...

    async def stale_runs(self) -> list[RunId]:
        """Runs of which a message, or the thread's name, shows less than the projector has folded; oldest first."""
        ...


class ThreadRecords(Protocol):
    """The names of threads."""

    async def is_thread_named(self, shown_hash: str, *, besides: str) -> bool:
        """Whether a thread other than `besides`, a channel's id, shows the name of this hash."""
        ...

    async def thread_name(self, channel: str) -> str | None:
        """The hash of a thread's name; None for what is no thread of ours."""
        ...

    async def thread_named(self, channel: str, shown_hash: str) -> None:
        """Remember the hash of a thread's name."""
        ...

    async def thread_namer(self, channel: str) -> RunId | None:
        """The run that names a thread: the one at work, else the next in the queue, else the last that ended."""
        ...


class Boards(Protocol):
    """The boards of channels."""

    async def boards(self) -> list[Board]:
        """Every board that was posted, by channel."""
        ...

    async def save_board(self, board: Board) -> None:
        """Store where a channel's board stands and what it shows; a channel has one, so an earlier one is replaced."""
        ...

    async def drop_board(self, channel: str) -> None:
        """Forget the channel's board, which no longer exists. Idempotent."""
        ...
