"""One round: a follow-up that answers a pull request, from the stored task to the summary below the pull request.

Its task is a draft before the run is started, so a crash in between starts the same words, and only once.
"""

from collections.abc import Callable, Sequence
from typing import Final

from ompycord.conductor.pull_requests.chains import Chains, TaskStore
from ompycord.conductor.runs import Runs, Submission
from ompycord.conductor.snapshots import Snapshots
from ompycord.dialects.prompts.review_text import ReviewRound, review_text
from ompycord.domain.access import Person, Role
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import DraftId, RunId
from ompycord.domain.ports import Clock, Ids, RunRecords
from ompycord.domain.ports.following import PullRequestActs, PullRequestRecords
from ompycord.domain.pull_requests.answers import answers_of
from ompycord.domain.pull_requests.record import PullRequestRecord
from ompycord.domain.records import Draft
from ompycord.domain.run import FINAL, RunRecord
from ompycord.domain.task import PROMPT_LIMIT, Mode, Task, TaskRequest
from ompycord.errors import ForgeFailed, ForgeNotNow, Refused
from ompycord.render.forge.round_summary import reply_text, round_marker, summary_text
from ompycord.render.refusals import Audience, refusal_words
from ompycord.text import cut

__all__ = ["MOST_ROUNDS_A_DAY", "Rounds"]

MOST_ROUNDS_A_DAY: Final = 10
"""Rounds that comments may start for one pull request in a day: two programs that answer one another end there."""
_DAY_MS: Final = 86_400_000
_PLACE: Final = 200
_THREADS: Final = 50


