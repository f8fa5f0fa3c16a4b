"""Ports of what other systems start: triggers, and labels and assignments on a forge.

Their rows (`store/features/schedules/triggers.py`, `store/features/forge/issue_calls.py`), what takes messages, and
what people do.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from ompycord.domain.access import Person
from ompycord.domain.base import Millis
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.issue_calls.reading import HookMessage
from ompycord.domain.issue_calls.records import HookDelivery, HookOutcome, IssueCall
from ompycord.domain.issues.snapshot import IssueSnapshot
from ompycord.domain.schedules.announcement import Announcement
from ompycord.domain.triggers.options import TriggerSpec
from ompycord.domain.triggers.records import Firing, FiringOutcome, FiringRequest, Storm, TriggerRun, TriggerState

__all__ = [
    "CallRights",
    "HookMessages",
    "IssueCallRows",
    "OpenRights",
    "SeenFailures",
    "TeamIssueCalls",
    "TeamTriggers",
    "TriggerMessages",
    "TriggerRows",
]


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

    async def close_storm(self, storm: Storm, by: str, run: TriggerRun | None, words: str) -> bool:
        """Store a person's word, and the run that follows from it; False where another word was first.

        Its question says the words from then on.
        """
        ...


class SeenFailures(Protocol):
    """Which red runs of checks triggers were told of. Every method raises StorageError."""

    async def seen_upto(self, name: str) -> Millis:
        """When the last one began; 0 at first."""
        ...

    async def mark_seen(self, name: str, at: Millis) -> None:
        """Store that; it never goes back."""
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


class IssueCallRows(Protocol):
    """What came of webhooks of forges. Every method raises StorageError."""

    async def take(self, delivery: HookDelivery, calls: tuple[IssueCall, ...]) -> list[HookOutcome]:
        """Store a delivery with the calls that it makes, both or nothing; DUPLICATE alone where it came before."""
        ...

    async def withdraw(self, delivery: HookDelivery, call: IssueCall, words: str) -> HookOutcome:
        """Store a delivery that takes such calls back before their run has started; their questions say the words."""
        ...

    async def unstarted(self) -> list[IssueCall]:
        """Calls that are to be read or started, the oldest first."""
        ...

    async def prepared(self, call: IssueCall, *, put: str, burst: int, since: Millis) -> IssueCall | None:
        """Store what was read of one, once; None where it was withdrawn meanwhile or its issue has a run.

        Also where another call was for the same act, `put` (see `CallRights`). It waits where `burst` others became
        ready since then.
        """
        ...

    async def call(self, run: str) -> IssueCall | None:
        """One."""
        ...

    async def confirmed(self, call: IssueCall, person: Person, words: str) -> bool:
        """Let one that waits start, by this person's word; False where another word was first.

        Its question says the words from then on.
        """
        ...

    async def settled(self, run: str, started: bool) -> None:
        """Store that its run was started, or refused; its text goes."""
        ...

    async def forget(self, before: Millis, words: Callable[[IssueCall], str]) -> None:
        """Forget deliveries and calls of before then; the questions of those that still wait say the words."""
        ...


class CallRights(Protocol):
    """What the forge says of people."""

    async def put_of(self, call: IssueCall) -> str | None:
        """The forge's name of the act by which this account put the label there, or assigned the issue, at that moment.

        None where it did not; empty where the delivery itself says that it did, and each is of another act. Raises
        ForgeFailed.
        """
        ...

    async def may_write(self, login: str) -> bool:
        """Whether this account may write to the repository. Raises ForgeFailed."""
        ...


class OpenRights(Protocol):
    """Opens a connection to one repository's forge."""

    def __call__(self, spec: ForgeSpec) -> AbstractAsyncContextManager[CallRights]:
        """Used for one question, then closed."""
        ...


class HookMessages(Protocol):
    """Takes deliveries of forges."""

    async def take(self, delivery: HookDelivery, message: HookMessage | None) -> HookOutcome:
        """What it led to; stored when this returns. Raises StorageError."""
        ...


class TeamIssueCalls(Protocol):
    """What people do with a call that waits. Each method raises Refused, StorageError."""

    async def waiting(self, run: str, person: Person) -> tuple[IssueCall, IssueSnapshot]:
        """One with the text that its agent would read."""
        ...

    async def start(self, run: str, person: Person) -> IssueCall:
        """Start exactly that text."""
        ...
