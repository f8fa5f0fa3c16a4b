"""Takes what forges tell: wakes the look at a pull request, and starts runs that a label or an assignment asks for.

A delivery is stored with the call that it makes before it is acknowledged. `run` reads the issue, judges who asked, and
keeps the text before its run starts: a process that ended in between starts the same bytes, once.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Protocol

from ompycord.conductor.issue_calls.judging import CallJudge
from ompycord.conductor.issue_calls.words import CallWords
from ompycord.conductor.pull_requests.issues import Issues
from ompycord.conductor.runs import Runs, Submission
from ompycord.domain.access import Person
from ompycord.domain.catalog import Catalog
from ompycord.domain.events import Note
from ompycord.domain.ids import DraftId, RunId
from ompycord.domain.issue_calls.options import ForgeHookSpec, IssueStarts, starts_by_repository
from ompycord.domain.issue_calls.reading import CalledIssue, ChangedPull, HookMessage, about
from ompycord.domain.issue_calls.records import (
    CALL_VIEW,
    KEPT_MS,
    CallState,
    HookDelivery,
    HookOutcome,
    IssueCall,
)
from ompycord.domain.issues.snapshot import IssueSnapshot, moment_of
from ompycord.domain.policy import Denied, Resource, authorize, is_allowed
from ompycord.domain.ports import AuditTrail, Clock, Ids
from ompycord.domain.ports.schedules import Announcements
from ompycord.domain.ports.triggers import IssueCallRows
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.schedules.announcement import AnnouncedButton, Announcement
from ompycord.domain.task import TaskRequest
from ompycord.errors import ForgeFailed, ForgeNotNow, OmpycordError, Refused
from ompycord.render.phrases import and_list
from ompycord.render.refusals import Audience, refusal_words
from ompycord.render.sanitizer import Sanitizer
from ompycord.telemetry import get_logger
from ompycord.text import cut

__all__ = ["IssueCalls", "RoleOf", "WakePulls"]

_PAUSE_S: Final = 60.0
_GIVE_UP_MS: Final = 24 * 3600 * 1000
"""How long a call waits for its forge or for room."""
_FORGET_MS: Final = 6 * 3600 * 1000
_BURST_MS: Final = 10 * 60 * 1000
_NAME: Final = 100
_PASSING: Final = frozenset({RefusalCode.TOO_MANY_OPEN, RefusalCode.NO_NEW_RUNS})

RoleOf = Callable[[str, str], Awaitable[Person | None]]

log = get_logger(__name__)


class WakePulls(Protocol):
    """What looks at pull requests."""

    async def changed(self, repository: str, pull: ChangedPull) -> bool:
        """Have it looked at now; False where it is none of ours."""
        ...

    async def note(self, run: RunId, note: Note) -> None:
        """A line on the card of a run."""
        ...


class IssueCalls:
    """Implements `HookMessages` and `TeamIssueCalls`; `run` runs for the life of the process."""

    def __init__(
        self,
        *,
        hooks: Mapping[str, ForgeHookSpec],
        rows: IssueCallRows,
        judge: CallJudge,
        issues: Issues,
        pulls: WakePulls,
        runs: Runs,
        announcements: Announcements,
        audit: AuditTrail,
        catalog: Catalog,
        guild: str,
        channels: Mapping[str, str],
        role_of: RoleOf,
        clock: Clock,
        ids: Ids,
        redact: Callable[[str], str],
    ) -> None:
        """`channels`: where runs are announced, by repository; that of the empty name for all others.

        `role_of`: who a person is in a server now; None where Discord cannot be asked.
        """
        self._hooks = hooks
        self._starts = starts_by_repository(hooks.values())
        self._rows = rows
        self._judge = judge
        self._issues = issues
        self._pulls = pulls
        self._runs = runs
        self._announcements = announcements
        self._audit = audit
        self._catalog = catalog
        self._guild = guild
        self._channels = channels
        self._role_of = role_of
        self._clock = clock
        self._ids = ids
        self._words = CallWords(Sanitizer(redact).line)
        self._called = asyncio.Event()
        self._forgot_at = 0

    async def run(self) -> None:
        """Read and start what was called for, until cancelled."""
        while self._hooks:
            try:
                await self._forget()
                await self.start_called()
            except OmpycordError as error:
                log.warning("issue_calls.wait", cause=str(error))
            try:
                async with asyncio.timeout(_PAUSE_S):
                    await self._called.wait()
            except TimeoutError:
                continue
            self._called.clear()

    async def _forget(self) -> None:
        """Now and then: while nothing comes, nothing is written in between."""
        now = self._clock.now_ms()
        if now - self._forgot_at >= _FORGET_MS:
            await self._rows.forget(now - KEPT_MS, self._words.forgotten)
            self._forgot_at = now

    # -- deliveries

    async def take(self, delivery: HookDelivery, message: HookMessage | None) -> HookOutcome:
        """See the port."""
        specs = [] if message is None else self._meant(delivery.hook, message.repository)
        if message is None or not specs:
            return HookOutcome.IGNORED
        if message.pull is not None:
            return await self._changed(delivery, specs, message.pull)
        assert message.issue is not None
        return await self._issue(delivery, specs, message.issue)

    def _meant(self, hook: str, repository: str) -> list[RepositorySpec]:
        """The repositories of this forge that have this name there."""
        api = self._hooks[hook].api_address
        return [
            spec
            for spec in self._catalog.repositories
            if spec.forge is not None and spec.forge.api_address == api and spec.forge.repository.lower() == repository
        ]

    async def _changed(self, delivery: HookDelivery, specs: list[RepositorySpec], pull: ChangedPull) -> HookOutcome:
        if await self._rows.take(delivery, ()) == [HookOutcome.DUPLICATE]:
            return HookOutcome.DUPLICATE
        known = [await self._pulls.changed(spec.name, pull) for spec in specs]
        return HookOutcome.INSPECTED if any(known) else HookOutcome.IGNORED

    async def _issue(self, delivery: HookDelivery, specs: list[RepositorySpec], issue: CalledIssue) -> HookOutcome:
        found = ((spec, _wanted(self._starts.get(spec.name), issue)) for spec in specs)
        spec, meant = next(((spec, one) for spec, one in found if one is not None), (None, issue))
        issue, moment = meant, moment_of(issue.moment)
        if spec is None or moment is None or delivery.at - moment > KEPT_MS:
            return HookOutcome.IGNORED  # what is older may have been taken before, and is not known any more
        call = IssueCall(
            run=self._ids.ulid(),
            repository=spec.name,
            number=issue.number,
            kind=issue.kind,
            value=issue.value,
            login=issue.login,
            text_sha256=issue.text_sha256,
            moment=issue.moment,
            at=delivery.at,
        )
        if not issue.is_set:
            return await self._rows.withdraw(delivery, call, self._words.withdrawn(call))
        (outcome,) = await self._rows.take(delivery, (call,))
        log.info("issue_call.taken", repository=spec.name, number=issue.number, outcome=outcome)
        self._called.set()
        return outcome

    # -- starting

    async def start_called(self) -> int:
        """Read and start what was called for; how many runs started. Raises StorageError."""
        started = 0
        for call in await self._rows.unstarted():
            try:
                spec = self._catalog.repository(call.repository)
            except Refused:
                await self._announcements.decide(call.question, self._words.unknown_repository(call))
                await self._rows.settled(call.run, started=False)
                continue
            ready = call if call.state is CallState.READY else await self._read(spec, call)
            if ready is not None and ready.state is CallState.READY:
                started += await self._start(spec, ready)
        return started

    async def _read(self, spec: RepositorySpec, call: IssueCall) -> IssueCall | None:
        """Who asked is judged first, then the issue is read and kept."""
        try:
            put = await self._judge.put_of(spec, call)
            if put is None:  # it stood there before, or another put it there
                await self._rows.settled(call.run, started=False)
                return None
            if await self._judge.caller(spec, call, self._channel(spec)) is None:
                await self._refuse(spec, call)
                return None
            read = await self._judge.read(spec, call)
        except (ForgeFailed, Refused) as error:
            why = refusal_words(error, Audience.DISCORD) if isinstance(error, Refused) else str(error)
            if self._clock.now_ms() - call.at >= _GIVE_UP_MS or not _is_passing(error):
                await self._end(spec, call, why)
            return None
        starts = self._starts.get(spec.name)
        kept = await self._rows.prepared(
            read, put=put, burst=starts.burst if starts is not None else 1, since=call.at - _BURST_MS
        )
        if kept is not None and kept.state is CallState.WAITING:
            await self._ask(spec, kept)
        return kept

    async def _start(self, spec: RepositorySpec, call: IssueCall) -> bool:
        """As who called, or as who pressed *Start* where it waited, with the role of now."""
        channel = self._channel(spec)
        try:
            person = await (self._role_of(self._guild, call.by) if call.by else self._judge.caller(spec, call, channel))
        except ForgeFailed as error:
            if self._clock.now_ms() - call.at >= _GIVE_UP_MS or not _is_passing(error):
                await self._end(spec, call, str(error))
            return False
        if person is None and call.by:
            return False  # Discord cannot be asked now
        if person is None or not is_allowed(person, "new", Resource(repository=spec.name, channel=channel or None)):
            await self._refuse(spec, call)
            return False
        snapshot, request = _kept(call)
        submission = Submission(
            request=request,
            guild=self._guild,
            channel=channel,
            requester=(person.id, call.by_name or person.name),
            note=self._words.note(call),
        )
        try:
            record = await self._runs.submit(DraftId(call.run), submission, person)
        except Refused as refused:
            if refused.code not in _PASSING or self._clock.now_ms() - call.at >= _GIVE_UP_MS:
                await self._end(spec, call, refusal_words(refused, Audience.DISCORD))
            return False
        await self._rows.settled(call.run, started=True)
        later = await self._issues.later(spec.name, snapshot.source)
        if later:
            words = f"Came later in issue {call.number} and is not read: {and_list(later, most=6)}."
            await self._pulls.note(RunId(record.id), Note(text=words[:500]))
        return True

    async def _refuse(self, spec: RepositorySpec, call: IssueCall) -> None:
        """Words of someone who may not start anything: a row in the audit, and one line in the channel."""
        await self._audit.audit(
            actor=f"forge:{call.login}"[:128],
            action="forge.refused",
            subject=f"{spec.name}#{call.number}",
            detail={"why": "may not start runs", "kind": call.kind},
            at=self._clock.now_ms(),
        )
        await self._end(spec, call, self._words.refused(call), key=f"{call.number}:{call.login}")

    async def _end(self, spec: RepositorySpec, call: IssueCall, why: str, *, key: str | None = None) -> None:
        """Say why nothing starts: where it was asked about, else in a message of its own."""
        text = f"{self._words.head(call)} Nothing started: {cut(why, 600)}"
        if not await self._announcements.decide(call.question, text):
            await self._announce(spec, call.question if key is None else f"issue:{spec.name}:{key}"[:200], text)
        await self._rows.settled(call.run, started=False)

    async def _ask(self, spec: RepositorySpec, call: IssueCall) -> None:
        button = AnnouncedButton(action=CALL_VIEW, label="Show what it will read", ref=call.run, is_primary=True)
        await self._announce(spec, call.question, self._words.waits(call), buttons=(button,))

    # -- people

    async def waiting(self, run: str, person: Person) -> tuple[IssueCall, IssueSnapshot]:
        """See `TeamIssueCalls`."""
        call = await self._rows.call(run)
        if call is None or call.state is not CallState.WAITING:
            raise Refused(RefusalCode.CALL_IS_OVER)
        place = Resource(repository=call.repository, channel=self._channel(self._catalog.repository(call.repository)))
        if isinstance(denied := authorize(person, "new", place), Denied):
            raise Refused(denied.code, needs=denied.needs[-1], who="an admin")
        return call, _kept(call)[0]

    async def start(self, run: str, person: Person) -> IssueCall:
        """See `TeamIssueCalls`."""
        call, _ = await self.waiting(run, person)
        if not await self._rows.confirmed(call, person, self._words.started(call, person)):
            raise Refused(RefusalCode.CALL_IS_OVER)
        self._called.set()
        return call

    def _channel(self, spec: RepositorySpec) -> str:
        return self._channels.get(spec.name) or self._channels.get("", "")

    async def _announce(
        self, spec: RepositorySpec, key: str, text: str, *, buttons: tuple[AnnouncedButton, ...] = ()
    ) -> None:
        if not self._channel(spec):
            return
        announcement = Announcement(
            key=key, guild=self._guild, channel=self._channel(spec), text=text, nonce=self._ids.token()[:25],
            buttons=buttons, created_at=self._clock.now_ms(),
        )  # fmt: skip
        await self._announcements.announce(announcement)


def _wanted(starts: IssueStarts | None, issue: CalledIssue) -> CalledIssue | None:
    """What it says of the label or account that starts runs."""
    if starts is None:
        return None
    return about(issue, starts.label if issue.kind == "label" else starts.assigned_to)


def _is_passing(error: Exception) -> bool:
    """Whether the forge may answer otherwise later."""
    fault = error.__cause__ if isinstance(error, Refused) else error
    return isinstance(fault, ForgeNotNow)


def _kept(call: IssueCall) -> tuple[IssueSnapshot, TaskRequest]:
    kept = json.loads(call.body)
    return IssueSnapshot.model_validate(kept["snapshot"]), TaskRequest.model_validate(kept["request"])
