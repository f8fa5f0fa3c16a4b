"""What the guard found in a collected result; `events/__init__.py` gathers all families."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from ompycord.domain.authority import ONLY_OMPYCORD
from ompycord.domain.base import Frozen
from ompycord.domain.events.fields import Count, KnownEvent, Path

__all__ = ["GuardEventBody", "GuardFinding", "GuardRule", "ResultGuarded"]

GuardRule = Literal["secret", "protected", "escape", "files", "lines", "file_size", "syntax", "unplanned"]
_POLICY: Final = frozenset({"secret", "protected", "escape"})


class GuardFinding(Frozen):
    """One thing for which a result is not taken."""

    rule: GuardRule
    path: Path | None = None
    """None where it is about the whole result."""
    line: Annotated[int, Field(ge=1)] | None = None
    detail: Annotated[str, StringConstraints(max_length=200)] = ""
    """What is there: the kind of a secret (never the value), where a link leads, what a parser says, a number."""

    @property
    def is_policy(self) -> bool:
        """Whether it ends the run; otherwise the agent repairs it."""
        return self.rule in _POLICY


class ResultGuarded(KnownEvent, senders=ONLY_OMPYCORD):
    """A collected result was looked through. With findings it was not taken, and the one before stands."""

    type: Literal["result.guarded"] = "result.guarded"
    findings: Annotated[tuple[GuardFinding, ...], Field(max_length=50)] = ()
    total: Count = 0
    """How many findings there are."""
    not_checked: Annotated[tuple[Path, ...], Field(max_length=50)] = ()
    """Changed files of which no syntax was checked: of a language without a parser here, or too large."""
    not_checked_total: Count = 0
    files: Count = 0
    """How many files the result changed."""


GuardEventBody = ResultGuarded
