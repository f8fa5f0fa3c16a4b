"""What stands behind a plan that several passes made: every draft, where they agree, the critique; pure."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen, Name
from ompycord.domain.reports.findings import ReviewReport
from ompycord.domain.reports.plan import Plan

__all__ = ["DraftPlan", "Refinement", "agreed_files", "closest_draft"]


class DraftPlan(Frozen):
    """One draft."""

    by: Name
    """The agent, or the model that Ompycord asked itself."""
    plan: Plan


class Refinement(Frozen):
    """The passes before the plan that was proposed."""

    drafts: Annotated[tuple[DraftPlan, ...], Field(min_length=1, max_length=5)]
    """The one that was gone on with first."""
    critic: Name | None = None
    """The model of the critique; None where there was none."""
    critique: ReviewReport | None = None
    final_by: Name | None = None
    """The model that made the plan out of draft and critique; None where the draft is the plan."""

    @property
    def agreed(self) -> tuple[str, ...]:
        """Files that more than half of the drafts name."""
        return agreed_files([one.plan for one in self.drafts])


def agreed_files(plans: Sequence[Plan]) -> tuple[str, ...]:
    """Files that more than half of the plans name, sorted."""
    times = Counter(path for plan in plans for path in _files(plan))
    return tuple(sorted(path for path, count in times.items() if 2 * count > len(plans)))


def closest_draft(drafts: Sequence[DraftPlan]) -> int:
    """Which of them agrees most with the others on the files that it touches; of equals the first."""

    def likeness(at: int) -> float:
        own = _files(drafts[at].plan)
        others = (_files(one.plan) for place, one in enumerate(drafts) if place != at)
        return sum(len(own & other) / len(own | other) for other in others)

    return max(range(len(drafts)), key=lambda at: (likeness(at), -at))


def _files(plan: Plan) -> set[str]:
    return {file.path for file in plan.files}
