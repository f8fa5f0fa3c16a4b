"""A task and the request that it is made of: what a person asked for, where, and in which mode.

`TaskRequest` is the one place that defines which fields a task has and how much each may hold. Commands, forms, drafts,
events and the `tasks` table take both from here.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from ompycord.domain.base import Frozen, Name
from ompycord.domain.ids import Ulid
from ompycord.domain.repository import BranchName, OwnName

__all__ = [
    "DONE_WHEN_LIMIT",
    "LARGEST_FILE_MIB",
    "LEAST_BUDGET_USD",
    "MOST_BUDGET_USD",
    "MOST_FILES",
    "PROMPT_LIMIT",
    "Budget",
    "IssueSource",
    "Mode",
    "Origin",
    "Task",
    "TaskFile",
    "TaskPreset",
    "TaskRequest",
]

PROMPT_LIMIT = 32_000
"""Characters of a prompt with the texts that came with it; a command and a form take less at once."""
DONE_WHEN_LIMIT = 300
"""Characters."""
LEAST_BUDGET_USD = 0.01
"""The least that a person can name; a budget is only ever more than nothing."""
MOST_BUDGET_USD = 10_000
MOST_FILES = 10
LARGEST_FILE_MIB = 10
"""Bytes of a file that comes with a task; a larger one is left out, and the person is notified."""

Budget = Annotated[float, Field(gt=0, le=MOST_BUDGET_USD)]
"""US dollars that a run may cost."""


class Mode(StrEnum):
    """What is done for a task; each stage names the modes that it is part of (`stages.py`)."""

    FAST = "fast"
    """The agent only; ends unverified."""
    STANDARD = "standard"
    """The agent, then the repository's checks, run and timed by us, and repairs."""
    FULL = "full"
    """Adds a plan that a person approves, and a review by another agent."""
    ASK = "ask"
    """An answer; nothing may change."""


class Origin(Frozen):
    """Where a task came from and where its channel summary is posted; Discord ids as decimal text."""

    guild: str | None = None
    channel: str | None = None
    """Where the channel summary goes: the channel of the command if that is a work channel, else the home channel."""
    requester: str | None = None
    """The only person whom the final message may mention."""
    requester_name: str | None = Field(default=None, max_length=128)


class TaskFile(Frozen):
    """A file that came with a task and is no part of its text.

    It is kept by its content and laid beside the clone for the agent.
    """

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$")]
    """Unique in its task; never a path."""
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]
    """Bytes."""


class IssueSource(Frozen):
    """The issue of a forge from which a task was made: which bytes of it, and what was the newest there."""

    number: Annotated[int, Field(ge=1, le=2**53)]
    url: Annotated[str, StringConstraints(max_length=2048, pattern=r"^https?://")]
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Of the whole task, as it was shown before it was started."""
    text_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    """Of the issue's title and text on the forge."""
    newest: Annotated[str, StringConstraints(max_length=40)] = ""
    """The forge's time of the newest comment or edit that was read."""
    last_comment: Annotated[int, Field(ge=0, le=2**53)] = 0


def _as_names(stored: object) -> object:
    return (stored,) if isinstance(stored, str) else stored


def _exactly_one(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(names) != 1:
        count = len(names) or "none"
        raise PydanticCustomError(
            "one_repository", "A task has exactly one repository for now, not {count}", {"count": count}
        )
    return names


def _stored(names: tuple[str, ...]) -> str:
    return names[0]


Repositories = Annotated[
    tuple[Name, ...],
    BeforeValidator(_as_names),
    AfterValidator(_exactly_one),
    PlainSerializer(_stored, return_type=str),
    WithJsonSchema(TypeAdapter[str](Name).json_schema()),
]
"""Names of repositories: exactly one for now. It is stored, and published, as that one's name."""


class TaskRequest(Frozen):
    """What a person asks for, as names; the catalog says whether there is such a repository and such an agent."""

    model_config = ConfigDict(serialize_by_alias=True)

    prompt: Annotated[str, StringConstraints(min_length=1, max_length=PROMPT_LIMIT, strip_whitespace=True)]
    repositories: Repositories = Field(
        validation_alias=AliasChoices("repository", "repositories"), serialization_alias="repository"
    )
    agent: Name
    mode: Mode = Mode.STANDARD
    branch: BranchName | None = None
    """The base branch to start from; None takes the repository's."""
    budget_usd: Budget | None = None
    done_when: Annotated[str, StringConstraints(max_length=DONE_WHEN_LIMIT)] | None = None
    """Run in addition to the checks; never proves anything alone."""
    model: OwnName | None = Field(default=None, exclude_if=lambda value: value is None)
    """The model that the agent is to use, as the agent names it; None takes the agent's own."""
    files: Annotated[tuple[TaskFile, ...], Field(max_length=MOST_FILES)] = ()
    follows: Ulid | None = Field(default=None, exclude_if=lambda value: value is None)
    """The run that ended and that this one follows up: on its branch, in its agent's session; None starts afresh."""
    issue: IssueSource | None = Field(default=None, exclude_if=lambda value: value is None)
    """The issue from which it was made; its words are in the prompt."""
    record: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether what its agent asks models is kept, so that the run can be run again from that."""

    refine: bool = Field(default=False, exclude_if=lambda value: not value)
    """Whether models refine the prompt before the agent gets it: a draft, its critique, the final text."""

    @property
    def repository(self) -> str:
        """The one repository's name."""
        return self.repositories[0]

    def typed(self) -> dict[str, Any]:
        """Every field but the files as JSON, by its stored name: what a draft keeps of a request."""
        return self.model_dump(mode="json", include=set(TaskRequest.model_fields) - {"files"})


class TaskPreset(Frozen):
    """Parts of a task under a name; what a person gives beside it wins."""

    prompt: Annotated[str, StringConstraints(min_length=1, max_length=PROMPT_LIMIT)] | None = None
    """Put before what the person writes; alone the whole task."""
    repository: Name | None = None
    agent: Name | None = None
    mode: Mode | None = None
    branch: BranchName | None = None
    budget_usd: Budget | None = None
    done_when: Annotated[str, StringConstraints(max_length=DONE_WHEN_LIMIT)] | None = None
    model: OwnName | None = None
    refine: bool | None = None


class Task(TaskRequest):
    """One task. A retry is another run of the same task."""

    id: Ulid
    title: Annotated[str, StringConstraints(max_length=200)]
    origin: Origin = Origin()
