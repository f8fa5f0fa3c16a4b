"""The runs of a pull request's chain: read for what follows it, and told what became of it."""

from typing import Protocol

from ompycord.conductor.event_recorder import EventRecorder
from ompycord.domain.events import Note, PullRequestSeen
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Drafts, RunChains, Tasks
from ompycord.domain.pull_requests.record import PullRequestRecord
from ompycord.domain.run import FINAL, RunRecord

__all__ = ["Chains", "TaskStore"]


class TaskStore(Tasks, Drafts, Protocol):
    """What people asked for."""


class Chains:
    """One for all chains."""

    def __init__(self, *, runs: RunChains, recorder: EventRecorder) -> None:
        self._runs = runs
        self._recorder = recorder

    async def runs(self, record: PullRequestRecord) -> list[RunRecord]:
        """Newest first."""
        return await self._runs.chain(RunId(record.chain))

    async def at_work(self, record: PullRequestRecord) -> RunRecord | None:
        """The run of the chain that has not ended."""
        return next((one for one in await self.runs(record) if one.state not in FINAL), None)

    async def show(self, record: PullRequestRecord, seen: PullRequestSeen) -> None:
        """Put what became of it on all cards of the chain."""
        for run in await self.runs(record):
            await self._recorder.record(RunId(run.id), seen)

    async def note_on(self, run: RunId, note: Note) -> None:
        """A line on the card of one run."""
        await self._recorder.record(run, note)

    async def note(self, record: PullRequestRecord, text: str) -> None:
        """A line on the card of the newest run."""
        for run in (await self.runs(record))[:1]:
            await self._recorder.record(RunId(run.id), Note(text=text[:500]))
