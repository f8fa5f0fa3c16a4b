"""`ompycord audit`: the record of what people did, checked and told. Counterpart of `cli/following/audit.py`.

It works here or in the running process, as `keys` and `runs`.
"""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

from pydantic import Field, ValidationError

from ompycord.app.auditing.anchoring import Anchoring, TamperedAnchors
from ompycord.app.auditing.cutting import Cutting
from ompycord.app.auditing.explaining import explained
from ompycord.app.control import Operation
from ompycord.app.terminal.reports import find_run
from ompycord.conductor import Snapshots
from ompycord.domain.auditing.chain import ACCEPTED, AuditRow, ChainReport
from ompycord.domain.base import Frozen, Line
from ompycord.domain.ids import RunId
from ompycord.domain.ports import Clock, RunFilter
from ompycord.domain.run import RunRecord
from ompycord.errors import RefusedInWords, UnavailableError
from ompycord.store import SqliteStore

__all__ = ["AuditOperations", "row_for_people"]

T = TypeVar("T", bound=Frozen)
_PAGE: Final = 1000
_RUNS: Final = 1000
"""Runs that are looked through for a pull request, the newest ones."""


class _Page(Frozen):
    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=_PAGE)] = _PAGE


class _Which(Frozen):
    run: Annotated[str, Field(min_length=4, max_length=2048)]
    """The end of a run's id, or the address of its pull request."""


class _Accept(Frozen):
    row: Annotated[int, Field(ge=1)]
    reason: Annotated[Line, Field(min_length=3)]
    by: Annotated[str, Field(min_length=1, max_length=64)] = "command line"
    anchor_file: str | None = None
    """For a process of its own, which has no settings; the running one knows its file."""


class _CutWanted(Frozen):
    before: Annotated[int, Field(ge=0)]
    """Rows that are older move."""
    dry_run: bool = False
    by: Annotated[str, Field(min_length=1, max_length=64)] = "command line"
    anchor_file: str | None = None


class AuditOperations:
    """Reads the chain; an anchor, a confirmed break and a cut are all that it adds."""

    def __init__(
        self, *, store: SqliteStore, snapshots: Snapshots, anchoring: Anchoring, clock: Clock, cutting: Cutting
    ) -> None:
        self._cutting = cutting
        self._store = store
        self._snapshots = snapshots
        self._anchoring = anchoring
        self._clock = clock

    def operations(self) -> dict[str, Operation]:
        """The operations by the names that the control socket uses."""
        return {
            "audit.verify": self._verify,
            "audit.rows": self._rows,
            "audit.explain": self._explain,
            "audit.anchor": self._anchor,
            "audit.accept": self._accept,
            "audit.cut": self._cut,
        }

    async def _verify(self, arguments: dict[str, Any]) -> dict[str, Any]:
        key = await asyncio.to_thread(self._anchoring.key)
        in_files = {"in_files": sum(file.rows for file in await self._store.cuts.files())}
        try:
            report = await self._store.check_audit(await self._anchoring.read(), key=key)
        except TamperedAnchors as error:
            report = await self._store.check_audit(key=key)
            return _report(report, has_anchors=True) | in_files | {"whole": False, "anchor_fault": str(error)}
        return _report(report, has_anchors=self._anchoring.file is not None) | in_files

    async def _rows(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        page = _read(_Page, arguments)
        return [row_for_people(row) for row in await self._store.audit_rows(after=page.after, limit=page.limit)]

    async def _explain(self, arguments: dict[str, Any]) -> dict[str, Any]:
        which = _read(_Which, arguments)
        record = await self._found(which.run)
        loaded = await self._snapshots.load(record)
        rows = await self._store.audit_of(record.id, since=record.created_at)
        events = await self._store.events_of(RunId(record.id))
        return {"run": record.id, "lines": explained(record, loaded.snapshot, rows, events)}

    async def _found(self, which: str) -> RunRecord:
        if "/" not in which:
            return await find_run(self._store, which)
        records = await self._store.runs(RunFilter(limit=_RUNS))
        folds = await self._snapshots.folded_of([RunId(record.id) for record in records])
        for record in records:
            folded = folds.get(RunId(record.id))
            pull = folded.snapshot.pull_request if folded is not None else None
            if pull is not None and pull.url.rstrip("/") == which.rstrip("/"):
                return record
        raise RefusedInWords("No run here opened that pull request. `ompycord runs --all` lists the runs.")

    async def _anchor(self, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._anchoring.file is None:
            raise RefusedInWords(
                "No file for anchors is set. Name one: `audit: {anchor_file: /mnt/elsewhere/anchors}`."
            )
        try:
            anchor = await self._anchoring.add()
        except TamperedAnchors as error:
            raise RefusedInWords(f"The anchors were changed: {error}. Nothing was added.") from None
        return {"row": None if anchor is None else anchor.n, "file": str(self._anchoring.file)}

    async def _accept(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Confirm a break with a reason: it stays shown, and what follows it counts again."""
        wanted = _read(_Accept, arguments)
        try:
            key = await asyncio.to_thread(self._anchoring.key)
            report = await self._store.check_audit(await self._anchoring.read(), key=key)
        except TamperedAnchors as error:
            raise RefusedInWords(f"The anchors were changed: {error}. Nothing was confirmed.") from None
        fault = next((one for one in report.open_faults if one.n == wanted.row), None)
        if fault is None:
            raise RefusedInWords(f"Row {wanted.row} has no break that waits to be confirmed.")
        detail = {"content_hash": fault.content_hash, "reason": wanted.reason, "what": fault.text}
        now = self._clock.now_ms()
        await self._store.audit(actor=wanted.by, action=ACCEPTED, subject=str(fault.n), detail=detail, at=now)
        return {"row": fault.n, "what": fault.text}

    async def _cut(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Move old rows into files, or say how many would move."""
        wanted = _read(_CutWanted, arguments)
        if wanted.before > self._clock.now_ms():
            raise RefusedInWords("That day has not begun. Name an earlier one: `--before 2026-01-31`.")
        try:
            if wanted.dry_run:
                moved = await self._cutting.due(wanted.before)
            else:
                moved = await self._cutting.cut(wanted.before, by=wanted.by)
        except OSError as error:
            cause = f"The file of old rows cannot be written: {error.strerror}."
            raise UnavailableError(f"{cause} They stay in the database.") from None
        return {**asdict(moved), "dry_run": wanted.dry_run}


def row_for_people(row: AuditRow) -> dict[str, Any]:
    """A row with its time as text; its hashes are what a second check needs."""
    at = datetime.fromtimestamp(row.at / 1000, UTC).isoformat(timespec="milliseconds")
    texts = {name: row.text(name) for name in ("actor", "action", "subject", "detail")}
    return {"n": row.n, "at": row.at, "time": at, **texts, "previous": row.previous.hex(), "hash": row.hash.hex()}


def _report(report: ChainReport, *, has_anchors: bool) -> dict[str, Any]:
    return {
        "whole": not report.open_faults,
        "rows": report.rows,
        "last_hash": report.last_hash,
        "anchors": report.anchors if has_anchors else None,
        "erased": report.erased,
        "cut_through": report.cut_through,
        "faults": [fault.model_dump() for fault in report.faults],
    }


def _read(model: type[T], arguments: dict[str, Any]) -> T:
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"])) or "it"
        raise RefusedInWords(f"These arguments are not valid: look at {field}.") from None
