"""What a reviewer found in a result, in a shape of ours; pure.

Counterparts: `finding_faults.py`, which compares it with the result, and `dialects/reports/`, which reads it.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ompycord.domain.base import Frozen

__all__ = ["ReviewFinding", "ReviewReport"]


class ReviewFinding(Frozen):
    """One finding."""

    severity: Literal["blocking", "remark"]
    """Blocking: the result must not be taken so."""
    title: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    why: Annotated[str, StringConstraints(max_length=1000, strip_whitespace=True)] = ""
    """What goes wrong, and how it is seen."""
    path: Annotated[str, StringConstraints(min_length=1, max_length=400)] | None = None
    line: Annotated[int, Field(ge=1, le=10_000_000, strict=True)] | None = None

    @property
    def is_blocking(self) -> bool:
        return self.severity == "blocking"


class ReviewReport(Frozen):
    """A whole review."""

    summary: Annotated[str, StringConstraints(min_length=1, max_length=600, strip_whitespace=True)]
    findings: Annotated[tuple[ReviewFinding, ...], Field(max_length=20)] = ()
