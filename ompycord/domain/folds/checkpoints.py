"""The results to which a run can go back: the last one of each round; pure.

Counterpart of `transitions/checkpoints.py`, by which it goes back.
"""

from collections.abc import Iterable, Sequence

from ompycord.domain import events as ev
from ompycord.domain.base import Frozen
from ompycord.domain.folds.rounds import starts_of
from ompycord.domain.ids import OMPYCORD

__all__ = ["Checkpoint", "PutBack", "checkpoints_of", "roll_back_of"]


class Checkpoint(Frozen):
    """The result of a round."""

    round: int
    commit: str
    files: int
    """Files that it changes of the base."""
    checks: tuple[str, ...] = ()
    """Each check of ours with its end: `unit failed`."""


class PutBack(Frozen):
    """The last time that a run went back."""

    by: str
    to: Checkpoint
    left: tuple[Checkpoint, ...]
    """The results that were left."""


def checkpoints_of(events: Iterable[ev.RunEvent]) -> tuple[Checkpoint, ...]:
    """By the whole log of a run, in the order of its positions. A round that was left is not among them."""
    found: dict[int, Checkpoint] = {}
    for start in starts_of(events):
        if start.rolled_back_to is not None:
            found = {number: one for number, one in found.items() if number <= start.rolled_back_to}
        if start.commit is not None and start.refused is None:
            found[start.round] = Checkpoint(
                round=start.round, commit=start.commit, files=start.files or 0, checks=start.checks
            )
    return tuple(found[number] for number in sorted(found))


def roll_back_of(events: Sequence[ev.RunEvent]) -> PutBack | None:
    """The last one of a run; None where it never went back."""
    for at in range(len(events) - 1, -1, -1):
        body = events[at].body
        if events[at].source == OMPYCORD and isinstance(body, ev.RunRolledBack):
            known = checkpoints_of(events[:at])
            unknown = Checkpoint(round=body.round, commit=body.commit, files=0)
            to = next((one for one in known if one.round == body.round), unknown)
            return PutBack(by=body.by, to=to, left=tuple(one for one in known if one.round > body.round))
    return None
