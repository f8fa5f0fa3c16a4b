"""Ports of the checks: verification steps that we run, time and parse, and what is kept of earlier runs of them.

`ompycord.testing` holds a double of `Checks`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.checking.probe import Canary, Probe, TestStatus
from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.events import ChangedEvidence, CheckFinished, FailedTest
from ompycord.domain.ids import RunId
from ompycord.domain.ports.agents import Listener
from ompycord.domain.ports.trees import ResultTrees, TreeEntry
from ompycord.domain.repository import CheckSpec

__all__ = ["CheckHistory", "CheckRun", "Checks", "Comparison"]


class CheckRun(Frozen):
    """How one run of a check ended. The canary counts nowhere."""

    finished: CheckFinished
    errors: tuple[FailedTest, ...] = ()
    """Its first failures as it printed them; none where it passed."""
    tests: dict[str, TestStatus] | None = None
    """Its tests by name; None where they are not told apart."""
    canary: Canary | None = None
    """None where the runner has none: then it cannot be told to run some tests only, either."""
    unfailing: tuple[str, ...] = ()
    """Assertions that do not fail any more in the process of the product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A result beside its base, and the trees in which the tests of one meet the sources of the other."""

    changes: tuple[ChangedEvidence, ...]
    """What the result changed of existing tests and of what defines how checks run, by path."""
    with_base: Mapping[str, TreeEntry]
    """The result's sources with every test and every definition of a check as the base has it."""
    on_base: Mapping[str, TreeEntry]
    """The base's sources with the tests and definitions of the result."""


class Checks(Protocol):
    """Runs verification steps."""

    async def run(
        self,
        run: RunId,
        check: CheckSpec,
        cwd: Path,
        probe: Probe | None = None,
        *,
        secrets: Sequence[str] = (),
        services: Sequence[ServiceSpec] = (),
        listener: Listener | None = None,
    ) -> CheckRun:
        """Run one check with its hard timeout and parse its result. Never raises for what the check does.

        `secrets` are names of variables of this process that it gets; `services` are started for it, empty; `listener`
        is what it reaches where it has no network.
        """
        ...

    async def compare(self, checks: Sequence[CheckSpec], trees: ResultTrees) -> Comparison:
        """Compare the result with its base. Raises WorkspaceError."""
        ...


class CheckHistory(Protocol):
    """What earlier runs of checks showed. Every method raises StorageError."""

    async def baseline(self, key: str) -> CheckRun | None:
        """How a check ended on a base; `key` names the tree and the definition of the check."""
        ...

    async def keep_baseline(self, key: str, ran: CheckRun, *, at: Millis) -> None:
        """Keep it, in place of the oldest where there are many."""
        ...

    async def unstable(self, repository: str, check: str, tests: Sequence[str]) -> Mapping[str, int]:
        """By test the number of runs in which it passed only when it was run again."""
        ...

    async def keep_unstable(self, run: RunId, repository: str, check: str, tests: Sequence[str], *, at: Millis) -> None:
        """Remember tests that passed only when they were run again. Idempotent for a run."""
        ...
