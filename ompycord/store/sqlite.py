"""`SqliteStore`: the features' parts on one database; it implements `domain/ports/store.py`, and tests use it too.

It is deliberately thin: every method of a part prepares in the caller's task, then posts one function to the writer or
a reader.
"""

import sqlite3
from collections.abc import Iterable
from functools import partial

from ompycord.domain.ports import Clock, Ids
from ompycord.domain.records import Commit, Committed
from ompycord.store.archive.attached_files import SqliteAttachedFiles
from ompycord.store.archive.cuts import SqliteCuts
from ompycord.store.archive.files import ArchiveFiles
from ompycord.store.archive.moving import SqliteArchive
from ompycord.store.commit_bus import CommitBus
from ompycord.store.committer import Committer
from ompycord.store.connection import StoreConnection, storage_error
from ompycord.store.database import Database
from ompycord.store.degraded import WriteGuard, put_probe
from ompycord.store.features import decisions, drafts, effects, events, keys, model_requests, outbox, runs, tasks
from ompycord.store.features.admission import SqliteAdmission
from ompycord.store.features.audit import SqliteAudit
from ompycord.store.features.boards import SqliteBoards
from ompycord.store.features.budgeting import budgets
from ompycord.store.features.budgeting.budgets import SqliteBudgets
from ompycord.store.features.budgeting.transcription_requests import SqliteTranscriptionRequests
from ompycord.store.features.check_history import SqliteCheckHistory
from ompycord.store.features.component_states import SqliteComponentStates
from ompycord.store.features.deciding import standing
from ompycord.store.features.deciding.standing import SqliteCallDecisions
from ompycord.store.features.decisions import SqliteDecisions
from ompycord.store.features.deliveries import SqliteNotificationQueue
from ompycord.store.features.drafts import SqliteDrafts
from ompycord.store.features.effects import SqliteJournal
from ompycord.store.features.events import SqliteEvents
from ompycord.store.features.forge.issue_calls import SqliteIssueCalls
from ompycord.store.features.forge.pull_requests import SqlitePullRequests
from ompycord.store.features.keys import SqliteKeys
from ompycord.store.features.log_check import SqliteLogCheck
from ompycord.store.features.memory.embedding_requests import SqliteEmbeddingRequests
from ompycord.store.features.memory.erasing import SqliteErasure
from ompycord.store.features.memory.feedback import SqliteFeedback
from ompycord.store.features.memory.items import WRITES as MEMORY_WRITES
from ompycord.store.features.memory.items import SqliteMemory
from ompycord.store.features.memory.vectors import SqliteVectors
from ompycord.store.features.model_requests import SqliteModelRequests
from ompycord.store.features.outbox import SqliteOutbox
from ompycord.store.features.people import SqlitePeople
from ompycord.store.features.runs import SqliteRuns
from ompycord.store.features.schedules.announcements import SqliteAnnouncements
from ompycord.store.features.schedules.digests import SqliteDigests
from ompycord.store.features.schedules.rows import SqliteSchedules
from ompycord.store.features.schedules.seen_failures import SqliteSeenFailures
from ompycord.store.features.schedules.triggers import SqliteTriggers
from ompycord.store.features.streaming import SqliteStreams
from ompycord.store.features.surfaces import SqliteSurfaces
from ompycord.store.features.tasks import SqliteTasks
from ompycord.store.features.team.person import SqlitePerson
from ompycord.store.features.team.roles import SqliteRoles
from ompycord.store.features.upkeep.alerts import SqliteAlerts
from ompycord.store.features.upkeep.sizes import SqliteSizes
from ompycord.store.mark import StoreMark
from ompycord.store.readers import Readers
from ompycord.store.statements import load
from ompycord.store.steady import SteadyTime
from ompycord.store.writes import WriteRegistry, apply_commit

__all__ = ["WRITES", "SqliteStore"]

_SQL = load("compact")
_VACUUM = _SQL.one("vacuum")
_TRUNCATE = _SQL.one("truncate")

WRITES = WriteRegistry(
    *drafts.WRITES,
    *tasks.WRITES,
    *runs.WRITES,
    *decisions.WRITES,
    *events.WRITES,
    *effects.WRITES,
    *outbox.WRITES,
    *keys.WRITES,
    *model_requests.WRITES,
    *MEMORY_WRITES,
    *budgets.WRITES,
    *standing.WRITES,
)
"""All that a commit may hold, in the order in which it is applied: a row stands before what refers to it."""


