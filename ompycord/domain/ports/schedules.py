"""Ports of schedules and digests: their rows (`store/features/schedules/`), and what people do with schedules."""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.access import Person
from ompycord.domain.base import Frozen, Millis
from ompycord.domain.run import RunRecord
from ompycord.domain.schedules.announcement import Announcement
from ompycord.domain.schedules.schedule import Claim, Occurrence, OccurrenceState, Schedule
from ompycord.domain.schedules.timetable import Timetable

__all__ = ["Announcements", "DigestRows", "OccurrenceRows", "PlannedSchedule", "ScheduleRows", "TeamSchedules"]


class ScheduleRows(Protocol):
    """Schedules and their occurrences. Every method raises StorageError."""

    async def schedules(self, guild: str | None = None) -> list[Schedule]:
        """Those of a server, or all, by name."""
        ...

    async def put(self, schedule: Schedule) -> bool:
        """Add a schedule, or put it in the place of the one with its id; False where its name is taken."""
        ...

    async def remove(self, schedule: str) -> bool:
        """Forget a schedule; whether it was there. Its occurrences stay."""
        ...

    async def pause(self, schedule: str, why: str) -> bool:
        """Pause an active one; whether that was done."""
        ...


class OccurrenceRows(Protocol):
    """What became of each time. Every method raises StorageError."""

    async def claim(self, claim: Claim) -> bool:
        """Take what is due and move the schedule on; False where another did, or where it was done before."""
        ...

    async def unfinished(self, now: Millis) -> list[Occurrence]:
        """Occurrences that were claimed, are not done, and whose lease has ended."""
        ...

    async def lease(self, occurrence: Occurrence, *, now: Millis, until: Millis) -> Occurrence | None:
        """Take an occurrence again, under a new lease; None where another has it."""
        ...

    async def finish(
        self,
        occurrence: Occurrence,
        state: OccurrenceState,
        *,
        reason: str = "",
        not_before: Millis = 0,
        is_failure: bool = False,
    ) -> bool:
        """Store how it ended, or that it is tried again; False where its lease has been taken over."""
        ...

    async def forget(self, before: Millis) -> None:
        """Forget what was due before and is done."""
        ...


class Announcements(Protocol):
    """Messages that belong to no run. Every method raises StorageError."""

    async def announce(self, announcement: Announcement) -> bool:
        """Queue a message, once by its key; whether it is new."""
        ...

    async def unsent(self, limit: int = 20) -> list[Announcement]:
        """Those that wait, at most so many of each server, the oldest first."""
        ...

    async def sent(self, key: str, *, at: Millis, message: str = "", error: str = "") -> None:
        """Store that it was sent, or why it never will be."""
        ...

    async def tried(self, key: str, error: str) -> int:
        """Store that it could not be sent or edited now; how often that was so."""
        ...

    async def decide(self, key: str, outcome: str) -> bool:
        """Store what a message with buttons says from now on, without them; whether there is one by that key."""
        ...

    async def outdated(self, limit: int = 20) -> list[Announcement]:
        """Sent ones that do not say yet what was decided, at most so many of each server, the oldest first."""
        ...

    async def corrected(self, shown: Announcement, *, at: Millis, error: str = "") -> None:
        """Store that it says what was decided, or why it never will; nothing where that was decided anew meanwhile."""
        ...


class PlannedSchedule(Frozen):
    """A schedule with its next times."""

    schedule: Schedule
    times: Timetable | None = None
    """None where it cannot be read any more."""
    upcoming: tuple[Millis, ...] = ()
    """The next times."""


class TeamSchedules(Protocol):
    """What people do with schedules. Each method raises Refused, StorageError."""

    def plan(self, schedule: Schedule) -> PlannedSchedule:
        """What it would do."""
        ...

    async def add(self, schedule: Schedule, person: Person) -> PlannedSchedule:
        """Save it."""
        ...

    async def listed(self, guild: str) -> Sequence[PlannedSchedule]:
        """Those of a server, by name."""
        ...

    async def pause(self, guild: str, name: str, person: Person) -> Schedule:
        """Let it wait until a person resumes it."""
        ...

    async def resume(self, guild: str, name: str, person: Person) -> PlannedSchedule:
        """Let it go on, from now, as this person's."""
        ...

    async def remove(self, guild: str, name: str, person: Person) -> Schedule:
        """Forget it."""
        ...


class DigestRows(Protocol):
    """What digests read and leave. Every method raises StorageError."""

    async def runs_between(self, guild: str, start: Millis, end: Millis) -> list[RunRecord]:
        """Runs of a server, and external ones, that began or ended in [start, end), the oldest first."""
        ...

    async def decisions_between(self, guild: str, start: Millis, end: Millis) -> Sequence[str]:
        """Titles of decisions that were saved in [start, end) and still count."""
        ...

    async def reported_until(self, job: str) -> Millis:
        """The end of the last span of a job; 0 before the first."""
        ...

    async def advance(self, job: str, *, expect: Millis, end: Millis, announcement: Announcement | None) -> bool:
        """Move a job on and queue what is said, both or nothing; False where another process did before."""
        ...
