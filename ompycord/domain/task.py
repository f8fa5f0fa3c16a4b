"""A task: what a person asked for, where and with which care; counterpart of the `tasks` table."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from ompycord.domain.base import Frozen, Name
from ompycord.domain.ids import Ulid

__all__ = ["MOST_FILES", "Mode", "Origin", "Prompt", "Task", "TaskFile"]

MOST_FILES = 10
PROMPT_LIMIT = 32_000  # typed into a form 4,000, longer as attachment up to 32,000

Prompt = Annotated[str, StringConstraints(min_length=1, max_length=PROMPT_LIMIT, strip_whitespace=True)]


class Mode(StrEnum):
    """How much care a run takes."""

    FAST = "fast"
    """The agent only; ends unverified."""
    STANDARD = "standard"
    """The agent, then the repository's checks, run and timed by us."""
    FULL = "full"
    """Adds plan approval and review (the conductor's)."""


class Origin(Frozen):
    """Where a task came from and where its mirror is posted; Discord ids as decimal text."""

    guild: str | None = None
    channel: str | None = None
    """The channel for the mirror: where the command was given if that is a work channel, else the home channel."""
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


class Task(Frozen):
    """One task. A retry is another run of the same task."""

    id: Ulid
    prompt: Prompt
    title: Annotated[str, StringConstraints(max_length=200)]
    repository: Name
    agent: Name
    mode: Mode = Mode.STANDARD
    branch: Annotated[str, StringConstraints(max_length=200)] | None = None
    """The base branch to start from; None takes the repository's."""
    budget_usd: Annotated[float, Field(gt=0, le=10_000)] | None = None
    done_when: Annotated[str, StringConstraints(max_length=300)] | None = None
    """Besides the checks; never earns a mark alone."""
    files: Annotated[tuple[TaskFile, ...], Field(max_length=MOST_FILES)] = ()
    origin: Origin = Origin()
