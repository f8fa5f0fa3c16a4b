"""In words: which other work changes the same files as a run; counterpart of `events.OverlapsFound`."""

from typing import Final

from ompycord.domain.events import OverlappingWork
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import short_id
from ompycord.render.phrases import and_list
from ompycord.render.sanitizer import Sanitizer

__all__ = ["other_work", "overlap_lines"]

_NAME: Final = 40
_PATH: Final = 80
_TITLE: Final = 60
_FILES: Final = 3


def overlap_lines(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> list[str]:
    """A line for each, conflicts first, and how many are not named."""
    lines = [_line(one.other, sanitizer) for one in snapshot.overlaps]
    more = snapshot.overlaps_total - len(lines)
    return [*lines, *((f"… and {more} more",) if more > 0 else ())]


def _line(other: OverlappingWork, sanitizer: Sanitizer) -> str:
    it = other_work(other, sanitizer)
    ended = f", ended on {sanitizer.line(other.branch, _PATH)}" if other.work.run is not None and other.branch else ""
    if other.conflicts:
        total = len(other.conflicts)
        return f"⚠ Conflicts in {_files(other.conflicts, total, sanitizer)} with {it}{ended}"
    files = _files(other.files, other.files_total, sanitizer)
    return f"Also changes {files}: {it}{ended} · no conflict yet"


def _files(paths: tuple[str, ...], total: int, sanitizer: Sanitizer) -> str:
    shown = [sanitizer.line(path, _PATH) for path in paths[:_FILES]]
    more = total - len(shown)
    return and_list([*shown, *((f"{more} more",) if more > 0 else ())])


def other_work(other: OverlappingWork, sanitizer: Sanitizer) -> str:
    """What it is: `Ada's run 1a2b3c (Fix the total)`, `pull request #12 (branch)`."""
    who = sanitizer.line(other.who, _NAME) if other.who else ""
    title = sanitizer.line(other.title, _TITLE) if other.title.strip() else ""
    about = f" ({title})" if title else ""
    if other.work.run is not None:
        return f"{who}'s run {short_id(other.work.run)}{about}" if who else f"run {short_id(other.work.run)}{about}"
    whose = f"{who}'s pull request" if who else "pull request"
    return f"{whose} #{other.work.pull_request}{about}"
