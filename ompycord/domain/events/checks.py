"""Facts about what verifies a run: checks, what stands behind their results, changed tests and definitions.

`events.py` gathers all families.
"""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from ompycord.domain.authority import OBSERVERS, ONLY_OMPYCORD, ONLY_PEOPLE
from ompycord.domain.base import Frozen, Line, Name
from ompycord.domain.events.fields import Count, KnownEvent, Path

__all__ = [
    "ERROR_LENGTH",
    "ChangedEvidence",
    "CheckEventBody",
    "CheckFinished",
    "CheckProved",
    "CheckStarted",
    "ChecksErred",
    "EvidenceAccepted",
    "EvidenceChanged",
    "FailedTest",
]

ERROR_LENGTH = 8000
"""Characters of one failure that are kept; a person reads the check's own output for more."""


class CheckStarted(KnownEvent, senders=OBSERVERS):
    """A verification step began. From Ompycord: one that we run."""

    type: Literal["check.started"] = "check.started"
    check: Name


class CheckFinished(KnownEvent, senders=OBSERVERS):
    """A verification step ended, timed and parsed by its sender."""

    type: Literal["check.finished"] = "check.finished"
    check: Name
    status: Literal["passed", "failed", "error", "timeout", "missing"]
    """`missing`: the tool is not installed, no failure of the code; `error`: it ran but proved nothing."""
    passed: Count | None = None
    failed: Count | None = None
    skipped: Count | None = None
    duration_ms: Count | None = None
    detail: Line | None = None
    failing: Annotated[tuple[Line, ...], Field(max_length=20)] = ()


class FailedTest(Frozen):
    """A test that failed, or a whole check where it counts none, with its error as the check printed it."""

    test: Line
    error: Annotated[str, StringConstraints(max_length=ERROR_LENGTH)]


class ChecksErred(KnownEvent, senders=ONLY_OMPYCORD):
    """What the first failures of a check said; its agent repairs by it. Ours alone."""

    type: Literal["check.errors"] = "check.errors"
    check: Name
    tests: Annotated[tuple[FailedTest, ...], Field(max_length=10)]


TestNames = Annotated[tuple[Line, ...], Field(max_length=20)]


class CheckProved(KnownEvent, senders=ONLY_OMPYCORD):
    """What stands behind the result of a check that we ran: other runs of it, and what they showed."""

    type: Literal["check.proved"] = "check.proved"
    check: Name
    base: Literal["passed", "failed"] | None = None
    """How it ended on the base; None where that was not asked, or nothing could be told."""
    base_tests: Count | None = None
    """How many tests passed or failed on the base; None where that is not known, or its report counts none."""
    old_failing: TestNames = ()
    """Tests that fail and failed on the base; without names the check itself did."""
    only_old: StrictBool = False
    """Whether nothing fails that passed on the base."""
    with_base: Literal["same", "passed", "failed"] | None = None
    """The result's sources with the base's tests and definitions: the result has them as they were, or how a run of
    these ended."""
    with_base_failing: TestNames = ()
    canary: Literal["seen", "hidden"] | None = None
    """Whether a test of ours passed and failed as it must, in the product's process; None: the exit code alone."""
    lie: Line | None = None
    """What was seen where the canary was hidden."""
    lost: TestNames = ()
    """Tests that passed on the base and do not pass any more: they are gone or skipped."""
    lost_total: Count = 0
    new_total: Count = 0
    """Tests that the base does not have."""
    new_green: TestNames = ()
    """Those of them that pass with the base's sources too, so that they prove nothing of the change."""
    unstable: TestNames = ()
    """Tests that passed only when they were run again."""
    unstable_before: Count = 0
    """Runs before in which one of them was."""

    @property
    def is_honest(self) -> bool:
        """Whether the run can be believed: nothing hid the canary, nothing passed by chance."""
        return self.canary != "hidden" and not self.unstable

    @property
    def is_whole(self) -> bool:
        """Whether the result passes with the base's own tests, and none of them was lost."""
        return self.with_base in {"same", "passed"} and not self.lost_total


class EvidenceAccepted(KnownEvent, senders=ONLY_PEOPLE):
    """A person accepted what a result changed of tests and checks. It holds for these very bytes."""

    type: Literal["evidence.accepted"] = "evidence.accepted"
    by: Name
    commit: Annotated[str, StringConstraints(max_length=64)]
    """The result that was accepted."""
    changes: Count
    """How many changes were accepted."""


class ChangedEvidence(Frozen):
    """One path by which the checks prove less of a result than they would with the tests and settings of its base."""

    path: Path
    what: Literal[
        "test_removed",
        "test_moved",
        "test_linked",
        "test_skipped",
        "test_changed",
        "check_removed",
        "check_linked",
        "check_changed",
        "check_added",
        "shadow",
        "compiled",
        "answer",
        "suppression",
    ]
    """`test_*`: a file with tests that the base has. `check_*`: a file that defines how a check runs. `shadow`: a new
    file that is loaded instead of what runs the tests; `compiled`: code that nobody can read; `answer`: code that acts
    on the test run itself; `suppression`: a comment that asks a check to look away."""
    name: Line | None = None
    """What of it: names of tests, a section, a module, a function that is called."""
    put_back: StrictBool = False
    """Whether the checks ran a second time with what the base has there, so that they tell what it means."""


class EvidenceChanged(KnownEvent, senders=ONLY_OMPYCORD):
    """The result touches existing tests or what defines a check, so passing checks do not verify it."""

    type: Literal["evidence.changed"] = "evidence.changed"
    changes: Annotated[tuple[ChangedEvidence, ...], Field(min_length=1, max_length=100)]
    total: Count | None = None
    """When more were found than are listed."""


CheckEventBody = CheckStarted | CheckFinished | ChecksErred | CheckProved | EvidenceAccepted | EvidenceChanged
