"""Facts about what comes before an agent's work: what was looked at, and the set-up of dependencies; all ours alone."""

from typing import Annotated, Literal

from pydantic import Field

from ompycord.domain.authority import ONLY_OMPYCORD
from ompycord.domain.base import Frozen, Line, Name
from ompycord.domain.events.fields import Count, KnownEvent

__all__ = [
    "PrecheckFinished",
    "PrecheckLine",
    "PreparingEventBody",
    "ServiceFailed",
    "ServiceShown",
    "ServicesReady",
    "SetupFinished",
    "SetupStarted",
]


class PrecheckLine(Frozen):
    """One thing that was looked at before the run."""

    name: Name
    status: Literal["ok", "warn", "fail"]
    """`fail`: the run does not start; `warn`: it does, and ends with less than one would expect."""
    text: Line
    fix: Line = ""
    """What to do."""


class PrecheckFinished(KnownEvent, senders=ONLY_OMPYCORD):
    """What a run needs was looked at, all at once. Lines that are right are left out."""

    type: Literal["precheck.finished"] = "precheck.finished"
    lines: Annotated[tuple[PrecheckLine, ...], Field(max_length=60)] = ()


class SetupStarted(KnownEvent, senders=ONLY_OMPYCORD):
    """A step of set-up began."""

    type: Literal["setup.started"] = "setup.started"
    step: Name
    number: Count
    of: Count


class SetupFinished(KnownEvent, senders=ONLY_OMPYCORD):
    """Set-up ended: its dependencies are there, or a step failed and the agent does not start."""

    type: Literal["setup.finished"] = "setup.finished"
    status: Literal["ready", "cached", "failed", "timeout", "missing"]
    """`cached`: an earlier run made them; `missing`: the step's program is not installed."""
    step: Name | None = None
    """Which one failed."""
    detail: Line | None = None
    host: Line | None = None
    """The host that it wanted and may not reach, or could not."""
    duration_ms: Count | None = None
    tail: Annotated[str, Field(max_length=4000)] | None = None
    """The last lines that the failed step printed."""


class ServiceShown(Frozen):
    """A service as evidence names it."""

    name: Name
    version: Annotated[str, Field(max_length=120)] = ""
    """As its program states it; empty where it states none."""


class ServicesReady(KnownEvent, senders=ONLY_OMPYCORD):
    """The services of the run were started once, empty, and got ready. Each check and the agent get them like this."""

    type: Literal["services.ready"] = "services.ready"
    services: Annotated[tuple[ServiceShown, ...], Field(max_length=20)]
    duration_ms: Count | None = None


class ServiceFailed(KnownEvent, senders=ONLY_OMPYCORD):
    """A service did not get ready, so the agent does not start."""

    type: Literal["service.failed"] = "service.failed"
    service: Name
    detail: Line
    tail: Annotated[str, Field(max_length=4000)] | None = None
    """The last lines that it printed."""


PreparingEventBody = PrecheckFinished | SetupStarted | SetupFinished | ServicesReady | ServiceFailed
