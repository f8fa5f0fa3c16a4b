"""Looks at the open pull requests of all repositories, as long as the process runs, and does what follows from it.

Counterpart: `engines/publication/`, which opens them. Only this writes their records; people's buttons come here too.
"""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from ompycord.conductor.pull_requests.callers import Callers, calls_of, taken
from ompycord.conductor.pull_requests.chains import Chains
from ompycord.conductor.pull_requests.changes import PullChanges
from ompycord.conductor.pull_requests.ci_logs import logs_of
from ompycord.conductor.pull_requests.issues import Issues
from ompycord.conductor.pull_requests.other_reviewer import OtherReviewer
from ompycord.conductor.pull_requests.reads import discussion_of, open_pulls_of, pull_of
from ompycord.conductor.pull_requests.review_room import ReviewRoom
from ompycord.conductor.pull_requests.rounds import MOST_ROUNDS_A_DAY, Rounds
from ompycord.dialects.prompts.review_text import ReviewRound
from ompycord.domain.access import Person, Role
from ompycord.domain.auditing.refused import RefusedAttempt
from ompycord.domain.catalog import Catalog
from ompycord.domain.events import Note
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.issue_calls.reading import ChangedPull
from ompycord.domain.policy import Denied, authorize, resource_of
from ompycord.domain.ports import Clock, RefusalNotes, Tasks
from ompycord.domain.ports.following import OpenedByRun, OpenFollowing, PullRequestForge, PullRequestRecords
from ompycord.domain.ports.people import AuditTrail
from ompycord.domain.pull_requests.ci import CiVerdict, ci_of, repairable
from ompycord.domain.pull_requests.looks import after_deletion, ci_is_due, is_due, is_news, looked, may_return
from ompycord.domain.pull_requests.record import PullRequestRecord
from ompycord.domain.pull_requests.seen import SeenComment, SeenDiscussion, SeenPull
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunRecord
from ompycord.errors import ForgeFailed, ForgeNotNow, Refused, StorageError
from ompycord.render.refusals import Audience, refusal_words
from ompycord.telemetry import get_logger

__all__ = ["PullRequests"]

_LONGEST_S: Final = 1800.0
"""Seconds between two tries of a forge that fails."""
_ON_BASE: Final = "The same is red on the base, so nothing is repaired here."
_OWN_LIMIT: Final = "Not repaired by itself: no round is left for it. *Address review* has it repaired."
_NOT_OURS: Final = "It ended without a verdict on the code, so nothing is repaired. Run it again on the forge."
_BLOCKED: Final = "It waits for somebody on the forge to let it run."

log = get_logger(__name__)


