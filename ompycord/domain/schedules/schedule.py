"""A schedule and its occurrences as they are stored; counterpart of the tables `schedules` and `occurrences`."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from ompycord.domain.base import Frozen, Line, Millis
from ompycord.domain.ids import Ulid
from ompycord.domain.task import TaskRequest

__all__ = [
    "MOST_SCHEDULES",
    "CatchUp",
    "Claim",
    "GuardCommand",
    "Occurrence",
    "OccurrenceState",
    "Schedule",
    "ScheduleName",
]

MOST_SCHEDULES: Final = 100
"""Schedules of one server."""

ScheduleName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]


class CatchUp(StrEnum):
    """What becomes of times that passed while Ompycord did not run."""

    LATEST = "latest"
    """The last of them is run, late; the others are counted as skipped."""
    SKIP = "skip"
    """All are counted as skipped."""


class GuardCommand(Frozen):
    """A program that decides whether a run is started: exit code 0 starts it, 1 does not, anything else is a failure.

    It runs confined in a checkout of the base; what it prints joins the task.
    """

    command: Annotated[tuple[str, ...], Field(min_length=1, max_length=64)]
    timeout_s: Annotated[float, Field(gt=0, le=900)] = 60.0
    network: bool = False
    """Whether it may use the network."""


class Schedule(Frozen):
    """One schedule."""

    id: Ulid
    name: ScheduleName
    """Unique in its server."""
    guild: str
    channel: str
    """Where the cards of its runs are announced."""
    when: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """As it was written: a line of cron, or a phrase."""
    zone: str
    """A name that was a time zone when it was saved."""
    request: TaskRequest
    catch_up: CatchUp = CatchUp.LATEST
    guard: GuardCommand | None = None
    owner: str | None = None
    """Whose runs these are, and whose limits they count against; None: the settings."""
    owner_name: Annotated[str, Field(max_length=128)] = ""
    is_configured: bool = False
    """Whether it stands in the settings; then only these change it."""
    paused: Line | None = None
    """Why it is paused, as a sentence; None while it is active."""
    next_at: Millis | None = None
    """None where it is never due again."""
    next_key: str = ""
    failures: int = 0
    """Occurrences in a row that started no run because something failed."""
    skipped: int = 0
    """Occurrences that started no run, all together."""
    last_run: Ulid | None = None
    created_at: Millis


class OccurrenceState(StrEnum):
    """What became of one time."""

    CLAIMED = "claimed"
    STARTED = "started"
    SKIPPED = "skipped"


class Occurrence(Frozen):
    """One time of a schedule, unique by schedule and key."""

    schedule: Ulid
    key: str
    due_at: Millis
    state: OccurrenceState
    run: Ulid
    """The id that its run has, or would have: so it is started once."""
    epoch: int = 0
    """The lease under which it is worked on; what an earlier one reports is refused."""
    lease_until: Millis = 0
    not_before: Millis = 0
    """When it is tried again, where it could not be started yet."""
    tries_until: Millis
    """After that it is not tried again: the next one is due, or a day is over."""
    claimed_at: Millis
    reason: Line = ""
    """Why it started no run."""


class Claim(Frozen):
    """What is taken when a schedule is due: one occurrence to do, or none, and what comes next."""

    schedule: Ulid
    expect_key: str
    """The time that was next; whoever claims it first moves the schedule on."""
    next_at: Millis | None
    next_key: str
    occurrence: Occurrence | None
    skipped: int
    """Occurrences that were passed over."""
