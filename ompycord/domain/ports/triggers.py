"""Ports of triggers: their rows (`store/features/schedules/triggers.py`), what takes messages, and what people do."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ompycord.domain.access import Person
from ompycord.domain.base import Millis
from ompycord.domain.schedules.announcement import Announcement
from ompycord.domain.triggers.options import TriggerSpec
from ompycord.domain.triggers.records import Firing, FiringOutcome, FiringRequest, Storm, TriggerRun, TriggerState

__all__ = ["TeamTriggers", "TriggerMessages", "TriggerRows"]


class TriggerRows(Protocol):
    """What came, what started, and what is paused. Every method raises StorageError."""

    async def fire(self, request: FiringRequest, question: Announcement | None) -> Firing:
        """Decide about one message, and store that; `question` is queued where it opens one. None asks nothing."""
        ...

    async def claimed(self) -> list[TriggerRun]:
        """Runs that are to be started."""
        ...

    async def settled(self, run: str, state: str) -> None:
        """Store that one was started, or was refused."""
        ...

    async def started_since(self, trigger: str, at: Millis) -> Sequence[str]:
        """Ids of runs that a trigger started since then, the newest first."""
        ...

    async def state(self, trigger: str) -> TriggerState:
        """How it stands."""
        ...

    async def set_paused(self, trigger: str, why: str | None, *, at: Millis) -> bool:
        """Pause or resume it; whether that changed anything."""
        ...

    async def storm(self, storm: str) -> Storm | None:
        """A question with what it is about."""
        ...

    async def close_storm(self, storm: str, by: str, run: TriggerRun | None) -> bool:
        """Store a person's word, and the run that follows from it; False where another word was first."""
        ...


class TriggerMessages(Protocol):
    """Takes messages of other systems."""

    def knows(self, name: str) -> bool:
        """Whether there is such a trigger."""
        ...

    async def take(self, name: str, payload: Mapping[str, Any]) -> Mapping[FiringOutcome, int]:
        """What became of each message that counts; stored when this returns. Raises StorageError."""
        ...


class TeamTriggers(Protocol):
    """What people do with triggers. Each method raises Refused, StorageError."""

    async def listed(self) -> Sequence[tuple[TriggerSpec, TriggerState]]:
        """All, in the order of the settings."""
        ...

    async def pause(self, name: str, person: Person) -> None:
        """Let it start nothing until a person resumes it."""
        ...

    async def resume(self, name: str, person: Person) -> None:
        """Let it go on; failures and costs count from now."""
        ...

    async def answer(self, storm: str, person: Person, *, starts: bool) -> int:
        """Start one run about all that waits, or none; how many messages it was about."""
        ...
