"""Other work of a repository that changes the same files as a run; `events/__init__.py` gathers all families."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ompycord.domain.authority import ONLY_OMPYCORD, ONLY_PEOPLE
from ompycord.domain.base import Frozen, Line, Name
from ompycord.domain.events.fields import Count, KnownEvent, Path
from ompycord.domain.ids import Ulid

__all__ = ["OtherWork", "OverlapDismissed", "OverlapEventBody", "OverlappingWork", "OverlapsFound"]

_Paths = Annotated[tuple[Path, ...], Field(max_length=20)]


class OtherWork(Frozen):
    """A run of the same repository that is not over, or an open pull request."""

    run: Ulid | None = None
    pull_request: Annotated[int, Field(ge=1, le=2**53, strict=True)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.run is None) == (self.pull_request is None):
            raise ValueError("names either a run or a pull request")
        return self


class OverlappingWork(Frozen):
    """What it is, and which files both change."""

    work: OtherWork
    who: Name | None = None
    """Who asked for it; None where that is not known here."""
    title: Line = ""
    files: _Paths = ()
    """Files that both change, the first ones."""
    files_total: Count = 0
    conflicts: _Paths = ()
    """Files that cannot be merged as they stand; empty: all can."""
    branch: Annotated[str, StringConstraints(max_length=256)] | None = None
    """The branch here on which its result is; None while it is on none."""


class OverlapsFound(KnownEvent, senders=ONLY_OMPYCORD):
    """Which other work changes the same files as the last result, by a merge that was tried and not kept.

    The last one counts. What conflicts comes first.
    """

    type: Literal["overlaps.found"] = "overlaps.found"
    others: Annotated[tuple[OverlappingWork, ...], Field(max_length=10)] = ()
    total: Count | None = None
    """When there are more than are listed."""


class OverlapDismissed(KnownEvent, senders=ONLY_PEOPLE):
    """A person lets the run go on beside other work.

    Where a conflict comes later, or the other work is put on a branch, they are asked again.
    """

    type: Literal["overlap.dismissed"] = "overlap.dismissed"
    by: Name
    others: Annotated[tuple[OverlappingWork, ...], Field(min_length=1, max_length=10)]


OverlapEventBody = OverlapsFound | OverlapDismissed
