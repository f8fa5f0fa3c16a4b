"""The life of a run as people decide it: submit, follow up, cancel, stop, resume. Counterpart: `driver.py`.

A method returns when the fact is on disk. Refusals are `Refused`.
"""

import asyncio
from collections.abc import Awaitable, Callable

from ompycord.conductor.budgeting.book import BudgetBook
from ompycord.conductor.budgets import is_used_up
from ompycord.conductor.lineage import Lineage
from ompycord.conductor.run_access import RunAccess, require_hosted
from ompycord.conductor.snapshots import LoadedRun
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.access import Person
from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Frozen
from ompycord.domain.budgets.accounts import Payer, payer_of
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import OMPYCORD, DraftId, RunId, short_id
from ompycord.domain.lifecycle import advance
from ompycord.domain.policy import Denied, Resource, authorize
from ompycord.domain.ports import Branches, Drafts, RunFilter, Tasks
from ompycord.domain.records import Commit, Committed, Draft, NewEvent
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import FINAL, Machine, RunKind, RunRecord, RunState
from ompycord.domain.task import Mode, Origin, Task, TaskRequest
from ompycord.errors import Refused
from ompycord.text.titles import title_of

__all__ = ["Runs", "Submission"]


Closed = Callable[[], Awaitable[str | None]]
"""Why no new run may start now, as a sentence for people; None while runs may start."""


async def _open() -> None:
    return


class Submission(Frozen):
    """A request and where its run is shown; its names are checked before anything is stored as a run."""

    request: TaskRequest
    guild: str
    """Empty where no server is known: a run of the terminal without Discord."""
    channel: str
    """Where the channel summary is posted; empty: the home channel."""
    requester: tuple[str, str] | None = None
    """Whose limits it counts against, and who is notified: id and name. None: the person who submits it."""
    note: str = ""
    """What is said of it in its log, such as why it started by itself."""


