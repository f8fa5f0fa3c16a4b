"""What each step of a run reports when it ends, one typed result per step.

Counterpart of `stages.py`, which decides on them. An `effect.finished` event carries a result as its `facts`;
`facts_of` and `Stage.result` are the only two ways between the forms.
"""

from typing import Literal

from pydantic import ConfigDict

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.run import EndedBy

__all__ = [
    "BuildResult",
    "CheckResult",
    "CollectResult",
    "Facts",
    "PlanResult",
    "PrepareResult",
    "PublishResult",
    "RebaseResult",
    "ReportResult",
    "SetUpResult",
    "StageResult",
    "facts_of",
]

Facts = dict[str, str | int | bool]
"""The form on the wire and in the log: scalars by name."""


class StageResult(Frozen):
    """The result of a step that reports only that it ended.

    Facts of other versions are ignored, so that an old log is read as it was.
    """

    model_config = ConfigDict(extra="ignore")


class PrepareResult(StageResult):
    """A clone is ready."""

    base: str | None = None
    """The commit from which the work starts."""
    first_base: str | None = None
    """Of a follow-up: the commit from which the first run on its branch started, with which evidence is compared."""
    session: str | None = None
    """Of a follow-up: the agent's session that was kept, in which it goes on."""
    branch: str | None = None
    """The name for a branch of its own; None for a follow-up on a branch, and for runs of earlier versions."""
    setup: int | None = None
    """Steps of set-up, and services, that come before the agent; None where there are none."""
    max_rounds: int | None = None
    """The rounds to which the repository's own file narrows the run."""


class SetUpResult(StageResult):
    """The dependencies are there."""

    kept: str | None = None
    """The name of what is kept of them."""


class BuildResult(StageResult):
    """An agent ended or was interrupted."""

    claim: bool = False
    """What it claims of its work: done, or failed."""
    partial: bool = False
    """With a claim of done: it says that a part of the task is left."""
    ended_by: EndedBy | None = None
    """Who ended it; left out with a claim of done."""
    until: Millis | None = None
    """When its provider takes requests again, where that refused and said so."""
    unheard: bool = False
    """People wrote something that this start of the agent never received."""
    session: bool = False
    """Whether it can continue in its session and its clone after our restart interrupted it."""


class PlanResult(BuildResult):
    """An agent ended whose plan was to be read."""

    plan: str | None = None
    """The hash of its plan; None where that was refused, or there is none."""
    asks: bool = True
    """Whether a person decides on it."""


class ReportResult(BuildResult):
    """An agent ended that reviewed a result."""

    blocking: int | None = None
    """Findings that must be repaired; None where its report was refused, or there is none."""


class CollectResult(StageResult):
    """The agent's result was taken out of its clone."""

    changed: int | None = None
    """Paths that differ from the base; None from a version that did not count."""
    tree: str | None = None
    """What was taken (`ResultTrees.name`); only of a repair."""
    left_out: int | None = None
    """Pieces of the agent's work that are not in the result; None where there are none."""
    guard: Literal["repair", "policy"] | None = None
    """Why the guard did not take it: what its agent can repair, or what ends the run; None where it did."""


class CheckResult(StageResult):
    """The checks of the repository ended."""

    passed: bool | None = None
    """All passed, some failed, or (None) nothing was proved because none is configured or a tool is missing."""
    tree: str | None = None
    """A name for all files of the result that were checked: equal for two results that are the same."""


class PublishResult(StageResult):
    """The result is on a branch."""

    branch: str | None = None
    """None where there was nothing to publish."""
    changed: int | None = None
    """0 where the result equals the base."""
    onto: str | None = None
    """The commit to which the base has moved on its forge: the result goes on it before it is published."""


class RebaseResult(StageResult):
    """The result was put on a base that has moved, or could not be."""

    commit: str | None = None
    """The result there; None where it stays on the base from which it started."""


def facts_of(result: StageResult) -> Facts:
    """The fields of a result that are set, for an `effect.finished` event."""
    return result.model_dump(exclude_none=True, exclude_unset=True)
