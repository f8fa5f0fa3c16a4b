"""Facts about an agent's work: talk, tools, plan, usage, files, checks, provider, session.

`events.py` gathers all families.
"""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from ompycord.domain.authority import AGENT_KINDS, OBSERVERS, ONLY_OMPYCORD, ONLY_PEOPLE
from ompycord.domain.base import Frozen, Line, Millis, Name, Text
from ompycord.domain.events.fields import Count, KnownEvent, Latest, OnlyOurs, OpaqueId, Path, Url
from ompycord.domain.ids import Ulid
from ompycord.domain.repository import MOST_MODELS

__all__ = [
    "ERROR_LENGTH",
    "ArtifactAdded",
    "CallPrints",
    "ChangedEvidence",
    "ChangedFile",
    "CheckFinished",
    "CheckProved",
    "CheckStarted",
    "ChecksErred",
    "EvidenceAccepted",
    "EvidenceChanged",
    "FailedTest",
    "FilesChanged",
    "InboxAcknowledged",
    "InboxTaken",
    "LeftOut",
    "Message",
    "Note",
    "Phase",
    "PlanUpdated",
    "PromptDropped",
    "PromptEdited",
    "Prompted",
    "RetryCleared",
    "RetryLimited",
    "SessionEventBody",
    "SessionOpened",
    "Step",
    "ToolFinished",
    "ToolProgress",
    "ToolStarted",
    "WorkEventBody",
    "WorkLeftOut",
]

ERROR_LENGTH = 8000
"""Characters of one failure that are kept; a person reads the check's own output for more."""


Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class Prompted(KnownEvent, senders=OBSERVERS | ONLY_PEOPLE):
    """A message to the agent."""

    type: Literal["prompt"] = "prompt"
    text: Text
    by: Name | None = None
    when: Literal["now", "next", "restart"] = "next"
    """Interrupt what it does, wait for the end of its step, or stop it and restart it with this."""


class PromptDropped(KnownEvent, senders=ONLY_PEOPLE):
    """A person withdrew a message before the agent had it; one that the agent took first stays as it was."""

    type: Literal["prompt.dropped"] = "prompt.dropped"
    prompt: Ulid
    """The id of the `prompt` event."""
    by: Name


class PromptEdited(KnownEvent, senders=ONLY_PEOPLE):
    """A person changed a message before the agent had it; one that the agent took first stays as it was."""

    type: Literal["prompt.edited"] = "prompt.edited"
    prompt: Ulid
    """The id of the `prompt` event."""
    text: Text
    by: Name


class InboxTaken(KnownEvent, senders=ONLY_OMPYCORD):
    """The agent that runs now has this: what it got at its start, or is handed next. Ours alone, never shown."""

    type: Literal["inbox.taken"] = "inbox.taken"
    said: Annotated[tuple[OpaqueId, ...], Field(max_length=1000)]
    """`p:<id of a prompt event>`, `q:<question>`, `a:<approval>`."""


class InboxAcknowledged(KnownEvent, senders=ONLY_OMPYCORD):
    """A session of the agent has these messages: resumed, it is not told them again. Ours alone, never shown."""

    type: Literal["inbox.acknowledged"] = "inbox.acknowledged"
    said: Annotated[tuple[OpaqueId, ...], Field(max_length=1000)]
    """`p:<id of a prompt event>`."""
    session: Name
    """As `session.opened` named it."""


class Message(KnownEvent, senders=AGENT_KINDS):
    """A message of the agent."""

    type: Literal["message"] = "message"
    text: Annotated[Text, Latest("last_words", most=2000)]


class Note(KnownEvent, senders=OBSERVERS | ONLY_PEOPLE):
    """A remark for people; never changes a state."""

    type: Literal["note"] = "note"
    text: Text


class ToolStarted(KnownEvent, senders=AGENT_KINDS):
    """The agent began to use a tool."""

    type: Literal["tool.started"] = "tool.started"
    tool: Name
    title: Line | None = None
    call: OpaqueId | None = None
    """Joins started, progress and finished; without it a start and an end stand alone."""


class ToolProgress(KnownEvent, senders=AGENT_KINDS):
    """What a tool reports on the way; shown only while it runs."""

    type: Literal["tool.progress"] = "tool.progress"
    call: OpaqueId
    text: Line


class CallPrints(Frozen):
    """Hashes by which two uses of a tool are compared, made where Ompycord read the whole call.

    Each has 16 hexadecimal digits.
    """

    action: Fingerprint
    """Of the tool and all arguments, without names made at random."""
    result: Fingerprint
    """Of the result, without what differs by itself, such as times."""
    output: Fingerprint
    """Of the result as it is."""


