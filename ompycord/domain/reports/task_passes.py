"""A task that models refined before its agent began: a draft, its critique, the final text. Pure.

Counterparts: `engines/refining_task.py`, which asks for them, and `render/reports/task_passes.py`, which shows them.
"""

from typing import Annotated

from pydantic import StringConstraints

from ompycord.domain.base import Frozen, Name
from ompycord.domain.reports.findings import ReviewReport

__all__ = ["REFINED_LIMIT", "RefinedText", "TaskPasses", "TaskText"]

REFINED_LIMIT = 12_000
"""Characters of a task that was refined."""
TaskText = Annotated[str, StringConstraints(min_length=1, max_length=REFINED_LIMIT, strip_whitespace=True)]


class RefinedText(Frozen):
    """What a model answers in the first and in the last pass."""

    task: TaskText
    """The whole task, for an engineer who knows nothing else of it."""


class TaskPasses(Frozen):
    """All three passes."""

    draft: TaskText
    draft_by: Name
    critique: ReviewReport
    critic: Name
    final: TaskText
    final_by: Name
