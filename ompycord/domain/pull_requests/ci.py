"""The one verdict over the checks of a pull request's own CI; pure. It is never mixed with the checks that we ran."""

from collections.abc import Iterable, Sequence
from typing import Final

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.events import CiState
from ompycord.domain.pull_requests.seen import SeenCheck, SeenChecks

__all__ = ["OUR_STATUSES", "SETTLE_MS", "VERDICTS", "CiVerdict", "ci_of", "newest", "repairable"]

SETTLE_MS: Final = 60_000
"""For how long the set of checks must stay the same before it may be green: CI adds checks late."""
OUR_STATUSES: Final = frozenset({"ompycord", "ompycord/review"})
"""Statuses that we set ourselves; they are no CI."""

VERDICTS: Final[dict[str, CiState]] = {
    "success": "green",
    "neutral": "green",
    "skipped": "green",
    "failure": "red",
    "timed_out": "red",
    "error": "stopped",
    "cancelled": "stopped",
    "stale": "stopped",
    "startup_failure": "stopped",
    "action_required": "blocked",
}
"""By a check's conclusion, or a status's state. A word that is not here is *unknown*, and never green."""
_REPAIRABLE: Final = frozenset({"failure"})
"""What an agent may have caused: not a time limit, not a start that failed, not an outage."""
_WORST_FIRST: Final[tuple[CiState, ...]] = ("red", "blocked", "unknown", "stopped")


class CiVerdict(Frozen):
    """What all checks say together."""

    state: CiState
    done: int = 0
    total: int = 0
    named: tuple[SeenCheck, ...] = ()
    """Those because of which it is not green."""
    signature: str = ""
    """Which checks there are; the same set has the same."""


def newest(checks: Iterable[SeenCheck]) -> tuple[SeenCheck, ...]:
    """Of each app, workflow and name the run that started last, in the order of their names."""
    found: dict[tuple[str, str, str], SeenCheck] = {}
    for check in checks:
        if check.name in OUR_STATUSES and not check.app:
            continue
        key = check.app, check.workflow, check.name
        if key not in found or check.started_at >= found[key].started_at:
            found[key] = check
    return tuple(found[key] for key in sorted(found, key=lambda one: (one[2], one[0], one[1])))


def ci_of(seen: SeenChecks, *, same_since: Millis | None, now: Millis) -> CiVerdict:
    """`same_since`: since when the set of checks is what it is; None where it has just changed."""
    if not seen.is_seen:
        return CiVerdict(state="unseen")
    checks = newest(seen.checks)
    signature = "\n".join(f"{one.app}\t{one.workflow}\t{one.name}" for one in checks)
    done = [one for one in checks if one.is_done]
    counted = CiVerdict(state="running", done=len(done), total=len(checks), signature=signature)
    by_state: dict[CiState, list[SeenCheck]] = {}
    for check in done:
        by_state.setdefault(VERDICTS.get(check.verdict, "unknown"), []).append(check)
    for state in _WORST_FIRST:
        if found := by_state.get(state):
            is_final = state in {"red", "blocked"} or len(done) == len(checks)
            if is_final:
                return counted.model_copy(update={"state": state, "named": tuple(found)})
    missing = seen.required - {one.name for one in done}
    is_settled = same_since is not None and now - same_since >= SETTLE_MS
    if len(done) < len(checks) or missing or (checks and not is_settled):
        return counted
    return counted.model_copy(update={"state": "green" if checks else "none"})


def repairable(verdict: CiVerdict, base: Sequence[SeenCheck]) -> tuple[SeenCheck, ...]:
    """The red checks that the change may have caused: what is red on the base, too, is not among them."""
    if verdict.state != "red":
        return ()
    old = {(one.app, one.workflow, one.name) for one in newest(base) if VERDICTS.get(one.verdict) == "red"}
    return tuple(
        one for one in verdict.named if one.verdict in _REPAIRABLE and (one.app, one.workflow, one.name) not in old
    )
