"""Facts about an agent's work: talk, tools, plan, files, provider, session.

`events.py` gathers all families.
"""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from ompycord.domain.authority import AGENT_KINDS, DECIDERS, OBSERVERS, ONLY_OMPYCORD, ONLY_PEOPLE
from ompycord.domain.base import Frozen, Line, Millis, Name, Text
from ompycord.domain.events.fields import Count, KnownEvent, Latest, OnlyOurs, OpaqueId, Path, Url
from ompycord.domain.ids import Ulid
from ompycord.domain.repository import MOST_MODELS

__all__ = [
    "ArtifactAdded",
    "CallPrints",
    "ChangedFile",
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

Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]


class Prompted(KnownEvent, senders=OBSERVERS | ONLY_PEOPLE):
    """A message to the agent."""

    type: Literal["prompt"] = "prompt"
    text: Text
    by: Name | None = None
    when: Literal["now", "next", "restart"] = "next"
    """Interrupt what it does, wait for the end of its step, or stop it and restart it with this."""
    person: Annotated[OpaqueId | None, OnlyOurs()] = None
    """Who wrote it, by Discord id: it reaches the agent only while that person may write to the run."""


class PromptDropped(KnownEvent, senders=DECIDERS):
    """A message was withdrawn before the agent had it; one that the agent took first stays as it was."""

    type: Literal["prompt.dropped"] = "prompt.dropped"
    prompt: Ulid
    """The id of the `prompt` event."""
    by: Name
    reason: Literal["no_role"] | None = None
    """`no_role`: whoever wrote it may not write to the run any more. Left out: a person withdrew it."""


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
)
SessionEventBody = RetryLimited | RetryCleared | SessionOpened | ArtifactAdded