class PullRequests:
    """One for the process."""

    def __init__(
        self,
        *,
        records: PullRequestRecords,
        tasks: Tasks,
        audit: AuditTrail,
        refusals: RefusalNotes,
        chains: Chains,
        rounds: Rounds,
        catalog: Catalog,
        callers: Callers,
        forge: OpenFollowing,
        issues: Issues,
        other_reviewer: OtherReviewer,
        room: ReviewRoom,
        clock: Clock,
    ) -> None:
        self.room = room
        """Where runs wait while too many are unread."""
        self.issues = issues
        """What of issues becomes a task."""
        self._records = records
        self._tasks = tasks
        self._audit = audit
        self._refusals = refusals
        self._chains = chains
        self._rounds = rounds
        self._catalog = catalog
        self._callers = callers
        self._forge = forge
        self._other_reviewer = other_reviewer
        self._clock = clock
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        """By repository: one writes its records at a time."""
        self._due_s: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._wake = asyncio.Event()
        self._changes = PullChanges(records)
        self._searched = -1
        """Up to where this process has searched the log for new ones: while nothing happens, nothing is written."""

    async def run(self) -> None:
        """Runs until cancelled."""
        followed = [spec for spec in self._catalog.repositories if spec.forge is not None]
        if not followed:
            return
        pause_s = min(spec.forge.poll_s for spec in followed if spec.forge is not None)
        while True:
            try:
                await self.inspect_all()
            except StorageError as error:
                log.warning("pull_requests.not_looked", cause=str(error))
            try:
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()
            except TimeoutError:
                continue
            self._wake.clear()

    async def changed(self, repository: str, pull: ChangedPull) -> bool:
        """Look at it now, as its forge says that it changed; False where it is none of ours. Raises StorageError."""
        is_ours = await self._changes.note(repository, pull)
        if is_ours:
            self._due_s.pop(repository, None)
            self._wake.set()
        return is_ours

    async def inspect_all(self) -> None:
        """One look at every repository that is due."""
        await self._adopt()
        records = await self._records.pull_requests()
        for spec in self._catalog.repositories:
            mine = [one for one in records if one.repository == spec.name]
            if spec.forge is None or not mine or self._clock.monotonic_s() < self._due_s.get(spec.name, 0.0):
                continue
            try:
                async with self._locks[spec.name]:
                    await self._inspect_repository(spec, mine)
            except ForgeFailed as error:
                failures = self._failures[spec.name] = self._failures.get(spec.name, 0) + 1
                wait_s = min(_LONGEST_S, spec.forge.poll_s * 2 ** min(failures, 10))
                log.warning("pull_requests.forge_failed", repository=spec.name, cause=str(error), again_s=wait_s)
            else:
                self._failures.pop(spec.name, None)
                wait_s = spec.forge.poll_s
            self.room.changed()
            self._due_s[spec.name] = self._clock.monotonic_s() + wait_s

    async def _adopt(self) -> None:
        """Make a record of each pull request that was opened since; a later run of its chain is shown what is known."""
        while True:
            opened, upto = await self._records.opened_since_last()
            if upto == self._searched:
                return
            for one in opened:
                await self._take(one)
            await self._records.seen_opened(upto)
            self._searched = upto

    async def _take(self, opened: OpenedByRun) -> None:
        known = await self._records.pull_request(opened.repository, opened.number)
        if known is None:
            record = PullRequestRecord(
                chain=opened.chain, repository=opened.repository, number=opened.number, opened_at=self._clock.now_ms()
            )
            await self._records.keep_pull_request(record)
        elif known.seen is not None:
            await self._chains.show(known, known.seen)
        self._due_s.pop(opened.repository, None)

    # -- one look --------------------------------------------------------------------------------------------------

    async def _inspect_repository(self, spec: RepositorySpec, records: list[PullRequestRecord]) -> None:
        now = self._clock.now_ms()
        if spec.forge is None or not any(is_due(one, now) or may_return(one, now) for one in records):
            return
        async with self._forge(spec.forge) as forge:
            pulls = await open_pulls_of(forge)
            refused: ForgeFailed | None = None
            for listed in records:
                record = await self._records.pull_request(spec.name, listed.number) or listed
                if record.number not in pulls and not is_due(record, now):
                    continue
                try:
                    await self._inspect(forge, spec, record, pulls)
                except ForgeFailed as error:
                    if isinstance(error, ForgeNotNow):
                        raise
                    refused = refused or error  # of this one alone: the others are looked at all the same
            if refused is not None:
                raise refused

    async def _inspect(
        self, forge: PullRequestForge, spec: RepositorySpec, record: PullRequestRecord, pulls: Mapping[int, SeenPull]
    ) -> None:
        now, times = self._clock.now_ms(), self._changes.times(spec.name, record.number)
        pull = pulls.get(record.number) or await pull_of(forge, record, now)
        if pull is None:
            assert spec.forge is not None
            await self._keep(record, await self._rounds.go_on(after_deletion(record, spec.forge, now), forge))
            return
        is_written = times or is_news(record, pull)
        discussion, unread = await discussion_of(forge, record.number) if is_written else (None, "")
        has_ci_due = ci_is_due(record, pull, now) or (times > 0 and pull.state == "open")
        checks = await forge.checks(pull.commit, base=pull.base) if has_ci_due else None
        is_deleted = pull.state != "open" and not await forge.has_branch(pull.branch)
        team = self._callers.logins
        new, verdict = looked(
            record, pull, checks=checks, discussion=discussion, branch_deleted=is_deleted, team=team, now=now
        )
        new = await self._rounds.go_on(new.model_copy(update={"note": unread or new.note}), forge)
        if new.is_open and discussion is not None:
            new = await self._answer_calls(spec, new, pull, discussion)
        if new.is_open and verdict is not None:
            new = await self._answer_ci(forge, spec, new, pull, verdict)
        await self._keep(record, await self._other_reviewer.mark(spec, new))
        self._changes.inspected(spec.name, record.number, times)

    async def _keep(self, before: PullRequestRecord, new: PullRequestRecord) -> None:
        if new.seen is not None:
            seen = new.seen.model_copy(update={"ci_note": new.ci_note, "note": new.note})
            new = new.model_copy(update={"seen": seen})
            if seen != before.seen:
                await self._chains.show(new, seen)
                if before.seen is not None and before.seen.state != seen.state:
                    log.info("pull_request.changed", repository=new.repository, number=new.number, state=seen.state)
        await self._records.keep_pull_request(new)

    # -- what people write -----------------------------------------------------------------------------------------

    async def _answer_calls(
        self, spec: RepositorySpec, record: PullRequestRecord, pull: SeenPull, discussion: SeenDiscussion
    ) -> PullRequestRecord:
        allowed, others = calls_of(record, discussion, self._callers)
        if allowed and await self._is_busy(record):
            return record.model_copy(update={"updated_at": ""})  # it is read again: one round at a time
        after = taken(record, discussion)
        for one in others:
            after = self._refuse(after, one.login)
        if not allowed:
            return after
        if not self._rounds.has_room(record):
            words = f"Nothing started for {allowed[0].login}: {MOST_ROUNDS_A_DAY} rounds were started today already."
            return after.model_copy(update={"note": words})
        if (person := self._callers.person(allowed[-1].login)) is None:
            return after
        request = self._round_of(pull, discussion, [one for one in allowed if one.kind != "line"])
        return await self._started(after, request, person)

    async def _started(self, record: PullRequestRecord, request: ReviewRound, person: Person) -> PullRequestRecord:
        try:
            return await self._rounds.begin(record, request, person, counts=True)
        except Refused as refused:
            words = f"Nothing started for {person.name}. {refusal_words(refused, Audience.DISCORD)}"
            return record.model_copy(update={"note": words[:500]})

    def _refuse(self, record: PullRequestRecord, login: str) -> PullRequestRecord:
        """Words of someone who may not start anything: a row in the audit, and a line on the card."""
        self._refusals.note(
            RefusedAttempt(
                surface="forge", actor=f"forge {login}"[:128], what=f"{record.repository}#{record.number}"[:128],
                code=RefusalCode.WATCH_ONLY, needs="runner by access.forge", guild=self._callers.guild or "",
            ))  # fmt: skip
        words = f"{login} called here; nothing started: access.forge names no runner for that login."
        return record.model_copy(update={"note": words[:500]})

    def _round_of(self, pull: SeenPull, discussion: SeenDiscussion, comments: Sequence[SeenComment]) -> ReviewRound:
        return ReviewRound(
            number=pull.number,
            url=pull.url,
            commit=pull.commit,
            threads=[one for one in discussion.threads if not one.is_resolved],
            comments=comments,
            unread=discussion.unread,
            trusted=self._callers.logins | {discussion.login.lower()},
        )

    async def _is_busy(self, record: PullRequestRecord) -> bool:
        return record.round is not None or await self._chains.at_work(record) is not None

    # -- its CI ----------------------------------------------------------------------------------------------------

    async def _answer_ci(
        self,
        forge: PullRequestForge,
        spec: RepositorySpec,
        record: PullRequestRecord,
        pull: SeenPull,
        verdict: CiVerdict,
    ) -> PullRequestRecord:
        """Repair what is red, once for a commit, or say why not."""
        if verdict.state != "red":
            note = {"blocked": _BLOCKED, "stopped": _NOT_OURS}.get(verdict.state, "")
            return record.model_copy(update={"ci_note": note})
        if verdict.done < verdict.total or record.ci_commit == pull.commit or await self._is_busy(record):
            return record
        base = await forge.checks(pull.base_commit, base="")
        ours = repairable(verdict, base.checks)
        decided = record.model_copy(update={"ci_commit": pull.commit})
        if not ours:
            is_timed = any(one.verdict != "failure" for one in verdict.named)
            return decided.model_copy(update={"ci_note": _NOT_OURS if is_timed else _ON_BASE})
        if record.ci_rounds >= spec.publish.ci_rounds:
            return decided.model_copy(update={"ci_note": _OWN_LIMIT})
        request = ReviewRound(number=pull.number, url=pull.url, commit=pull.commit, checks=await logs_of(forge, ours))
        try:
            begun = await self._rounds.begin(decided, request, await self._first(record), repairs=True)
        except Refused as refused:
            return decided.model_copy(update={"ci_note": refusal_words(refused, Audience.DISCORD)[:500]})
        note = f"Repaired by run {short_id(begun.round or '')}, round {begun.ci_rounds}."
        return begun.model_copy(update={"ci_note": note})

    async def _first(self, record: PullRequestRecord) -> Person:
        """Who asked for the chain; the settings let its CI be repaired, so no role is request for."""
        first = (await self._chains.runs(record))[-1]
        task = await self._tasks.task(first.task or "")
        name = (task.origin.requester_name if task is not None else None) or "Ompycord"
        return Person(id=first.requester or "", name=name, role=Role.RUNNER)

    async def note(self, run: RunId, note: Note) -> None:
        """A line on the card of a run."""
        await self._chains.note_on(run, note)

    # -- what people press -----------------------------------------------------------------------------------------

    async def address(self, run: RunRecord, person: Person) -> RunId:
        """Start a round with all open threads and red checks. Raises Refused."""
        if isinstance(denied := authorize(person, "new", resource_of(run)), Denied):
            raise Refused(denied.code, needs=denied.needs[-1])
        spec, listed = await self._followed(run)
        async with self._locks[spec.name]:
            record = await self._records.pull_request(spec.name, listed.number) or listed
            if (busy := await self._chains.at_work(record)) is not None:
                raise Refused(RefusalCode.CHAIN_AT_WORK, run=short_id(busy.id))
            try:
                return await self._address(spec, record, person)
            except ForgeFailed as error:
                raise Refused(RefusalCode.FORGE_FAILED, why=str(error)) from error

    async def _address(self, spec: RepositorySpec, record: PullRequestRecord, person: Person) -> RunId:
        assert spec.forge is not None
        async with self._forge(spec.forge) as forge:
            record = await self._rounds.go_on(record, forge)
            if record.round is not None:  # just started after a crash, or its end is not shown yet
                raise Refused(RefusalCode.CHAIN_AT_WORK, run=short_id(record.round))
            pull = await pull_of(forge, record, self._clock.now_ms())
            if pull is None or pull.state != "open":
                state = "deleted" if pull is None else pull.state
                raise Refused(RefusalCode.PULL_REQUEST_ENDED, number=record.number, state=state)
            discussion = await forge.discussion(record.number)
            verdict = ci_of(await forge.checks(pull.commit, base=""), same_since=None, now=self._clock.now_ms())
            red = verdict.named if verdict.state == "red" else ()
            new = [
                one
                for one in (*discussion.comments, *discussion.review_texts)
                if one.author != discussion.me and not one.is_bot and one.id > _taken(record, one.kind)
            ]
            request = self._round_of(pull, discussion, new)
            if not request.threads and not red and not new:
                raise Refused(RefusalCode.NOTHING_TO_ADDRESS, number=record.number)
            logs = await logs_of(forge, red)
            request = replace(request, checks=logs)
            begun = await self._rounds.begin(taken(record, discussion), request, person)
            await self._records.keep_pull_request(begun)
            return RunId(begun.round or "")

    async def close(self, run: RunRecord, person: Person) -> int:
        """Close it without merging; its number. Raises Refused."""
        if isinstance(denied := authorize(person, "cancel", resource_of(run)), Denied):
            raise Refused(denied.code, action="cancel", run=short_id(run.id), needs=" or ".join(denied.needs))
        spec, listed = await self._followed(run)
        assert spec.forge is not None
        async with self._locks[spec.name]:
            record = await self._records.pull_request(spec.name, listed.number) or listed
            try:
                async with self._forge(spec.forge) as forge:
                    if await pull_of(forge, record, self._clock.now_ms()) is not None:
                        await forge.close_pull(record.number)
                    await self._inspect(forge, spec, record, {})
            except ForgeFailed as error:
                raise Refused(RefusalCode.FORGE_FAILED, why=str(error)) from error
        await self._audit.audit(
            actor=person.id, action="pull_request.close", subject=f"{spec.name}#{record.number}", detail={},
            at=self._clock.now_ms(),
        )  # fmt: skip
        return record.number

    async def _followed(self, run: RunRecord) -> tuple[RepositorySpec, PullRequestRecord]:
        """The open pull request of a run's chain. Raises Refused."""
        found = await self._records.pull_requests_of(RunId(run.first))
        if not found:
            await self._adopt()
            found = await self._records.pull_requests_of(RunId(run.first))
        record = next((one for one in found if one.is_open), None) or next(iter(found), None)
        if record is None or run.repository is None:
            raise Refused(RefusalCode.NO_PULL_REQUEST, run=short_id(run.id))
        spec = self._catalog.repository(record.repository)
        if spec.forge is None:
            raise Refused(RefusalCode.NO_PULL_REQUEST, run=short_id(run.id))
        if record.seen is not None and record.seen.state != "open":
            raise Refused(RefusalCode.PULL_REQUEST_ENDED, number=record.number, state=record.seen.state)
        return spec, record


def _taken(record: PullRequestRecord, kind: str) -> int:
    return record.taken_review if kind == "review" else record.taken_comment