class Rounds:
    """Starts rounds and ends them."""

    def __init__(
        self,
        *,
        records: PullRequestRecords,
        tasks: TaskStore,
        runs_by_id: RunRecords,
        chains: Chains,
        runs: Runs,
        snapshots: Snapshots,
        clock: Clock,
        ids: Ids,
        redact: Callable[[str], str],
    ) -> None:
        self._records = records
        self._tasks = tasks
        self._runs_by_id = runs_by_id
        self._chains = chains
        self._runs = runs
        self._snapshots = snapshots
        self._clock = clock
        self._ids = ids
        self._redact = redact

    def has_room(self, record: PullRequestRecord) -> bool:
        """Whether comments may start one more today."""
        return record.rounds_day != self._today() or record.rounds_today < MOST_ROUNDS_A_DAY

    async def begin(
        self,
        record: PullRequestRecord,
        wanted: ReviewRound,
        person: Person,
        *,
        counts: bool = False,
        repairs: bool = False,
    ) -> PullRequestRecord:
        """Store the task of a round, then start it. `counts`: a comment starts it; `repairs`: its CI does.

        Raises Refused where it may not start, and then nothing of it is kept.
        """
        chain = await self._chains.runs(record)
        last, task = chain[0], await self._task(chain)
        request = self._request(wanted, last, task)
        draft = Draft(
            id=self._ids.ulid(),
            person=person.id,
            guild=last.guild or "",
            channel=last.channel or "",
            body={**request.typed(), "shown_in": last.channel or ""},
            created_at=self._clock.now_ms(),
        )
        await self._tasks.save_draft(draft)
        today = self._today()
        so_far = record.rounds_today if record.rounds_day == today else 0
        begun = record.model_copy(
            update={
                "round": draft.id,
                "round_by": (person.id, person.name),
                "round_from": wanted.commit,
                "threads": tuple((one.id, f"{one.path}:{one.line or '?'}"[:_PLACE]) for one in wanted.threads),
                "rounds_day": today,
                "rounds_today": so_far + counts,
                "ci_rounds": record.ci_rounds + repairs,
            }
        )
        await self._records.keep_pull_request(begun)
        try:
            await self._submit(begun, request, person)
        except Refused:
            await self._records.keep_pull_request(record)
            raise
        return begun

    async def go_on(self, record: PullRequestRecord, forge: PullRequestActs) -> PullRequestRecord:
        """Start what was stored and not started, or tell what became of a round that has ended."""
        if record.round is None:
            return record
        run = await self._runs_by_id.run(RunId(record.round))
        if run is None:
            return await self._start_again(record)
        snapshot = await self._snapshots.of(RunId(run.id))
        if run.state not in FINAL or snapshot is None or not snapshot.is_final:  # its row is ahead of what is shown
            return record
        await self._answer(record, snapshot, forge)
        return record.model_copy(update={"round": None, "threads": ()})

    async def _start_again(self, record: PullRequestRecord) -> PullRequestRecord:
        draft = await self._tasks.draft(DraftId(record.round or ""))
        dropped = record.model_copy(update={"round": None, "threads": ()})
        if draft is None:
            return dropped
        typed = {name: value for name, value in draft.body.items() if name != "shown_in"}
        by, name = record.round_by
        try:
            await self._submit(record, TaskRequest.model_validate(typed), Person(id=by, name=name, role=Role.RUNNER))
        except Refused as refused:
            words = refusal_words(refused, Audience.DISCORD)
            await self._chains.note(record, f"The round for pull request #{record.number} did not start. {words}")
            return dropped
        return record

    async def _submit(self, record: PullRequestRecord, request: TaskRequest, person: Person) -> None:
        """It counts against the limits of who wanted for the first run of the chain."""
        chain = await self._chains.runs(record)
        first = chain[-1]
        task = await self._tasks.task(first.task or "")
        name = (task.origin.requester_name if task is not None else None) or person.name
        await self._runs.submit(
            DraftId(record.round or ""),
            Submission(
                request=request,
                guild=chain[0].guild or "",
                channel=chain[0].channel or "",
                requester=(first.requester, name) if first.requester else None,
            ),
            person,
        )

    async def _task(self, chain: Sequence[RunRecord]) -> Task | None:
        for run in chain:
            task = await self._tasks.task(run.task or "")
            if task is not None:
                return task
        return None

    def _request(self, wanted: ReviewRound, last: RunRecord, task: Task | None) -> TaskRequest:
        """Repository, agent, mode and budget are those of the run that it follows."""
        kept = task.typed() if task is not None else {}
        names = ("branch", "budget_usd", "model")
        mode = Mode(kept.get("mode") or Mode.STANDARD)
        typed = {
            **{name: kept[name] for name in names if kept.get(name)},
            "prompt": cut(self._redact(review_text(wanted)), PROMPT_LIMIT),
            "repository": last.repository,
            "agent": last.agent,
            "mode": Mode.STANDARD if mode is Mode.ASK else mode,
            "follows": last.id,
        }
        return TaskRequest.model_validate(typed)

    async def _answer(self, record: PullRequestRecord, snapshot: StatusSnapshot, forge: PullRequestActs) -> None:
        """One comment with what was done; a reply in each thread that was not."""
        words = snapshot.summary or snapshot.last_words or ""
        answers = answers_of(words, len(record.threads))
        has_moved = snapshot.commit is not None and snapshot.commit != record.round_from
        text = summary_text(snapshot, record.threads[:_THREADS], answers, has_moved=has_moved)
        await self._write(record, forge, text, marker=round_marker(snapshot.run))
        for place, (thread, _) in enumerate(record.threads, 1):
            answer = answers.get(place)
            if answer is None or answer.kind == "done":
                continue
            await self._write(
                record, forge, reply_text(answer), marker=round_marker(snapshot.run, thread), thread=thread
            )

    async def _write(
        self, record: PullRequestRecord, forge: PullRequestActs, text: str, *, marker: str, thread: int | None = None
    ) -> None:
        """Write it there; what the forge refuses is a line on the card, and holds nothing up."""
        try:
            await forge.comment(record.number, thread=thread, marker=marker, text=self._redact(text))
        except ForgeFailed as error:
            if isinstance(error, ForgeNotNow):
                raise
            where = "No reply could be put into a thread" if thread is not None else "The round could not be told there"
            await self._chains.note(record, f"{where}. {error}")

    def _today(self) -> int:
        return self._clock.now_ms() // _DAY_MS
