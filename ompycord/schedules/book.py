"""What people and the settings do with schedules: add, list, pause, resume, remove."""

from collections.abc import Mapping, Sequence
from typing import Final

from ompycord.domain.access import Person, Role
from ompycord.domain.base import Millis
from ompycord.domain.catalog import Catalog
from ompycord.domain.policy import Denied, Resource, authorize
from ompycord.domain.ports import AuditTrail, Clock, Ids
from ompycord.domain.ports.schedules import PlannedSchedule, ScheduleRows
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.schedules.options import ScheduleSpec
from ompycord.domain.schedules.schedule import MOST_SCHEDULES, Schedule
from ompycord.domain.schedules.timetable import Timetable, next_after, upcoming
from ompycord.domain.schedules.zones import zone_of
from ompycord.domain.task import TaskRequest
from ompycord.errors import Refused, RefusedInWords
from ompycord.schedules.when import read_when
from ompycord.telemetry import get_logger

__all__ = ["SHOWN", "ScheduleBook"]

SHOWN: Final = 5
"""The next times that are shown of a schedule."""
_BY_SETTINGS: Final = "The settings say so."

log = get_logger(__name__)


class ScheduleBook:
    """Implements `TeamSchedules`, and keeps what the settings say."""

    def __init__(self, *, rows: ScheduleRows, catalog: Catalog, audit: AuditTrail, clock: Clock, ids: Ids) -> None:
        self._rows = rows
        self._audit = audit
        self._catalog = catalog
        self._clock = clock
        self._ids = ids

    def plan(self, schedule: Schedule) -> PlannedSchedule:
        """See the port."""
        now = self._clock.now_ms()
        self._catalog.agent_of(schedule.request)
        times = read_when(schedule.when, schedule.zone, now=now)
        return self._planned(schedule, times, now)

    async def add(self, schedule: Schedule, person: Person) -> PlannedSchedule:
        """See the port."""
        _require_runner(person, schedule)
        planned = self.plan(schedule)
        if len(await self._rows.schedules(schedule.guild)) >= MOST_SCHEDULES:
            raise RefusedInWords(f"This server has {MOST_SCHEDULES} schedules, which is the most. Remove one first.")
        saved = self._from_now(planned.schedule, planned.times)
        if not await self._rows.put(saved):
            raise RefusedInWords(
                f"There is a schedule `{schedule.name}` already. Choose another name, or remove that one first."
            )
        await self._record(saved, "schedule_add", person)
        return planned.model_copy(update={"schedule": saved})

    async def listed(self, guild: str) -> Sequence[PlannedSchedule]:
        """See the port."""
        now = self._clock.now_ms()
        return [self._shown(one, now) for one in await self._rows.schedules(guild)]

    async def pause(self, guild: str, name: str, person: Person) -> Schedule:
        """See the port."""
        schedule = await self._found(guild, name, person)
        if schedule.paused is None:
            await self._rows.pause(schedule.id, f"{person.name} paused it.")
            await self._record(schedule, "schedule_pause", person)
        return schedule

    async def resume(self, guild: str, name: str, person: Person) -> PlannedSchedule:
        """See the port. What was due while it was paused is not caught up."""
        found = await self._named(guild, name)
        _require_runner(person, found)
        if found.paused is None:
            raise RefusedInWords(f"`{found.name}` is not paused. `/omp schedule list` shows when it is due.")
        schedule = found.model_copy(update={"paused": None, "failures": 0})
        if not schedule.is_configured:
            schedule = schedule.model_copy(update={"owner": person.id, "owner_name": person.name})
        planned = self.plan(schedule)
        saved = self._from_now(schedule, planned.times)
        await self._rows.put(saved)
        await self._record(saved, "schedule_resume", person)
        return planned.model_copy(update={"schedule": saved})

    async def remove(self, guild: str, name: str, person: Person) -> Schedule:
        """See the port."""
        schedule = await self._found(guild, name, person)
        if schedule.is_configured:
            raise RefusedInWords(
                f"`{name}` stands in the settings, under `schedules`: take it out there, or pause it here."
            )
        await self._rows.remove(schedule.id)
        await self._record(schedule, "schedule_remove", person)
        return schedule

    async def keep(self, specs: Mapping[str, ScheduleSpec], *, guild: str, channels: Mapping[str, str]) -> None:
        """Bring what is stored up to the settings; a time that was done stays done. Raises StorageError.

        `channels`: where runs are announced, by repository; that of the empty name for all others.
        """
        stored: dict[str, Schedule] = {}
        for one in await self._rows.schedules():
            if one.guild == guild:
                stored[one.name] = one
            elif one.is_configured:  # it was kept for another server, and would start there too
                await self._rows.remove(one.id)
        for name, spec in specs.items():
            there = stored.pop(name, None)
            channel = spec.channel or channels.get(spec.repository) or channels.get("", "")
            try:
                new = self._configured(spec, there, guild=guild, channel=channel)
            except Refused as error:
                log.warning("schedule.not_kept", schedule=name, cause=str(error))
                continue
            await self._rows.put(new)
        for left in stored.values():
            if left.is_configured:
                await self._rows.remove(left.id)

    def _configured(self, spec: ScheduleSpec, there: Schedule | None, *, guild: str, channel: str) -> Schedule:
        now = self._clock.now_ms()
        by_person = there is None or not there.is_configured
        base = {} if by_person or there is None else there.model_dump(include={"failures", "skipped", "last_run"})
        new = Schedule(
            id=self._ids.ulid() if there is None else there.id,
            name=spec.name,
            guild=guild,
            channel=channel,
            when=spec.when,
            zone=spec.zone,
            request=self._request(spec),
            catch_up=spec.catch_up,
            guard=spec.guard,
            is_configured=True,
            paused=_BY_SETTINGS if spec.paused else None,
            created_at=now if there is None else there.created_at,
            **base,
        )
        if there is not None and there.is_configured:
            paused = new.paused or (there.paused if there.paused != _BY_SETTINGS else None)
            new = new.model_copy(update={"paused": paused})
            is_resumed = there.paused is not None and paused is None  # what was due meanwhile is not caught up
            if (there.when, there.zone) == (new.when, new.zone) and not is_resumed:
                return new.model_copy(update={"next_at": there.next_at, "next_key": there.next_key})
        return self._from_now(new, read_when(new.when, new.zone, now=now))

    def _request(self, spec: ScheduleSpec) -> TaskRequest:
        agent = spec.agent
        if agent is None:
            agents = self._catalog.agents_for(self._catalog.repository(spec.repository))
            if not agents:
                raise RefusedInWords(f"{spec.repository} has no agent.")
            agent = agents[0].name
        fields = spec.model_dump(include={"prompt", "repository", "mode", "branch", "budget_usd", "done_when"})
        return TaskRequest.model_validate({**fields, "agent": agent})

    def _from_now(self, schedule: Schedule, times: Timetable | None) -> Schedule:
        """With the next time from now on."""
        zone = zone_of(schedule.zone)
        due = None if zone is None or times is None else next_after(times, zone, self._clock.now_ms())
        key, at = ("", None) if due is None else (due.key, due.at)
        return schedule.model_copy(update={"next_at": at, "next_key": key})

    def _planned(self, schedule: Schedule, times: Timetable, now: Millis) -> PlannedSchedule:
        zone = zone_of(schedule.zone)
        found = () if zone is None else upcoming(times, zone, now, SHOWN)
        return PlannedSchedule(schedule=schedule, times=times, upcoming=tuple(one.at for one in found))

    def _shown(self, schedule: Schedule, now: Millis) -> PlannedSchedule:
        try:
            return self._planned(schedule, read_when(schedule.when, schedule.zone, now=now), now)
        except RefusedInWords:
            return PlannedSchedule(schedule=schedule)

    async def _record(self, schedule: Schedule, action: str, person: Person) -> None:
        """A row of the audit: who did it."""
        detail = {"by_name": person.name, "name": schedule.name, "when": f"{schedule.when} {schedule.zone}"}
        await self._audit.audit(
            actor=person.id, action=action, subject=schedule.id, detail=detail, at=self._clock.now_ms()
        )

    async def _named(self, guild: str, name: str) -> Schedule:
        found = next((one for one in await self._rows.schedules(guild) if one.name == name), None)
        if found is None:
            raise RefusedInWords(f"There is no schedule `{name[:64]}` here. `/omp schedule list` shows them.")
        return found

    async def _found(self, guild: str, name: str, person: Person) -> Schedule:
        """One that this person may change: their own, or any for an approver."""
        schedule = await self._named(guild, name)
        denied = authorize(person, "cancel", _place_of(schedule))
        if isinstance(denied, Denied):
            raise Refused(RefusalCode.NEEDS_ROLE, needs=Role.APPROVER.word, who="its owner or an approver")
        return schedule


def _place_of(schedule: Schedule) -> Resource:
    return Resource(repository=schedule.request.repository, channel=schedule.channel, requester=schedule.owner)


def _require_runner(person: Person, schedule: Schedule) -> None:
    """As each of its starts asks for its owner."""
    denied = authorize(person, "new", _place_of(schedule))
    if isinstance(denied, Denied):
        raise Refused(denied.code, needs=denied.needs[-1])
