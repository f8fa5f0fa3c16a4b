"""Facts about an agent that goes in circles; `events/__init__.py` gathers all families."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from ompycord.domain.authority import ONLY_OMPYCORD, ONLY_PEOPLE
from ompycord.domain.base import Line, Name, Text
from ompycord.domain.events.fields import Count, KnownEvent
from ompycord.domain.guardian.escalation import EscalationLevel
from ompycord.domain.guardian.verdicts import LoopKind

__all__ = ["GuardianEventBody", "GuardianNoticed", "RunGivenUp"]


class GuardianNoticed(KnownEvent, senders=ONLY_OMPYCORD):
    """The agent goes in circles. The level says what follows from it; on an external run nothing but its card does."""

    type: Literal["guardian.noticed"] = "guardian.noticed"
    level: EscalationLevel
    kind: LoopKind
    evidence: Annotated[Line, StringConstraints(min_length=1)]
    """What was seen, in one sentence that quotes the agent's own words."""
    length: Count
    """How many steps, messages or rounds it is about, the last ones."""
    to_agent: Text | None = None
    """What the agent reads; left out where it reads nothing."""


class RunGivenUp(KnownEvent, senders=ONLY_PEOPLE):
    """A person ended a run that was stopped because it went in circles; what its agent made is kept."""

    type: Literal["run.given_up"] = "run.given_up"
    by: Name


GuardianEventBody = GuardianNoticed | RunGivenUp
