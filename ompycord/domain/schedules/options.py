"""The section `schedules` of the settings: tasks that start by the clock."""

from typing import Annotated

from pydantic import Field, StringConstraints

from ompycord.domain.access import Snowflake
from ompycord.domain.base import Frozen, Name
from ompycord.domain.repository import BranchName
from ompycord.domain.schedules.schedule import CatchUp, GuardCommand, ScheduleName
from ompycord.domain.schedules.zones import ZoneName
from ompycord.domain.task import DONE_WHEN_LIMIT, PROMPT_LIMIT, Budget, Mode

__all__ = ["ScheduleSpec"]


class ScheduleSpec(Frozen):
    """One schedule of the settings."""

    name: ScheduleName
    when: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    """A line of cron (`0 9 * * 1-5`), `daily 09:00`, `weekdays 09:00`, `weekly mon 09:00`, `monthly 31 09:00`,
    `yearly 02-29 09:00`, or one time: `2027-03-23 14:00`."""
    zone: ZoneName = "UTC"
    prompt: Annotated[str, StringConstraints(min_length=1, max_length=PROMPT_LIMIT, strip_whitespace=True)]
    repository: Name
    agent: Name | None = None
    """The repository's first agent if left out."""
    mode: Mode = Mode.STANDARD
    branch: BranchName | None = None
    """The base branch; the repository's if left out."""
    budget_usd: Budget | None = None
    """The most that one run may cost, in US dollars."""
    done_when: Annotated[str, StringConstraints(max_length=DONE_WHEN_LIMIT)] | None = None
    """What has to hold in the end."""
    channel: Snowflake | None = None
    """Where its runs are announced; the repository's channel, else the home channel, if left out."""
    catch_up: CatchUp = CatchUp.LATEST
    """What becomes of times that passed while Ompycord did not run."""
    guard: GuardCommand | None = None
    """A program that decides each time whether a run is started."""
    paused: bool = Field(default=False)
    """Whether it waits."""
