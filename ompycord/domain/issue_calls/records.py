"""What came of a forge's webhook and what became of it; counterpart of the tables of `sql/issue_calls.sql`."""

from enum import StrEnum
from typing import Final, Literal

from ompycord.domain.base import Frozen, Millis, Name
from ompycord.domain.ids import Ulid

__all__ = ["CALL_START", "CALL_VIEW", "KEPT_MS", "CallState", "HookDelivery", "HookOutcome", "IssueCall"]

CALL_VIEW: Final = "callview"
CALL_START: Final = "callgo"
"""The buttons of a call that waits for a person."""
KEPT_MS: Final = 8 * 24 * 3600 * 1000
"""For how long a delivery is known, and a call waits; GitHub sends one again for at most three days."""


class HookOutcome(StrEnum):
    """What a delivery led to."""

    CALLED = "called"
    """An issue calls for a run; the person's right and its text are looked at next."""
    OPEN = "open"
    """The run of the same issue has not ended, or waits."""
    WITHDRAWN = "withdrawn"
    """A label or an assignment was taken away before a run had started."""
    INSPECTED = "inspected"
    """A pull request is looked at now."""
    IGNORED = "ignored"
    DUPLICATE = "duplicate"
    """It came before."""


class CallState(StrEnum):
    """How a call stands."""

    CALLED = "called"
    """Nothing of the forge was read yet."""
    WAITING = "waiting"
    """A person must start it."""
    READY = "ready"
    """The text is kept, and its run is to be started."""
    STARTED = "started"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class HookDelivery(Frozen):
    """One delivery, by what makes it the same one again."""

    hook: str
    delivery: str
    """The forge's own id of it, which is not signed."""
    signature: str
    """Of its bytes: the same bytes under another id are the same delivery."""
    at: Millis


class IssueCall(Frozen):
    """An issue that calls for a run."""

    run: Ulid
    """The id that its run has, if it starts."""
    repository: Name
    number: int
    kind: Literal["label", "assigned"]
    value: str
    login: str
    text_sha256: str
    moment: str
    state: CallState = CallState.CALLED
    body: str = ""
    """The task and what of it is hidden, as JSON, once it was read."""
    why: str = ""
    """Why it waits."""
    by: str = ""
    by_name: str = ""
    """Who started it, where it waited for a person."""
    at: Millis

    @property
    def question(self) -> str:
        """The key of the message that says that it waits."""
        return f"issue:{self.repository}:{self.run}"[:200]
