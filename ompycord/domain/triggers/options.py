"""The section `triggers` of the settings: messages of other systems, and alerts, that start runs, with a brake."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from ompycord.domain.access import Snowflake
from ompycord.domain.base import Frozen, Name
from ompycord.domain.repository import BranchName
from ompycord.domain.schedules.schedule import ScheduleName
from ompycord.domain.task import Budget, Mode

__all__ = ["FieldPath", "TriggerSpec"]

FieldPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7}$")]
"""A place in a message: names and numbers of list entries, with dots between them."""
Wanted = Annotated[str, StringConstraints(max_length=200)]


class TriggerSpec(Frozen):
    """One trigger. A message comes signed to `/triggers/NAME`, by a key with the scope `triggers:fire`."""

    name: ScheduleName
    source: Literal["message", "alert", "base_checks"] = "message"
    """`alert`: alerts of Ompycord itself fire it when they open, as `/schemas/alert.json` has them. `base_checks`: red
    checks of `branch` on the forge. No message fires either.
    """
    branch: BranchName | None = None
    """Of which `base_checks` are looked at; the repository's base if left out."""
    each: FieldPath | None = None
    """The list of which each entry is a message of its own, such as `alerts`; the whole is one if left out."""
    only: dict[FieldPath, Wanted | tuple[Wanted, ...]] = Field(default_factory=dict[str, str | tuple[str, ...]])
    """What must stand in which field, or one of what; others are ignored."""
    fingerprint: Annotated[tuple[FieldPath, ...], Field(min_length=1, max_length=8)]
    """The fields by which two messages are about the same."""
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=8000)]
    """The task; `{labels.service}` stands for what the message has there."""
    repository: Name
    agent: Name | None = None
    """The repository's first agent if left out."""
    mode: Mode = Mode.STANDARD
    budget_usd: Budget | None = None
    """The most that one run may cost, in US dollars."""
    channel: Snowflake | None = None
    """Where its runs and questions stand; the repository's channel, else the home channel, if left out."""
    dry: bool = True
    """Only say what would be started: begin with that."""
    cooldown_min: Annotated[int, Field(ge=1, le=10_080)] = 60
    """For how long the same starts no second run."""
    burst: Annotated[int, Field(ge=1, le=20)] = 1
    """Runs that may start in ten minutes; what comes beyond becomes one question."""
    failures: Annotated[int, Field(ge=1, le=20)] = 3
    """After so many failed runs in a row it is paused."""
    spend_usd: Annotated[float, Field(gt=0, le=100_000)] = 10
    """What its runs may cost in 24 hours; then it is paused, though all of them succeed."""

    @model_validator(mode="after")
    def _has_no_needless_branch(self) -> Self:
        if self.branch is not None and self.source != "base_checks":
            raise ValueError("branch is for base_checks alone: leave it out, or set source: base_checks")
        return self
