"""What the last start found of an earlier process, as a file of the data folder; `ompycord doctor` tells it."""

from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ompycord.app.findings import Finding, ok, warn
from ompycord.domain.base import Frozen, Millis
from ompycord.files import replace_file
from ompycord.render.phrases import and_list, count

__all__ = ["RECOVERY_FILE", "Recovered", "keep_recovered", "recovery_finding"]

RECOVERY_FILE: Final = "recovery.json"
_NAME: Final = "Recovery"
_SHOWN: Final = 5
_REFS: Final = "refs/ompycord/left/… of workspaces/RUN/result.git in the data folder"


class Recovered(Frozen):
    """Runs by the last characters of their ids."""

    at: Millis
    resumed: tuple[str, ...] = ()
    """They were at work, and go on."""
    cleaned: tuple[str, ...] = ()
    """They are over, or unknown to the database; their clone was left and is removed."""
    stuck: tuple[str, ...] = ()
    """The same, and the clone could not be removed, or holds work that could not be kept."""
    kept: tuple[str, ...] = ()
    """Of those that were cleaned: the clone held work that no result has, which a ref keeps."""

    @property
    def is_something(self) -> bool:
        """Whether anything was left behind."""
        return bool(self.resumed or self.cleaned or self.stuck)


def keep_recovered(data: Path, found: Recovered) -> None:
    """Write the file; a start that found nothing replaces it too. Raises OSError."""
    replace_file(data / RECOVERY_FILE, found.model_dump_json(indent=1))


def recovery_finding(data: Path) -> Finding:
    """The line of `doctor`."""
    try:
        found = Recovered.model_validate_json((data / RECOVERY_FILE).read_bytes())
    except (OSError, ValidationError):
        return ok(_NAME, "no start was recorded yet")
    if not found.is_something:
        return ok(_NAME, "the last start found nothing left behind")
    parts = [
        f"{count(len(names), 'run')} {what} ({and_list(list(names), most=_SHOWN)})"
        for names, what in (
            (found.resumed, "went on"),
            (found.cleaned, "left a clone that was removed"),
            (found.kept, f"had work in it that no result has, kept as {_REFS}"),
        )
        if names
    ]
    if found.stuck:
        parts.append(f"clones of {and_list(list(found.stuck), most=_SHOWN)} could not be removed")
        return warn(
            _NAME,
            f"{'; '.join(parts)}.",
            "Fix the permissions of workspaces in the data folder, or take a secret out of the clone, then restart.",
        )
    return ok(_NAME, f"at the last start {'; '.join(parts)}")
