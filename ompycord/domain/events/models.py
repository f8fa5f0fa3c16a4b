"""Facts about how a run's agent asks models, and what it used; `events/__init__.py` gathers all families."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from ompycord.domain.authority import OBSERVERS, ONLY_OMPYCORD
from ompycord.domain.base import Name
from ompycord.domain.events.fields import Count, KnownEvent, Latest, OnlyOurs

__all__ = ["Exactness", "Metering", "ModelEventBody", "ModelsOpened", "NetworkReach", "PromptUsed", "UsageUpdated"]

Exactness = Literal["exact", "estimated"]
"""Whether the provider stated what a request used, or Ompycord reckoned it."""
Metering = Literal["gateway", "key", "login", "agent"]
"""By whom models are asked: by Ompycord, which counts; else by the agent, with a key of its settings, with a file that
they grant, or with nothing that we know of.
"""
NetworkReach = Literal["gateway", "port", "open", "none"]
"""What an agent reaches: Ompycord's address alone, that port on whatever host, every network, nothing."""


class ModelsOpened(KnownEvent, senders=ONLY_OMPYCORD):
    """An agent starts: who asks models for it, and what it reaches."""

    type: Literal["models.opened"] = "models.opened"
    by: Metering
    network: NetworkReach
    recorded: StrictBool = False
    """Whether what it asks is kept on the run's tape."""


class UsageUpdated(KnownEvent, senders=OBSERVERS):
    """Tokens and cost since the last such event of the source: deltas, summed."""

    type: Literal["usage.updated"] = "usage.updated"
    input: Count = 0
    output: Count = 0
    cache_read: Count = 0
    cache_write: Count = 0
    cost_usd: Annotated[float, Field(ge=0, le=1e6, strict=True)] | None = None
    """None is *unknown*, never zero."""
    at_least: StrictBool = False
    """More was used than is known: a turn was cut before its agent told what it took."""
    model: Annotated[Name | None, Latest()] = None
    provider: Annotated[Name | None, Latest()] = None
    exactness: Annotated[Exactness | None, OnlyOurs()] = None
    """Of a request that Ompycord metered. None: what an agent claims."""


class PromptUsed(KnownEvent, senders=ONLY_OMPYCORD):
    """A template of Ompycord's was used to tell a model what to do; once for each template, model and start."""

    type: Literal["prompt.used"] = "prompt.used"
    template: Name
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    """The first digits of the SHA-256 of the template's text."""
    model: Name | None = None
    """The model that Ompycord asked itself; None where an agent was told, which asks its own."""
    temperature: Annotated[float, Field(ge=0, le=2, strict=True)] | None = None
    """None: the provider's own."""
    kept: StrictBool = False
    """Whether the answer was kept of the same call before, so that nothing was asked."""


ModelEventBody = ModelsOpened | UsageUpdated | PromptUsed
