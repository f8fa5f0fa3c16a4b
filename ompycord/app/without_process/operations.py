"""What is asked of a data folder for which no process runs: the operations of its store alone.

Counterparts: `app/operations.py`, which finds out whether one runs; `app/wiring/edges.py`: what a process offers.
"""

from ompycord.app.access_keys.key_secrets import KeySecrets
from ompycord.app.access_keys.keys import Keys
from ompycord.app.alerting.operations import AlertOperations
from ompycord.app.alerting.ways import WaysOut
from ompycord.app.auditing.anchoring import Anchoring
from ompycord.app.auditing.cutting import Cutting
from ompycord.app.auditing.operations import AuditOperations
from ompycord.app.control import Operation
from ompycord.app.data_folder import DataFolder
from ompycord.app.models.operations import without_process
from ompycord.app.outgoing.operations import WebhookOperations
from ompycord.app.planning.operations import PlanOperations
from ompycord.app.remembering.operations import MemoryOperations
from ompycord.app.replaying.operations import TapeOperations
from ompycord.app.run_views import RunViews
from ompycord.app.secret_requests.operations import SecretOperations
from ompycord.app.team.operations import TeamOperations
from ompycord.app.team.person import PersonData
from ompycord.app.terminal.reports import RunReports
from ompycord.backup.options import BackupOptions
from ompycord.conductor import Snapshots
from ompycord.domain.ports import Clock, Ids
from ompycord.memory.book import MemoryBook
from ompycord.store import SqliteStore
from ompycord.text import Redactor

__all__ = ["operations_of_store"]


async def _no_listener() -> None:
    return


def operations_of_store(
    store: SqliteStore, data: DataFolder, *, clock: Clock, ids: Ids, anchor_file: str | None
) -> dict[str, Operation]:
    """Each by its name. `anchor_file` is the file of anchors that the settings name, within the data folder."""
    keys = Keys(store=store, secrets=KeySecrets(data.path), clock=clock, ids=ids, changed=_no_listener)
    webhooks = WebhookOperations(store=store, clock=clock, wake=lambda: None)
    views = RunViews(store=store, history=store, snapshots=Snapshots(store=store))
    plans = PlanOperations(store=store, snapshots=Snapshots(store=store))
    book = MemoryBook(rows=store.memory, runs=store, audit=store, clock=clock, ids=ids, redact=Redactor().redact)
    memory = MemoryOperations(rows=store.memory, book=book, vectors=store.vectors, clock=clock)
    reports = RunReports(store=store, history=store, snapshots=Snapshots(store=store))
    anchoring = Anchoring(
        store=store, clock=clock, secrets=data.path / "secrets", file=data.path / anchor_file if anchor_file else None
    )

    def people(backups: BackupOptions) -> PersonData:
        return PersonData(store=store, data=data.path, anchoring=anchoring, clock=clock, backups=backups)

    cutting = Cutting(store=store, anchoring=anchoring, clock=clock)
    audit = AuditOperations(
        store=store, snapshots=Snapshots(store=store), anchoring=anchoring, clock=clock, cutting=cutting
    )
    return {
        **keys.operations(),
        **views.operations(),
        **reports.operations(),
        **webhooks.operations(),
        **without_process(),
        **plans.operations(),
        **SecretOperations(store=store, snapshots=Snapshots(store=store)).operations(),
        **memory.operations(),
        **audit.operations(),
        **TapeOperations(store=store, history=store).operations(),
        **AlertOperations(
            rows=store,
            ways=WaysOut(rows=store, targets={}, redact=Redactor().redact, wake=lambda: None),
            data=data.path,
            clock=clock,
            ids=ids,
        ).operations(),
        **TeamOperations(roles=store, people=people).operations(),
    }