class ToolFinished(KnownEvent, senders=AGENT_KINDS):
    """A tool ended. Sufficient by itself: `tool` and `title` are repeated, because starts may be dropped."""

    type: Literal["tool.finished"] = "tool.finished"
    tool: Name
    title: Line | None = None
    call: OpaqueId | None = None
    ok: StrictBool = True
    detail: Line | None = None
    added: Count | None = None
    removed: Count | None = None
    prints: Annotated[CallPrints | None, OnlyOurs()] = None
    """Left out where only the words above are known of the call."""


class Step(Frozen):
    """One line of a plan's checklist."""

    title: Line
    status: Literal["pending", "active", "done", "failed", "skipped"] = "pending"


class Phase(Frozen):
    """One phase of a plan."""

    title: Line
    status: Literal["pending", "active", "done", "failed", "skipped"] = "pending"
    steps: Annotated[tuple[Step, ...], Field(max_length=50)] = ()


class PlanUpdated(KnownEvent, senders=OBSERVERS):
    """The whole plan, replacing what was there."""

    type: Literal["plan.updated"] = "plan.updated"
    phases: Annotated[tuple[Phase, ...], Field(max_length=25)]


class ChangedFile(Frozen):
    """One path of a diff. `added` and `removed` are lines; None for a binary file."""

    path: Path
    status: Literal["added", "modified", "deleted", "renamed"] = "modified"
    added: Count | None = None
    removed: Count | None = None


class FilesChanged(KnownEvent, senders=OBSERVERS):
    """What the run has changed so far, replacing what was there."""

    type: Literal["files.changed"] = "files.changed"
    files: Annotated[tuple[ChangedFile, ...], Field(max_length=500)]
    total: Count | None = None
    """When more changed than are listed."""
    branch: Annotated[Annotated[str, StringConstraints(max_length=256)] | None, Latest()] = None
    commit: Annotated[Annotated[str, StringConstraints(max_length=64)] | None, Latest()] = None


class LeftOut(Frozen):
    """A piece of the agent's work that is not in the result."""

    what: Line
    """Such as `branch fix`, or a path with the reason."""
    ref: Annotated[str, StringConstraints(max_length=256)] | None = None
    """The ref of the repository that keeps it; None: nothing keeps it."""


class WorkLeftOut(KnownEvent, senders=ONLY_OMPYCORD):
    """What the agent left in its clone that is not in the result, replacing what was there."""

    type: Literal["work.left_out"] = "work.left_out"
    items: Annotated[tuple[LeftOut, ...], Field(max_length=50)]


# -- checks -----------------------------------------------------------------------------------------------------------


class CheckStarted(KnownEvent, senders=OBSERVERS):
    """A verification step began. From Ompycord: one that we run."""

    type: Literal["check.started"] = "check.started"
    check: Name


class CheckFinished(KnownEvent, senders=OBSERVERS):
    """A verification step ended, timed and parsed by its sender."""

    type: Literal["check.finished"] = "check.finished"
    check: Name
    status: Literal["passed", "failed", "error", "timeout", "missing"]
    """`missing`: the tool is not installed, no failure of the code; `error`: it ran but proved nothing."""
    passed: Count | None = None
    failed: Count | None = None
    skipped: Count | None = None
    duration_ms: Count | None = None
    detail: Line | None = None
    failing: Annotated[tuple[Line, ...], Field(max_length=20)] = ()


class FailedTest(Frozen):
    """A test that failed, or a whole check where it counts none, with its error as the check printed it."""

    test: Line
    error: Annotated[str, StringConstraints(max_length=ERROR_LENGTH)]


class ChecksErred(KnownEvent, senders=ONLY_OMPYCORD):
    """What the first failures of a check said; its agent repairs by it. Ours alone."""

    type: Literal["check.errors"] = "check.errors"
    check: Name
    tests: Annotated[tuple[FailedTest, ...], Field(max_length=10)]


TestNames = Annotated[tuple[Line, ...], Field(max_length=20)]


