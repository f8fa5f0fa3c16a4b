"""What the writer's thread still knows of runs and sources that posts met lately, so that most are judged unread.

Counterpart of `features/admission.py`, which fills it, and of `committer.py`, which has it forget: only the log as this
process committed it last is remembered. Used in the writer's thread alone.
"""

from typing import NamedTuple

from ompycord.domain.ids import RunId

__all__ = ["KEPT", "PostMemory", "PostTarget", "RunKey", "SourceKey", "SourceNumbers"]

KEPT = 4096
"""Sources that are remembered before all are forgotten; some 300 bytes each."""

RunKey = tuple[bool, str, str]
"""(a run's own key?, key, what the sender calls the run)"""
SourceKey = tuple[int, str]
"""(run's row, source)"""


class SourceNumbers(NamedTuple):
    """The values that decide the next number. `final_seq` is the lowest number with which the source ended its run."""

    numbering: str | None = None
    last_seq: int = 0
    final_seq: int | None = None


class PostTarget(NamedTuple):
    """The run that a post is for."""

    pk: int
    run: RunId
    ends_sources: bool
    """Whether a final event ends its source, as in an external run.

    In a hosted run it is a claim and only the run's state ends it.
    """
    has_ended: bool
    cancel_requested: bool


class PostMemory:
    """Never older than the database: whatever else writes there has all of it forgotten."""

    def __init__(self) -> None:
        self.runs: dict[RunKey, PostTarget] = {}
        self.sources: dict[SourceKey, SourceNumbers] = {}
        self.last_pk = 0
        """The last row number of a run."""
        self.position: int | None = None
        """The last event's; None where nothing is known."""

    def forget(self) -> None:
        """Know nothing any more."""
        if self.position is None:
            return
        self.runs.clear()
        self.sources.clear()
        self.position = None

    def remember(
        self,
        runs: dict[RunKey, PostTarget],
        sources: dict[SourceKey, SourceNumbers],
        *,
        last_pk: int,
        position: int,
    ) -> None:
        """Add what a transaction read and wrote, of which it is the end."""
        if len(self.sources) + len(sources) > KEPT:
            self.forget()
        self.runs.update(runs)
        self.sources.update(sources)
        self.last_pk, self.position = last_pk, position
