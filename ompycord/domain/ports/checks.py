"""Port of the checks: verification steps that we run, time and parse. `ompycord.testing` holds a double."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ompycord.domain.base import Frozen
from ompycord.domain.events import ChangedEvidence, CheckFinished, FailedTest
from ompycord.domain.ids import RunId
from ompycord.domain.ports.trees import ResultTrees
from ompycord.domain.repository import CheckSpec

__all__ = ["CheckRun", "Checks"]


class CheckRun(Frozen):
    """How one run of a check ended."""

    finished: CheckFinished
    errors: tuple[FailedTest, ...] = ()
    """Its first failures as it printed them; none where it passed."""


class Checks(Protocol):
    """Runs verification steps."""

    async def run(self, run: RunId, check: CheckSpec, cwd: Path) -> CheckRun:
        """Run one check with its hard timeout and parse its result. Never raises for what the check does."""
        ...

    async def compare(self, checks: Sequence[CheckSpec], trees: ResultTrees) -> tuple[ChangedEvidence, ...]:
        """What the result changed of existing tests and of what defines how `checks` run, by path.

        Raises WorkspaceError.
        """
        ...
