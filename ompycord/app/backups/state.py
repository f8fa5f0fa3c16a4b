"""What is known of the backups, and how people and programs read it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ompycord.app.backups.copies import place_of
from ompycord.app.findings import Finding, ok, warn
from ompycord.backup.manifest import BackupError
from ompycord.backup.options import BackupOptions
from ompycord.bot.lookups import HealthLine
from ompycord.domain.base import Millis
from ompycord.render.phrases import day_clock, iso

__all__ = ["BackupState", "backup_finding", "backup_line"]

_NAME: Final = "Backups"
_HOUR_MS: Final = 3_600_000


@dataclass
class BackupState:
    """What is known of backups; read by health and metrics."""

    newest_at: Millis | None = None
    fault: str | None = None
    """Why the last one was not made."""
    failures: int = 0
    """Since the start."""
    drilled_at: Millis | None = None
    drill_fault: str | None = None
    undrilled: str | None = None
    """Why the trial that is due could not be made; it is tried again each hour."""

    def report(self) -> dict[str, Any]:
        """The part of /status."""
        return {
            "newest_at": None if self.newest_at is None else iso(self.newest_at),
            "fault": self.fault,
            "drilled_at": None if self.drilled_at is None else iso(self.drilled_at),
            "drill_fault": self.drill_fault,
        }


def backup_line(state: BackupState) -> HealthLine:
    """The line of `/omp health`."""
    if state.fault is not None:
        return HealthLine(name=_NAME, is_ok=False, text=f"the last one failed: {state.fault}")
    if state.drill_fault is not None:
        return HealthLine(name=_NAME, is_ok=False, text=f"the newest cannot be restored: {state.drill_fault}")
    if state.undrilled is not None:
        return HealthLine(name=_NAME, is_ok=False, text=f"the newest is not tried: {state.undrilled}")
    newest = "none yet" if state.newest_at is None else f"newest {day_clock(state.newest_at)}"
    trial = "" if state.drilled_at is None else f", restored on trial {day_clock(state.drilled_at)}"
    return HealthLine(name=_NAME, is_ok=True, text=newest + trial)


def backup_finding(options: BackupOptions, data: Path, *, now: Millis) -> Finding:
    """The line of `doctor`."""
    place = place_of(options, data)
    try:
        newest, found, key = place.newest(now=now), place.found(), place.new_key()
    except BackupError as error:
        return warn(_NAME, str(error), "`ompycord backup list` looks again.")
    broken = [one.name for one in found if one.manifest is None]
    if broken:
        return warn(_NAME, f"{broken[-1]} in {place.path} cannot be read.", "`ompycord backup list` says why.")
    if newest is None or newest.manifest is None:
        how = "the first one is made an hour after the first start" if options.every_hours else "none is made by itself"
        return ok(_NAME, f"there is none in {place.path}; {how}")
    at = newest.manifest.created_at
    if options.every_hours and now - at > 2 * options.every_hours * _HOUR_MS:
        words = f"The newest in {place.path} is of {day_clock(at)}."
        return warn(_NAME, words, "Start Ompycord, which makes one, or run `ompycord backup create`.")
    how = "" if key is None else f"; new ones are encrypted with the key {key.id[:8]}"
    return ok(_NAME, f"the newest in {place.path} is of {day_clock(at)}{how}")
