"""A plan: steps, files, checks and risks, as an agent writes it and a person approves it; pure.

Counterparts: `plan_faults.py`, which compares one with its repository, and `dialects/reports/`, which reads one.
"""

import hashlib
import json
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from ompycord.domain.base import Frozen

__all__ = ["MOST_FILES", "MOST_STEPS", "Plan", "PlanStep", "PlannedFile", "plan_hash"]

MOST_STEPS: Final = 20
MOST_FILES: Final = 50
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=300, strip_whitespace=True)]
PlannedPath = Annotated[str, StringConstraints(min_length=1, max_length=400)]
"""Relative to the repository's root, with `/`."""


class PlanStep(Frozen):
    """One step of the work."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    files: Annotated[tuple[PlannedPath, ...], Field(max_length=MOST_FILES)] = ()
    """Which of the plan's files it is about."""


class PlannedFile(Frozen):
    """A file that the work will touch."""

    path: PlannedPath
    change: Literal["add", "modify", "delete"]
    why: Annotated[str, StringConstraints(max_length=300)] = ""


class Plan(Frozen):
    """What an agent means to do."""

    summary: Annotated[str, StringConstraints(min_length=1, max_length=600, strip_whitespace=True)]
    steps: Annotated[tuple[PlanStep, ...], Field(min_length=1, max_length=MOST_STEPS)]
    files: Annotated[tuple[PlannedFile, ...], Field(min_length=1, max_length=MOST_FILES)]
    checks: Annotated[tuple[Sentence, ...], Field(max_length=20)] = ()
    """Names of the repository's checks that will show that it works."""
    risks: Annotated[tuple[Sentence, ...], Field(max_length=10)] = ()


def plan_hash(plan: Plan) -> str:
    """SHA-256 of what a person reads, 64 hexadecimal digits."""
    whole = json.dumps(plan.model_dump(mode="json"), sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()