class SqliteStore(
    SqliteAdmission,
    SqliteEvents,
    SqliteRuns,
    SqliteTasks,
    SqliteDrafts,
    SqliteComponentStates,
    SqliteDecisions,
    SqliteJournal,
    SqliteStreams,
    SqliteOutbox,
    SqliteSurfaces,
    SqliteBoards,
    SqliteCheckHistory,
    SqlitePeople,
    SqliteKeys,
    SqliteAudit,
    SqliteLogCheck,
    SqliteModelRequests,
    SqliteBudgets,
    SqliteCallDecisions,
    SqlitePullRequests,
    SqliteAlerts,
    SqliteSizes,
    SqliteRoles,
    SqlitePerson,
):
    """Made by `open_store`.

    Methods that write return after the commit; StorageError when the database does not take it.
    """

    def __init__(
        self,
        *,
        writer: StoreConnection,
        readers: Readers,
        guard: WriteGuard,
        clock: Clock,
        ids: Ids,
        mark: StoreMark,
        steady: SteadyTime,
        archive: ArchiveFiles,
    ) -> None:
        self._connection = writer
        self._guard = guard
        self.commits = CommitBus()
        """What the writer of this process commits."""
        self._writer = Committer(writer, guard, mark, self.commits)
        self._readers = readers
        database = Database(writer=self._writer, readers=readers, clock=clock, steady=steady, ids=ids, archive=archive)
        super().__init__(database)
        self.notifications = SqliteNotificationQueue(database)
        """The deliveries to webhooks; its methods have the names of the outbox's, so it is a part of its own."""
        self.memory = SqliteMemory(database)
        """What the team remembers; a part of its own for the same reason."""
        self.vectors = SqliteVectors(database)
        """Vectors of it."""
        self.embedding_requests = SqliteEmbeddingRequests(database)
        self.transcription_requests = SqliteTranscriptionRequests(database)
        """What these cost."""
        self.schedules = SqliteSchedules(database)
        """What starts by the clock."""
        self.announcements = SqliteAnnouncements(database)
        self.digests = SqliteDigests(database)
        self.triggers = SqliteTriggers(database)
        self.seen_failures = SqliteSeenFailures(database)
        self.issue_calls = SqliteIssueCalls(database)
        self.feedback = SqliteFeedback(database)
        self.archive = SqliteArchive(database)
        """Events that lie in files."""
        self.attached_files = SqliteAttachedFiles(database)
        self.cuts = SqliteCuts(database)
        """Rows of the audit that do."""
        self.erasure = SqliteErasure(database)
        """What takes people out of both."""

    @property
    def transactions(self) -> int:
        """The number of write transactions begun; far fewer than there are events where group commit works."""
        return self._writer.batches

    @property
    def read_only(self) -> str | None:
        """Why nothing is written for now, in one sentence; None while writes are possible."""
        return self._guard.reason

    def reserve(self, reason: str | None) -> None:
        """Refuse every write with this sentence, so that the disk keeps what is still free; None: take them again."""
        self._guard.reserve(reason)

    def keep_out(self, values: Iterable[str | bytes]) -> None:
        """Store nothing that agents report with one of these values in it: it is taken out before (`kept_out.py`)."""
        self._database.kept_out.add(values)

    async def is_writable(self) -> bool:
        """Whether a row can be committed: what a health check asks, however often."""

        async def write() -> None:
            await self._writer.submit(put_probe)

        return await self._guard.is_writable(write)

    async def answer(self) -> None:
        """Return once the writer is done with a row of its own, taken or refused, and with all that came before.

        Waits without end for a writer that died, or for a disk that confirms nothing; raises StorageError once closed.
        """
        await self.is_writable()
        await self._connection.post(_nothing)

    async def commit(self, commit: Commit) -> Committed:
        """Apply all of it or nothing, in the order of `WRITES`.

        Raises VersionConflict, StaleResult, UnknownRun, SequenceConflict, StorageError; TypeError for a record that no
        feature writes.
        """
        prepared = WRITES.prepare(self._database.kept_out.commit(commit))
        work = partial(apply_commit, commit=prepared, now=self._database.clock.now_ms())
        return await self._writer.submit(work, weight=prepared.weight)

    async def compact(self) -> None:
        """Rewrite the file, and empty its log: what was deleted is in neither. Raises StorageError."""
        await self._connection.post(_compact)

    async def close(self) -> None:
        """Commit what was taken, then close the readers, then the writer, which checkpoints last. Idempotent."""
        self._guard.close()
        try:
            await self._writer.close()
        finally:
            try:
                await self._readers.close()
            finally:
                await self._connection.close()


def _nothing(raw: sqlite3.Connection) -> None:
    return


def _compact(raw: sqlite3.Connection) -> None:
    try:
        raw.execute(_VACUUM)
        raw.execute(_TRUNCATE)
    except sqlite3.Error as error:
        raise storage_error(error) from error
