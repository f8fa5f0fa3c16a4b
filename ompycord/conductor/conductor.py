"""The use cases: submit, cancel, stop, resume, answer, approve, say; every surface ends here. Counterpart: `driver.py`, which works.

A method returns when the fact is on disk. Refusals are `Refused`, written for the person.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field

from ompycord.conductor.budget import is_used_up
from ompycord.conductor.capabilities import AgentCapabilityLookup
from ompycord.conductor.messages import MessageReceipt, Messages, When
from ompycord.conductor.run_access import RunAccess, RunStore
from ompycord.conductor.transcript import QueuedMessage, Transcript
from ompycord.conductor.transitions import Transitions
from ompycord.domain import events as ev
from ompycord.domain.access import Person, may
from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Frozen
from ompycord.domain.catalog import Catalog
from ompycord.domain.ids import OMPYCORD, DraftId, RunId, short_id
from ompycord.domain.lifecycle import advance
from ompycord.domain.ports import AgentCapabilities, Clock, Drafts, Ids, Observations, RunFilter, RunHistory, Tasks
from ompycord.domain.records import Commit, Committed, Draft, NewEvent
from ompycord.domain.run import FINAL, Machine, RunKind, RunRecord, RunState
from ompycord.domain.snapshot import StatusSnapshot
from ompycord.domain.task import MOST_FILES, Mode, Origin, Prompt, Task, TaskFile
from ompycord.errors import Refused
from ompycord.render.phrases import money

__all__ = ["Conductor", "Submission", "title_of"]

TITLE_LENGTH = 80
_NONE: Mapping[str, AgentCapabilities] = MappingProxyType({})

Closed = Callable[[], Awaitable[str | None]]
"""Why no new run may begin now, as a sentence for people; None while they may."""


async def _open() -> None:
    return


class Submission(Frozen):
    """What a person asks for, as names; checked against configuration before anything is stored as a run."""

    prompt: Prompt
    repository: str
    agent: str
    mode: Mode = Mode.STANDARD
    branch: Annotated[str, Field(max_length=200, pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")] | None = None
    budget_usd: Annotated[float, Field(gt=0, le=10_000)] | None = None
    done_when: Annotated[str, Field(max_length=300)] | None = None
    files: Annotated[tuple[TaskFile, ...], Field(max_length=MOST_FILES)] = ()
    guild: str
    channel: str
    """Where the mirror goes."""


def title_of(prompt: str) -> str:
    """The first sentence or line of a prompt, at most 80 characters."""
    line = next((line.strip() for line in prompt.splitlines() if line.strip()), "")
    sentence = line.split(". ", 1)[0].rstrip(".")
    return sentence if len(sentence) <= TITLE_LENGTH else sentence[: TITLE_LENGTH - 1].rstrip() + "…"


class Conductor:
    """Decides what people and agents ask for; knows no Discord, no process, no SQL."""

    def __init__(
        self,
        *,
        store: RunStore,
        drafts: Drafts,
        tasks: Tasks,
        observations: Observations,
        history: RunHistory,
        clock: Clock,
        ids: Ids,
        catalog: Catalog,
        wake: Callable[[], None],
        capabilities: Mapping[str, AgentCapabilities] = _NONE,
        closed: Closed = _open,
    ) -> None:
        """`capabilities` of agents by their kind; one that is not listed can neither be steered nor asks for leave."""
        self._store = store
        self._drafts = drafts
        self._tasks = tasks
        self._observations = observations
        self._clock = clock
        self._ids = ids
        self._wake = wake
        self._closed = closed
        self._beginning = asyncio.Lock()
        """Looking at the limits and beginning a run are one step."""
        self._access = RunAccess(store=store, clock=clock, ids=ids)
        self._transitions = Transitions(store=store, clock=clock, ids=ids)
        self._messages = Messages(
            access=self._access,
            history=history,
            transitions=self._transitions,
            catalog=catalog,
            capabilities=AgentCapabilityLookup(catalog=catalog, by_kind=capabilities),
            wake=wake,
        )
        self.catalog = catalog

    # -- tasks

    async def keep_draft(self, draft: Draft) -> None:
        """Keep what a person typed before anything else happens with it."""
        await self._drafts.save_draft(draft)

    async def submit(self, draft: DraftId, submission: Submission, person: Person) -> RunRecord:
        """Start a run, once per draft: the draft's id becomes the run's, so a second time finds the first.

        Raises Refused when the person may not, a name is unknown or a limit is reached.
        """
        if not may(person, "new"):
            raise Refused("You can watch here, not start runs. Somebody with the role *admin* can give you *runner*.")
        repository = self.catalog.repository(submission.repository)
        agent = self.catalog.agent(submission.agent, repository=repository)
        earlier = await self._store.run(RunId(draft))
        if earlier is not None:
            return earlier
        now = self._clock.now_ms()
        task = Task(
            id=self._ids.ulid(),
            prompt=submission.prompt,
            title=title_of(submission.prompt),
            repository=repository.name,
            agent=agent.name,
            mode=submission.mode,
            branch=submission.branch,
            budget_usd=submission.budget_usd,
            done_when=submission.done_when,
            files=submission.files,
            origin=Origin(
                guild=submission.guild, channel=submission.channel, requester=person.id, requester_name=person.name
            ),
        )
        async with self._beginning:
            await self._check_limits(task.origin)
            record = await self._begin(RunId(draft), task, person, now=now, draft=draft)
        self._wake()
        return record

    async def retry(self, run: RunId, person: Person) -> RunRecord:
        """Another run of the same task, each time it is called: keeping a double click apart is the caller's."""
        record = await self._access.hosted(run)
        if record.state not in FINAL:
            raise Refused(f"{short_id(run)} has not ended; say something to it, or cancel it first.")
        self._access.require(person, "retry", record)
        task = await self._tasks.task(record.task or "")
        if task is None:
            raise Refused(f"The task of {short_id(run)} is not kept any more.")
        again = task.model_copy(
            update={
                "id": self._ids.ulid(),
                "origin": task.origin.model_copy(update={"requester": person.id, "requester_name": person.name}),
            }
        )
        async with self._beginning:
            await self._check_limits(again.origin)
            new = await self._begin(RunId(self._ids.ulid()), again, person, now=self._clock.now_ms(), draft=None)
        self._wake()
        return new

    async def _begin(self, run: RunId, task: Task, person: Person, *, now: int, draft: DraftId | None) -> RunRecord:
        origin = task.origin
        machine = Machine(mode=task.mode)
        record = RunRecord(
            id=run,
            kind=RunKind.HOSTED,
            task=task.id,
            guild=origin.guild,
            channel=origin.channel,
            requester=origin.requester,
            repository=task.repository,
            agent=task.agent,
            machine=machine,
            created_at=now,
            updated_at=now,
        )
        submitted = ev.RunSubmitted(task=task)
        queued = ev.RunStateChanged(
            state=RunState.QUEUED, previous=RunState.QUEUED, cause=submitted.type, message="Waiting for its turn."
        )
        commit = self._transitions.commit_of(
            record,
            submitted,
            kind=SourceKind.PERSON,
            outcome=advance(machine, submitted),
            decision=self._access.decision(run, "submit", "", task.title, person),
        )
        state = NewEvent(run=run, source=OMPYCORD, kind=SourceKind.OMPYCORD, at=now, body=queued, id=self._ids.ulid())
        drafts: tuple[Draft, ...] = ()
        if draft is not None:
            kept = await self._drafts.draft(draft)
            typed = {"prompt": task.prompt, "repository": task.repository, "agent": task.agent, "mode": task.mode}
            base = kept or Draft(
                id=draft,
                person=person.id,
                guild=origin.guild or "",
                channel=origin.channel or "",
                body=typed,
                created_at=now,
            )
            drafts = (base.model_copy(update={"run": run}),)
        whole = Commit(writes=(*drafts, task, record, *commit.writes, state))
        await self._store.commit(whole)
        return await self._store.run(run) or record

    async def _check_limits(self, origin: Origin) -> None:
        closed = await self._closed()
        if closed is not None:
            raise Refused(closed)
        limits = self.catalog.limits
        hosted = await self._store.runs(
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
                raise Refused(f"{whose} {count} open runs; {limit} is the limit. Cancel one, or wait for one to end.")

    # -- decisions about a run

    async def cancel(self, run: RunId, person: Person, *, reason: str | None = None) -> Committed:
        """End a run for good. An external run is only asked to end; its agent reads it in our answers."""
        record = await self._access.run(run)
        self._access.require(person, "cancel", record)
        if record.state in FINAL:
            raise Refused(f"{short_id(run)} has ended already.")
        decision = self._access.decision(run, "cancel", "", reason or "", person)
        body: ev.EventBody
        if record.kind is RunKind.EXTERNAL:
            body = ev.CancelRequested(by=person.name, reason=reason)
            committed = await self._access.record(run, body, kind=SourceKind.PERSON, decision=decision)
        else:
            body = ev.RunCancelled(by=person.name, reason=reason)
            committed, _ = await self._transitions.decide(
                run, body, kind=SourceKind.PERSON, decision=decision, must_move=True
            )
        self._wake()
        return committed

    async def stop(self, run: RunId, person: Person) -> Committed:
        """Halt the agent; everything is kept and the run waits."""
        record = await self._access.hosted(run)
        self._access.require(person, "stop", record)
        if record.state in FINAL or record.state is RunState.SUSPENDED:
            raise Refused(f"{short_id(run)} is not running.")
        return await self._move(record, ev.RunStopped(by=person.name), "stop", person)

    async def suspend_unanswered(self, run: RunId) -> None:
        """Nobody decided for a day: halt the agent; resumed, it asks again, and what was decided meanwhile is its answer."""
        await self.suspend(run, "Parked: nobody decided for a day what its agent asked.")

    async def suspend(self, run: RunId, reason: str) -> None:
        """Stop a run of our own accord; everything is kept until a person resumes it."""
        body = ev.RunStopped(by="Ompycord", reason=reason)
        await self._transitions.decide(run, body, kind=SourceKind.OMPYCORD)
        self._wake()

    async def resume(self, run: RunId, person: Person) -> Committed:
        """Go on with a suspended run."""
        record = await self._access.hosted(run)
        self._access.require(person, "resume", record)
        if record.state is not RunState.SUSPENDED:
            raise Refused(f"{short_id(run)} is not waiting to be resumed.")
        snapshot = await self._access.snapshot(run)
        if snapshot is not None and is_used_up(snapshot):
            raise Refused(f"The limit of {short_id(run)} is used up. *Raise the limit* on its card lets it go on.")
        return await self._move(record, ev.RunResumed(by=person.name), "resume", person)

    async def raise_budget(self, run: RunId, usd: float, person: Person) -> Committed:
        """Let a run cost more, all in all; one that stopped at its limit goes on."""
        record = await self._access.hosted(run)
        self._access.require(person, "raise", record)
        if record.state in FINAL:
            raise Refused(f"{short_id(run)} has ended; another limit changes nothing.")
        snapshot = await self._access.snapshot(run)
        spent = (snapshot.usage.cost_usd if snapshot else None) or 0.0
        if usd <= spent:
            raise Refused(f"{money(spent)} is spent already: the new limit must be above that. Nothing was changed.")
        decision = self._access.decision(run, "budget", str(record.version), f"${usd:.2f}", person)
        body = ev.BudgetRaised(usd=usd, by=person.name)
        committed, _ = await self._transitions.decide(
            run, body, kind=SourceKind.PERSON, decision=decision, is_guarded=True
        )
        self._wake()
        return committed

    async def _move(self, record: RunRecord, body: ev.EventBody, kind: str, person: Person) -> Committed:
        """Stop and resume may happen many times: the version they were decided at is their reference."""
        run = RunId(record.id)
        decision = self._access.decision(run, kind, str(record.version), "", person)
        committed, _ = await self._transitions.decide(
            run, body, kind=SourceKind.PERSON, decision=decision, must_move=True
        )
        self._wake()
        return committed

    # -- talking to its agent (`messages.py`)

    async def answer(self, run: RunId, question: str, answer: str, person: Person) -> Committed:
        """See `Messages.answer`."""
        return await self._messages.answer(run, question, answer, person)

    async def approve(
        self, run: RunId, approval: str, person: Person, *, scope: Literal["once", "run"] = "once"
    ) -> Committed:
        """See `Messages.approve`."""
        return await self._messages.approve(run, approval, person, scope=scope)

    async def deny(self, run: RunId, approval: str, person: Person, *, reason: str | None = None) -> Committed:
        """See `Messages.deny`."""
        return await self._messages.deny(run, approval, person, reason=reason)

    async def send_message(
        self, run: RunId, text: str, when: When, person: Person, *, key: str | None = None
    ) -> MessageReceipt:
        """See `Messages.send_message`."""
        return await self._messages.send_message(run, text, when, person, key=key)

    async def preview_message(self, run: RunId, when: When, person: Person) -> MessageReceipt:
        """See `Messages.preview_message`."""
        return await self._messages.preview_message(run, when, person)

    async def waiting(self, run: RunId) -> list[QueuedMessage]:
        """See `Messages.waiting`."""
        return await self._messages.waiting(run)

    async def edit(self, run: RunId, said: str, text: str, person: Person) -> QueuedMessage:
        """See `Messages.edit`."""
        return await self._messages.edit(run, said, text, person)

    async def drop(self, run: RunId, said: str, person: Person) -> QueuedMessage:
        """See `Messages.drop`."""
        return await self._messages.drop(run, said, person)

    async def transcript(self, run: RunId) -> Transcript:
        """What people and agents said to each other in a run."""
        return await self._messages.transcript(run)

    # -- what agents tell us through MCP

    async def observe(self, run: RunId, *bodies: ev.EventBody) -> None:
        """Facts from the agent of a hosted run, in its own lane. Raises NotYours, UnknownRun, RunFinal."""
        await self._observations.observe(run, bodies, at=self._clock.now_ms())
        self._wake()

    async def record(self, run: RunId, *bodies: ev.EventBody) -> None:
        """Facts of our own that cause no transition: checks we ran, files we saw."""
        for body in bodies:
            await self._access.record(run, body, kind=SourceKind.OMPYCORD)
        self._wake()

    # -- reading

    async def snapshot(self, run: RunId) -> StatusSnapshot | None:
        """What is true of a run, as far as the projector has read; None before its first event."""
        return await self._access.snapshot(run)