class CheckProved(KnownEvent, senders=ONLY_OMPYCORD):
    """What stands behind the result of a check that we ran: other runs of it, and what they showed."""

    type: Literal["check.proved"] = "check.proved"
    check: Name
    base: Literal["passed", "failed"] | None = None
    """How it ended on the base; None where that was not asked, or nothing could be told."""
    base_tests: Count | None = None
    """How many tests passed or failed on the base; None where that is not known, or its report counts none."""
    old_failing: TestNames = ()
    """Tests that fail and failed on the base; without names the check itself did."""
    only_old: StrictBool = False
    """Whether nothing fails that passed on the base."""
    with_base: Literal["same", "passed", "failed"] | None = None
    """The result's sources with the base's tests and definitions: the result has them as they were, or how a run of
    these ended."""
    with_base_failing: TestNames = ()
    canary: Literal["seen", "hidden"] | None = None
    """Whether a test of ours passed and failed as it must, in the product's process; None: the exit code alone."""
    lie: Line | None = None
    """What was seen where the canary was hidden."""
    lost: TestNames = ()
    """Tests that passed on the base and do not pass any more: they are gone or skipped."""
    lost_total: Count = 0
    new_total: Count = 0
    """Tests that the base does not have."""
    new_green: TestNames = ()
    """Those of them that pass with the base's sources too, so that they prove nothing of the change."""
    unstable: TestNames = ()
    """Tests that passed only when they were run again."""
    unstable_before: Count = 0
    """Runs before in which one of them was."""

    @property
    def is_honest(self) -> bool:
        """Whether the run can be believed: nothing hid the canary, nothing passed by chance."""
        return self.canary != "hidden" and not self.unstable

    @property
    def is_whole(self) -> bool:
        """Whether the result passes with the base's own tests, and none of them was lost."""
        return self.with_base in {"same", "passed"} and not self.lost_total


class EvidenceAccepted(KnownEvent, senders=ONLY_PEOPLE):
    """A person accepted what a result changed of tests and checks. It holds for these very bytes."""

    type: Literal["evidence.accepted"] = "evidence.accepted"
    by: Name
    commit: Annotated[str, StringConstraints(max_length=64)]
    """The result that was accepted."""
    changes: Count
    """How many changes were accepted."""


class ChangedEvidence(Frozen):
    """One path by which the checks prove less of a result than they would with the tests and settings of its base."""

    path: Path
    what: Literal[
        "test_removed",
        "test_moved",
        "test_linked",
        "test_skipped",
        "test_changed",
        "check_removed",
        "check_linked",
        "check_changed",
        "check_added",
        "shadow",
        "compiled",
        "answer",
        "suppression",
    ]
    """`test_*`: a file with tests that the base has. `check_*`: a file that defines how a check runs. `shadow`: a new
    file that is loaded instead of what runs the tests; `compiled`: code that nobody can read; `answer`: code that acts
    on the test run itself; `suppression`: a comment that asks a check to look away."""
    name: Line | None = None
    """What of it: names of tests, a section, a module, a function that is called."""
    put_back: StrictBool = False
    """Whether the checks ran a second time with what the base has there, so that they tell what it means."""


class EvidenceChanged(KnownEvent, senders=ONLY_OMPYCORD):
    """The result touches existing tests or what defines a check, so passing checks do not verify it."""

    type: Literal["evidence.changed"] = "evidence.changed"
    changes: Annotated[tuple[ChangedEvidence, ...], Field(min_length=1, max_length=100)]
    total: Count | None = None
    """When more were found than are listed."""


# -- provider, session, artifacts -------------------------------------------------------------------------------------


class RetryLimited(KnownEvent, senders=OBSERVERS):
    """The model provider refuses for now; work so far is kept."""

    type: Literal["retry.limited"] = "retry.limited"
    message: Line | None = None
    attempt: Count | None = None
    of: Count | None = None
    until: Millis | None = None


class RetryCleared(KnownEvent, senders=OBSERVERS):
    """The provider answers again."""

    type: Literal["retry.cleared"] = "retry.cleared"


class SessionOpened(KnownEvent, senders=OBSERVERS):
    """The agent's own session, for resuming and take-over."""

    type: Literal["session.opened"] = "session.opened"
    session: Annotated[OpaqueId, Latest()]
    agent: Annotated[Name | None, Latest()] = None
    model: Annotated[Name | None, Latest()] = None
    provider: Annotated[Name | None, Latest()] = None
    models: Annotated[tuple[Name, ...], Field(max_length=MOST_MODELS)] = ()
    """The models that the agent offers there, as far as it says so."""


class ArtifactAdded(KnownEvent, senders=OBSERVERS):
    """Something worth keeping: a log, a diff, a picture. Ours are stored by content; others are only named."""

    type: Literal["artifact.added"] = "artifact.added"
    name: Name
    kind: Name = "file"
    size: Count | None = None
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    url: Url | None = None


WorkEventBody = (
    Prompted
    | PromptDropped
    | PromptEdited
    | InboxAcknowledged
    | InboxTaken
    | Message
    | Note
    | ToolStarted
    | ToolProgress
    | ToolFinished
    | PlanUpdated
    | FilesChanged
    | WorkLeftOut
    | CheckStarted
    | CheckFinished
    | ChecksErred
    | CheckProved
    | EvidenceAccepted
    | EvidenceChanged
)
SessionEventBody = RetryLimited | RetryCleared | SessionOpened | ArtifactAdded