class Runs:
    """Starts, ends, stops and resumes runs; knows no Discord, no process, no SQL.

    Each method returns when the fact is on disk.
    """

    def __init__(
        self,
        *,
        access: RunAccess,
        transitions: Transitions,
        drafts: Drafts,
        tasks: Tasks,
        catalog: Catalog,
        lineage: Lineage,
        branches: Branches,
        wake: Callable[[], None],
        closed: Closed = _open,
        records: bool = False,
        paused: Callable[[], str | None] = lambda: None,
        budgets: BudgetBook | None = None,
    ) -> None:
        """`records`: every run is recorded. `paused`: why nothing is resumed now. `budgets`: what runs share."""
        self._access = access
        self._records = records
        self._transitions = transitions
        self._drafts = drafts
        self._tasks = tasks
        self._catalog = catalog
        self._lineage = lineage
        self._branches = branches
        self._wake = wake
        self._closed = closed
        self._paused = paused
        self._budgets = budgets
        self._beginning = asyncio.Lock()
        """Held while a run is checked against the limits and started, which must be one step."""

    async def submit(self, draft: DraftId, submission: Submission, person: Person) -> RunRecord:
        """Start a run, once per draft: the draft's id becomes the run's, so a second time finds the first.

        Raises Refused when the person may not, a name is unknown or a limit is reached.
        """
        place = Resource(
            guild=submission.guild or None, repository=submission.request.repository, channel=submission.channel or None
        )
        denied = authorize(person, "new", place)
        if isinstance(denied, Denied):
            raise Refused(denied.code, needs=denied.needs[-1])
        request = self._limited(submission.request)
        self._catalog.agent_of(request)
        earlier = await self._access.store.run(RunId(draft))
        if earlier is not None:
            return earlier
        followed = await self._followed(submission) if request.follows is not None else None
        now = self._access.clock.now_ms()
        task = Task(
            **dict(request),
            id=self._access.ids.ulid(),
            title=title_of(request.prompt),
            origin=Origin(
                guild=submission.guild or None,
                channel=submission.channel or None,
                requester=(submission.requester[0] if submission.requester else person.id) or None,
                requester_name=submission.requester[1] if submission.requester else person.name,
            ),
        )
        async with self._beginning:
            await self._check_limits(task.origin)
            await self._check_room(task)
            record = await self._begin(
                RunId(draft), task, person, now=now, draft=draft, followed=followed, note=submission.note
            )
        self._wake()
        return record

    def _limited(self, request: TaskRequest) -> TaskRequest:
        """The request; an answer without a budget has a small limit of its own."""
        if self._records:
            request = request.model_copy(update={"record": True})
        if request.budget_usd is not None or request.mode is not Mode.ASK:
            return request
        return request.model_copy(update={"budget_usd": self._catalog.limits.ask_budget_usd})

    async def _followed(self, submission: Submission) -> RunRecord:
        """The run with which a follow-up goes on. Raises Refused where there is nothing to go on with."""
        request = submission.request
        record = await self._access.store.run(RunId(request.follows or ""))
        if record is None or (record.guild or "") != submission.guild or record.repository != request.repository:
            raise Refused(RefusalCode.NO_SUCH_RUN)
        require_hosted(record)
        if record.state not in FINAL:
            raise Refused(RefusalCode.NOT_ENDED, run=short_id(record.id))
        left = await self._lineage.left_by(record)
        if left is not None and left.branch is not None:
            spec = self._catalog.repository(request.repository)
            if await self._branches.tip(spec, left.branch) is None:
                commit = (left.commit or "")[:12]
                raise Refused(RefusalCode.BRANCH_MISSING, branch=left.branch, repository=spec.name, commit=commit)
        return record

    async def _begin(
        self,
        run: RunId,
        task: Task,
        person: Person,
        *,
        now: int,
        draft: DraftId,
        followed: RunRecord | None = None,
        note: str = "",
    ) -> RunRecord:
        """Store the whole run, with the draft that becomes it.

        The run that it follows is told of it in the same transaction.
        """
        origin = task.origin
        machine = Machine(mode=task.mode, max_rounds=self._catalog.rounds_of(task.repository))
        record = RunRecord(
            id=run,
            kind=RunKind.HOSTED,
            task=task.id,
            guild=origin.guild,
            channel=origin.channel,
            requester=origin.requester,
            repository=task.repository,
            agent=task.agent,
            chain=followed.first if followed is not None else None,
            machine=machine,
            created_at=now,
            updated_at=now,
        )
        submitted = ev.RunSubmitted(task=task)
        queued = ev.RunStateChanged(
            state=RunState.QUEUED, previous=RunState.QUEUED, cause=submitted.type, message="Waiting for a free slot."
        )
        commit = self._transitions.commit_of(
            record,
            submitted,
            kind=SourceKind.PERSON,
            outcome=advance(machine, submitted),
            decision=self._access.decision(run, "submit", "", task.title, person),
        )
        state = self._fact(run, queued, now)
        kept = await self._drafts.draft(draft)
        base = kept or Draft(
            id=draft,
            person=person.id,
            guild=origin.guild or "",
            channel=origin.channel or "",
            body=task.typed(),
            created_at=now,
        )
        announced = () if followed is None else (self._announcement(followed, run, person, now),)
        if note:
            announced = (*announced, self._fact(run, ev.Note(text=note), now))
        becomes = base.model_copy(update={"run": run})
        await self._access.store.commit(Commit(writes=(becomes, task, record, *commit.writes, state, *announced)))
        return await self._access.store.run(run) or record

    def _fact(self, run: RunId, body: ev.EventBody, now: int) -> NewEvent:
        new = self._access.ids.ulid()
        return NewEvent(run=run, source=OMPYCORD, kind=SourceKind.OMPYCORD, at=now, body=body, id=new)

    def _announcement(self, followed: RunRecord, run: RunId, person: Person, now: int) -> NewEvent:
        """The fact, in the log of a run, that another one follows it."""
        body = ev.RunFollowed(run=run, by=person.name)
        at, new = RunId(followed.id), self._access.ids.ulid()
        return NewEvent(run=at, source=OMPYCORD, kind=SourceKind.PERSON, at=now, body=body, id=new)

    async def _check_limits(self, origin: Origin) -> None:
        closed = await self._closed()
        if closed is not None:
            raise Refused(RefusalCode.NO_NEW_RUNS, why=closed)
        limits = self._catalog.limits
        hosted = await self._access.store.runs(
            RunFilter(is_open=True, kind=RunKind.HOSTED, guild=origin.guild, limit=limits.open_per_guild)
        )
        mine = sum(record.requester == origin.requester for record in hosted)
        here = sum(record.channel == origin.channel for record in hosted)
        for count, limit, whose in (
            (mine, limits.open_per_person, "You have"),
            (here, limits.open_per_channel, "This channel has"),
            (len(hosted), limits.open_per_guild, "This server has"),
        ):
            if count >= limit:
                raise Refused(RefusalCode.TOO_MANY_OPEN, whose=whose, count=count, limit=limit)

    async def _check_room(self, task: Task) -> None:
        """Refuse a run whose budgets are used up, unless it may wait for them: its card says so, then."""
        origin = task.origin
        if self._budgets is None or self._budgets.queues:
            return
        payer = Payer(origin.guild or "", origin.requester or "", task.repository)
        why = await self._budgets.no_room(payer, origin.requester_name or "the requester")
        if why is not None:
            raise Refused(RefusalCode.BUDGET_USED_UP, why=why)

    # -- decisions about a run

    async def cancel(self, record: RunRecord, person: Person, *, reason: str | None = None) -> Committed:
        """End a run permanently. An external run is only asked to end; its agent reads that in our answers."""
        run = RunId(record.id)
        self._access.require(person, "cancel", record)
        if record.state in FINAL:
            raise Refused(RefusalCode.HAS_ENDED, run=short_id(run))
        decision = self._access.decision(run, "cancel", "", reason or "", person)
        body: ev.EventBody
        if record.kind is RunKind.EXTERNAL:
            body = ev.CancelRequested(by=person.name, reason=reason)
            committed = await self._access.record(run, body, kind=SourceKind.PERSON, decision=decision)
        else:
            body = ev.RunCancelled(by=person.name, reason=reason)
            committed, _ = await self._transitions.decide(
                run, body, kind=SourceKind.PERSON, decision=decision, must_move=True, known=record
            )
        self._wake()
        return committed

    async def stop(self, record: RunRecord, person: Person) -> Committed:
        """Stop the agent; everything is kept and the run waits."""
        require_hosted(record)
        self._access.require(person, "stop", record)
        if record.state in FINAL or record.state is RunState.SUSPENDED:
            raise Refused(RefusalCode.NOT_RUNNING, run=short_id(record.id))
        return await self._move(record, ev.RunStopped(by=person.name), "stop", person)

    async def suspend(self, record: RunRecord, reason: str) -> None:
        """Suspend a run without a person's order; everything is kept until a person resumes it."""
        body = ev.RunStopped(by="Ompycord", reason=reason)
        await self._transitions.decide(RunId(record.id), body, kind=SourceKind.OMPYCORD, known=record)
        self._wake()

    async def resume(self, loaded: LoadedRun, person: Person) -> Committed:
        """Continue a suspended run; of one that has ended and was not published, try that again."""
        record, run = loaded.record, loaded.run
        require_hosted(record)
        self._access.require(person, "resume", record)
        if (paused := self._paused()) is not None:
            raise Refused(RefusalCode.NO_NEW_RUNS, why=paused)
        if loaded.snapshot is not None and loaded.snapshot.is_unpublished:
            return await self._move(record, ev.PublicationRequested(by=person.name), "publish", person)
        if loaded.snapshot is not None and loaded.snapshot.publishes_again:
            raise Refused(RefusalCode.PUBLISHED_NOW, run=short_id(run))
        if record.state is not RunState.SUSPENDED:
            raise Refused(RefusalCode.NOT_SUSPENDED, run=short_id(run))
        if loaded.snapshot is not None and is_used_up(loaded.snapshot):
            raise Refused(RefusalCode.LIMIT_USED_UP, run=short_id(run))
        if self._budgets is not None:
            name = loaded.snapshot.origin.requester_name if loaded.snapshot else None
            why = await self._budgets.no_room(payer_of(record), name or "the requester")
            if why is not None:
                raise Refused(RefusalCode.BUDGET_USED_UP, why=why)
        return await self._move(record, ev.RunResumed(by=person.name), "resume", person)

    async def give_up(self, loaded: LoadedRun, person: Person) -> Committed:
        """End a run that was stopped because its agent goes in circles; what it made is kept."""
        record = loaded.record
        require_hosted(record)
        self._access.require(person, "cancel", record)
        if loaded.snapshot is None or not loaded.snapshot.is_circling:
            raise Refused(RefusalCode.NOT_SUSPENDED, run=short_id(record.id))
        return await self._move(record, ev.RunGivenUp(by=person.name), "give_up", person)

    async def _move(self, record: RunRecord, body: ev.EventBody, kind: str, person: Person) -> Committed:
        """Stop or resume. Both may happen many times: the version at which they were decided is their reference."""
        run = RunId(record.id)
        decision = self._access.decision(run, kind, str(record.version), "", person)
        committed, _ = await self._transitions.decide(
            run, body, kind=SourceKind.PERSON, decision=decision, must_move=True, known=record
        )
        self._wake()
        return committed
