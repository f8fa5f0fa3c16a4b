"""Answers that people type: each waits for some seconds, in which it can be changed or withdrawn, and is then given.

It is an event (`answer.typed`), so a restart keeps it; it is given by `Approvals.answer`, as a button gives one.
Counterpart: `judgement.py`, which says what is an answer, and `bot/interactions/typed_answers.py`, which takes them.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from ompycord.conductor.approvals import Approvals
from ompycord.conductor.bus import Bus
from ompycord.conductor.roles.present import PresentRoles
from ompycord.conductor.run_access import RunAccess
from ompycord.conductor.snapshots import LoadedRun, Snapshots
from ompycord.conductor.transcript import Transcript, TypedInLog
from ompycord.domain import events as ev
from ompycord.domain.access import Person, Role
from ompycord.domain.authority import SourceKind
from ompycord.domain.base import Millis
from ompycord.domain.folds.snapshot import Question, TypedAnswer
from ompycord.domain.ids import RunId
from ompycord.domain.policy import is_allowed, require_authority, resource_of
from ompycord.domain.ports import RunFilter, RunHistory
from ompycord.domain.records import Decision
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import FINAL, RunRecord
from ompycord.errors import OmpycordError, Refused, StorageError, UnavailableError
from ompycord.telemetry import get_logger
from ompycord.text.limits import ANSWER, UNDO_S

__all__ = ["UNDO_MS", "OpenQuestions", "TypedAnswers"]

UNDO_MS: Final = int(UNDO_S * 1000)
POLL_S: Final = 30.0
"""Seconds after which the task looks up without a notice; a missed one costs nothing, since the bus misses none."""
RETRY_S: Final = 1.0
RUNS_LOOKED_AT: Final = 1000
BY_US: Final = Person(id="ompycord", name="Ompycord", role=Role.NONE)

log = get_logger(__name__)


class OpenQuestions(NamedTuple):
    """The open questions of a run, and the typed answers that wait to be given to some of them."""

    questions: tuple[Question, ...]
    waiting: tuple[TypedAnswer, ...]


class TypedAnswers:
    """The use cases of people who type their answers, and one task that gives what is due.

    Methods return when the fact is on disk.
    """

    def __init__(
        self,
        *,
        access: RunAccess,
        approvals: Approvals,
        history: RunHistory,
        snapshots: Snapshots,
        bus: Bus,
        wake: Callable[[], None],
        present: PresentRoles | None = None,
    ) -> None:
        """`present`: an answer is given only while whoever typed it may give it."""
        self._present = present
        self._access = access
        self._approvals = approvals
        self._history = history
        self._snapshots = snapshots
        self._bus = bus
        self._wake = wake
        self._one_at_a_time = asyncio.Lock()
        """What is given is what was written last: between reading and giving nothing changes."""
        self._timed: set[tuple[RunId, str]] = set()

    async def take(
        self, loaded: LoadedRun, question: str, answer: str, person: Person, *, typed: str, is_message: bool
    ) -> Millis | Decision:
        """Take an answer: when it will be given, or the answer that was given before.

        `typed` is Discord's id of the message or command: repeated, it is one. Raises Refused like `Approvals.answer`,
        and where another typed answer waits to be given to this question.
        """
        run = loaded.run
        if len(answer) > ANSWER:
            raise Refused(RefusalCode.MESSAGE_TOO_LONG, length=len(answer), limit=ANSWER)
        async with self._one_at_a_time:
            first = await self._approvals.earlier_answer(loaded, question, answer, person)
            if first is not None:
                return first
            other = (await self._transcript(run)).waiting_answer_for(question)
            if other is not None and other.body.typed == typed:
                return other.at + UNDO_MS
            if other is not None:
                raise Refused(RefusalCode.ANSWER_IS_WAITING, who=other.body.by, person=other.body.person)
            body = ev.AnswerTyped(
                typed=typed, question=question, answer=answer, by=person.name, person=person.id,
                role=_role(person.role_in(repository=loaded.record.repository, channel=loaded.record.channel)),
                is_message=is_message,
            )  # fmt: skip
            decision = self._access.decision(run, "typed", typed, answer, person)
            await self._record(run, body, SourceKind.PERSON, decision)
        return decision.at + UNDO_MS

    async def edit(self, run: RunId, typed: str, answer: str) -> bool:
        """Change a typed answer; False where it waits no more."""
        async with self._one_at_a_time:
            known = (await self._transcript(run)).waiting_answer(typed)
            if known is None:
                return False
            if known.answer != answer:
                await self._record(run, ev.AnswerEdited(typed=typed, answer=answer), SourceKind.PERSON)
        return True

    async def drop(
        self, run: RunId, typed: str, person: Person, reason: Literal["undone", "deleted", "changed"]
    ) -> str | None:
        """Withdraw a typed answer, and return it; None where it waits no more."""
        async with self._one_at_a_time:
            known = (await self._transcript(run)).waiting_answer(typed)
            if known is None:
                return None
            await self._drop(run, typed, person, reason)
        return known.answer

    async def open(self, loaded: LoadedRun) -> OpenQuestions:
        """What can be answered now: the log knows of a decision before the snapshot does."""
        snapshot = loaded.snapshot
        if snapshot is None or loaded.record.state in FINAL:
            return OpenQuestions((), ())
        transcript = await self._transcript(loaded.run)
        questions = tuple(one for one in snapshot.open_questions if not transcript.is_decided(one.ref))
        waiting = (transcript.waiting_answer_for(one.ref) for one in questions)
        return OpenQuestions(questions, tuple(_typed_answer(one) for one in waiting if one is not None))

    async def transcript(self, run: RunId) -> Transcript:
        """All that was ever typed to this run's questions, among what else was written."""
        return await self._transcript(run)

    # -- the task ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Give each answer whose time has come, until cancelled."""
        with self._bus.subscribe() as changes:
            async with asyncio.TaskGroup() as group:
                runs = await self._open()
                while True:
                    for run in runs:
                        await self._watch(run, group)
                    runs = await changes.take(POLL_S)

    async def _open(self) -> list[RunId]:
        """The runs for which answers may wait since before this start."""
        while True:
            try:
                found = await self._access.store.runs(RunFilter(is_open=True, limit=RUNS_LOOKED_AT))
            except StorageError as error:
                log.warning("answers.wait", cause=str(error))
                await self._access.clock.sleep(RETRY_S)
            else:
                return [RunId(record.id) for record in found]

    async def _watch(self, run: RunId, group: asyncio.TaskGroup) -> None:
        """Start a timer for each waiting answer of the run that has none."""
        try:
            snapshot = await self._snapshots.of(run)
        except StorageError as error:
            log.warning("answers.wait", run=run, cause=str(error))
            return
        for one in snapshot.waiting_answers if snapshot is not None else ():
            if (run, one.typed) not in self._timed:
                self._timed.add((run, one.typed))
                group.create_task(self._give_in_time(run, one.typed, one.at + UNDO_MS))

    async def _give_in_time(self, run: RunId, typed: str, due: Millis) -> None:
        left_s = min(max(due - self._access.clock.now_ms(), 0), UNDO_MS) / 1000
        try:
            if left_s:
                await self._access.clock.sleep(left_s)
            while not await self._give(run, typed):
                await self._access.clock.sleep(RETRY_S)
        finally:
            self._timed.discard((run, typed))

    async def _give(self, run: RunId, typed: str) -> bool:
        """Give the answer as it stands now, once; False where the database refuses for now."""
        try:
            async with self._one_at_a_time:
                await self._decide(run, typed)
        except StorageError as error:
            log.warning("answers.wait", run=run, cause=str(error))
            return False
        except OmpycordError as error:
            log.warning("answers.not_given", run=run, cause=type(error).__name__)
        return True

    async def _decide(self, run: RunId, typed: str) -> None:
        record = await self._access.store.run(run)
        known = (await self._transcript(run)).waiting_answer(typed)
        if record is None or known is None:
            return
        loaded, body = await self._snapshots.load(record), known.body
        person = await self._person(record, body)
        given = self._access.decision(run, "answer", typed, "Give", person)
        try:
            await self._approvals.answer(loaded, body.question, known.answer, person, also=given)
        except Refused:
            if record.state not in FINAL:  # there the question is closed for all time
                has_role = is_allowed(person, "answer", resource_of(record))
                await self._drop(run, typed, BY_US, "closed" if has_role else "no_role")

    async def _person(self, record: RunRecord, body: ev.AnswerTyped) -> Person:
        """Who typed it, with the role of now; where no one can say which that is, the one of then."""
        then = Person(id=body.person, name=body.by, role=Role[body.role.upper()])
        if self._present is None:
            return then
        try:
            return await self._present.person(record.guild, body.person, body.by) or then
        except UnavailableError:
            return then

    async def _drop(
        self,
        run: RunId,
        typed: str,
        person: Person,
        reason: Literal["undone", "deleted", "changed", "closed", "no_role"],
    ) -> None:
        decision = self._access.decision(run, "answer", typed, reason, person)
        kind = SourceKind.OMPYCORD if person is BY_US else SourceKind.PERSON
        await self._record(run, ev.AnswerDropped(typed=typed, reason=reason), kind, decision)

    async def _record(self, run: RunId, body: ev.EventBody, kind: SourceKind, decision: Decision | None = None) -> None:
        require_authority(body.type, kind)
        await self._access.record(run, body, kind=kind, decision=decision)
        self._wake()

    async def _transcript(self, run: RunId) -> Transcript:
        transcript = Transcript()
        transcript.add(await self._history.transcript(run, after=0))
        return transcript


def _typed_answer(known: TypedInLog) -> TypedAnswer:
    """As the snapshot has it."""
    body = known.body
    return TypedAnswer(
        typed=body.typed, question=body.question, answer=known.answer, by=body.by, person=body.person, at=known.at,
        is_message=body.is_message,
    )  # fmt: skip


def _role(role: Role) -> Literal["viewer", "runner", "approver", "admin"]:
    """The role as the event names it. Whoever may answer has one."""
    match role:
        case Role.ADMIN:
            return "admin"
        case Role.APPROVER:
            return "approver"
        case Role.RUNNER:
            return "runner"
        case Role.VIEWER | Role.NONE:
            return "viewer"
