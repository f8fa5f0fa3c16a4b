"""Schedules in tests: rows, and a world in which runs start without Discord, git or an agent."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from ompycord.conductor.runs import Submission
from ompycord.domain.access import Person, Role
from ompycord.domain.ids import DraftId, RunId
from ompycord.domain.run import Machine, RunKind, RunRecord, RunState
from ompycord.domain.schedules.guarding import GuardEnd
from ompycord.domain.schedules.schedule import GuardCommand, Schedule
from ompycord.domain.schedules.timetable import next_after
from ompycord.domain.task import Mode, TaskRequest
from ompycord.errors import Refused
from ompycord.schedules.when import read_when

__all__ = ["GuardDouble", "Roles", "StartedRuns", "schedule_from"]


def schedule_from(start: int, when: str, zone: str = "UTC", **changes: object) -> Schedule:
    """A schedule that was saved at `start`."""
    due = next_after(read_when(when, zone, now=start), ZoneInfo(zone), start)
    assert due is not None
    fields: dict[str, object] = {
        "id": "01HZZZZZZZZZZZZZZZZZZZZZZZ",
        "name": "nightly",
        "guild": "100000000000000001",
        "channel": "200000000000000001",
        "when": when,
        "zone": zone,
        "request": TaskRequest(prompt="Look after the shop", repositories=("shop",), agent="rehearsal"),
        "next_at": due.at,
        "next_key": due.key,
        "owner": "300000000000000001",
        "owner_name": "Ada",
        "created_at": start,
    }
    return Schedule.model_validate({**fields, **changes})


@dataclass
class StartedRuns:
    """Runs that were submitted: each id once, as the real use case has it. They end when they are told to."""

    now_ms: Callable[[], int]
    submitted: dict[str, tuple[Submission, Person, int]] = field(
        default_factory=dict[str, tuple[Submission, Person, int]]
    )
    open: set[str] = field(default_factory=set[str])
    refusal: Refused | None = None
    keeps_open: bool = False

    async def submit(self, draft: DraftId, submission: Submission, person: Person) -> RunRecord:
        if self.refusal is not None:
            raise self.refusal
        if draft not in self.submitted:
            self.submitted[draft] = (submission, person, self.now_ms())
            if self.keeps_open:
                self.open.add(draft)
        record = await self.run(RunId(draft))
        assert record is not None
        return record

    async def run(self, run: RunId) -> RunRecord | None:
        if run not in self.submitted:
            return None
        state = RunState.BUILDING if run in self.open else RunState.COMPLETE
        at = self.submitted[run][2]
        return RunRecord(
            id=run,
            kind=RunKind.HOSTED,
            task=run,
            machine=Machine(mode=Mode.STANDARD, state=state),
            state=state,
            created_at=at,
            updated_at=at,
        )


@dataclass
class GuardDouble:
    """Answers as it is told to."""

    ends: list[GuardEnd] = field(default_factory=list[GuardEnd])
    ran: int = 0

    async def run(self, guard: GuardCommand, request: TaskRequest) -> GuardEnd:
        self.ran += 1
        return self.ends.pop(0) if self.ends else GuardEnd(exit_code=0, printed="")


@dataclass
class Roles:
    """What people may do now."""

    by_person: Mapping[str, Role | None] = field(default_factory=dict[str, Role | None])

    async def role_of(self, guild: str, person: str) -> Person | None:
        role = self.by_person.get(person, Role.RUNNER)
        return None if role is None else Person(id=person, name=person, role=role)
