"""Facts about plans, reviews and answers; `events/__init__.py` gathers all families."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ompycord.domain.authority import ONLY_OMPYCORD, ONLY_PEOPLE
from ompycord.domain.base import Frozen, Line, Name, Text
from ompycord.domain.events.fields import Count, KnownEvent
from ompycord.domain.reports.findings import ReviewFinding
from ompycord.domain.reports.plan import Plan
from ompycord.domain.reports.refinement import Refinement
from ompycord.domain.reports.task_passes import TaskPasses

__all__ = [
    "AnswerLink",
    "AskAnswered",
    "AskChecked",
    "PlanApproved",
    "PlanChanged",
    "PlanEventBody",
    "PlanProposed",
    "PlanRefined",
    "PlanRefused",
    "PlanRejected",
    "ReportFault",
    "ReviewFinished",
    "ReviewRefused",
    "TaskRefined",
]

PlanHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
ReportFault = Annotated[str, StringConstraints(max_length=600)]
"""A sentence that tells the author of a plan or a review what to correct."""
Faults = Annotated[tuple[ReportFault, ...], Field(min_length=1, max_length=20)]
_REPORT = 8000


class PlanProposed(KnownEvent, senders=ONLY_OMPYCORD):
    """An agent made a plan that fits its repository."""

    type: Literal["plan.proposed"] = "plan.proposed"
    number: Count
    """The iteration of its run that made it: no two plans of a run have the same."""
    plan: Plan
    hash: PlanHash
    """Of all that a person reads; a decision names it."""
    by: Name
    """The agent."""
    asks: bool = True
    """Whether a person decides on it."""


class PlanRefined(KnownEvent, senders=ONLY_OMPYCORD):
    """Models drafted and criticised a plan before it was proposed; the next proposal is what came of it."""

    type: Literal["plan.refined"] = "plan.refined"
    passes: Refinement


class TaskRefined(KnownEvent, senders=ONLY_OMPYCORD):
    """Models refined the task before its agent began; the agent gets the final text with the person's words below."""

    type: Literal["task.refined"] = "task.refined"
    passes: TaskPasses


class PlanRefused(KnownEvent, senders=ONLY_OMPYCORD):
    """What an agent wrote is no plan, or none that fits its repository."""

    type: Literal["plan.refused"] = "plan.refused"
    faults: Faults
    text: Annotated[str, StringConstraints(max_length=_REPORT)] = ""
    """What it wrote, as far as it is kept."""


class PlanApproved(KnownEvent, senders=ONLY_PEOPLE):
    """A person approved the plan with this hash; the work begins by it."""

    type: Literal["plan.approved"] = "plan.approved"
    plan: PlanHash
    by: Name


class PlanChanged(KnownEvent, senders=ONLY_PEOPLE):
    """A person wants another plan and says what is to be different."""

    type: Literal["plan.changed"] = "plan.changed"
    plan: PlanHash
    by: Name
    words: Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class PlanRejected(KnownEvent, senders=ONLY_PEOPLE):
    """A person rejected the plan; its run is cancelled."""

    type: Literal["plan.rejected"] = "plan.rejected"
    plan: PlanHash
    by: Name
    reason: Line | None = None


class ReviewFinished(KnownEvent, senders=ONLY_OMPYCORD):
    """Another agent, or the same one with nothing remembered, read the result."""

    type: Literal["review.finished"] = "review.finished"
    by: Name
    """The agent that read it."""
    model: Name | None = None
    is_second: bool = True
    """Whether it is another agent or model than the one that made the result."""
    summary: Annotated[str, StringConstraints(max_length=600)]
    findings: Annotated[tuple[ReviewFinding, ...], Field(max_length=20)] = ()


class ReviewRefused(KnownEvent, senders=ONLY_OMPYCORD):
    """What a reviewer wrote is no review, or names what the result does not have."""

    type: Literal["review.refused"] = "review.refused"
    faults: Faults
    text: Annotated[str, StringConstraints(max_length=_REPORT)] = ""


class AskAnswered(KnownEvent, senders=ONLY_OMPYCORD):
    """An agent that was asked gave its answer; its links are opened next."""

    type: Literal["ask.answered"] = "ask.answered"
    text: Text
    commit: Annotated[str, StringConstraints(max_length=64)]
    """The commit that it read."""
    changed: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    """What it changed in its copy all the same, which is dropped."""
    changed_total: Count = 0


class AnswerLink(Frozen):
    """A place that an answer names."""

    start: Count
    end: Count
    """Where it stands in the answer's text, with the marks around it."""

    path: Annotated[str, StringConstraints(max_length=400)]
    line: Count
    last: Count | None = None
    """The last line, where it names several."""
    fault: Line | None = None
    """Why it leads nowhere; None for one that was opened."""


class AskChecked(KnownEvent, senders=ONLY_OMPYCORD):
    """Every link of the answer was opened at its commit; those that lead nowhere are struck."""

    type: Literal["ask.checked"] = "ask.checked"
    links: Annotated[tuple[AnswerLink, ...], Field(max_length=200)] = ()
    struck: Count = 0


PlanEventBody = (
    PlanProposed
    | PlanRefined
    | TaskRefined
    | PlanRefused
    | PlanApproved
    | PlanChanged
    | PlanRejected
    | ReviewFinished
    | ReviewRefused
    | AskAnswered
    | AskChecked
)
