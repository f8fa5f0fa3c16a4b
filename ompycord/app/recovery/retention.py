"""Removes what ended runs keep beyond the limits of the settings; `workspaces/retention/` archives it before.

`ompycord doctor` says what goes next.
"""

from pathlib import Path
from typing import Final, Protocol

from ompycord.app.findings import Finding, ok
from ompycord.domain.base import Millis
from ompycord.domain.ids import short_id
from ompycord.domain.ports import Clock, RunRecords
from ompycord.domain.run import FINAL
from ompycord.errors import OmpycordError
from ompycord.render.phrases import and_list, count
from ompycord.telemetry import get_logger
from ompycord.workspaces.retention.kept_results import KeptResult, due_results, surveyed
from ompycord.workspaces.session_limits import SessionLimits

__all__ = ["ResultKeeper", "Results", "results_finding"]

PAUSE_S: Final = 3600.0
_SHOWN: Final = 5
_MIB: Final = 1_048_576

log = get_logger(__name__)


class Results(Protocol):
    """Results of ended runs."""

    async def survey(self) -> tuple[KeptResult, ...]:
        """Those that may go, oldest first."""
        ...

    async def remove(self, kept: KeptResult) -> None:
        """Archive and remove one. Raises WorkspaceError."""
        ...


class ResultKeeper:
    """Looks at the start and every hour."""

    def __init__(self, *, results: Results, store: RunRecords, limits: SessionLimits, clock: Clock) -> None:
        self._results = results
        self._store = store
        self._limits = limits
        self._clock = clock

    async def run(self) -> None:
        """Runs until cancelled; what cannot be removed now is tried again."""
        while True:
            try:
                await self.prune()
            except (OmpycordError, OSError) as error:
                log.warning("results.not_pruned", cause=str(error))
            await self._clock.sleep(PAUSE_S)

    async def prune(self) -> None:
        """Remove what is due, one after the other. Raises StorageError."""
        for one in due_results(await self._results.survey(), self._limits, self._clock.now_ms()):
            record = await self._store.run(one.run)
            if record is not None and record.state not in FINAL:
                continue
            if self._limits.results_dry_run:
                log.info("result.due", run=one.run, bytes=one.size, is_archived=not one.is_on_branch)
                continue
            try:
                await self._results.remove(one)
            except OmpycordError as error:
                log.warning("result.not_removed", run=one.run, cause=str(error))
            else:
                log.info("result.removed", run=one.run, bytes=one.size, is_archived=not one.is_on_branch)


def results_finding(data: Path, limits: SessionLimits, now: Millis) -> Finding:
    """The line of `doctor`: what ended runs keep, and what of it goes next. Blocks."""
    kept = surveyed(data / "workspaces")
    if not kept:
        return ok("Results", "no ended run keeps anything here")
    total = sum(one.size for one in kept) / _MIB
    words = f"{count(len(kept), 'ended run')} with {total:,.0f} MiB of {limits.results_mib:,}"
    due = due_results(kept, limits, now)
    if not due:
        return ok("Results", f"{words}; nothing is due to go")
    names = and_list([short_id(one.run) for one in due], most=_SHOWN)
    archived = sum(not one.is_on_branch for one in due)
    how = "would go, but results_dry_run is set" if limits.results_dry_run else "go next"
    return ok("Results", f"{words}; {names} {how}{f', {archived} archived first' if archived else ''}")
