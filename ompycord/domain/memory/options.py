"""How much is remembered and recalled; the section `memory` of the settings."""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen

__all__ = ["MemoryOptions"]


class MemoryOptions(Frozen):
    """What the team's memory does."""

    recall: bool = True
    """Whether a run's agent is given what is remembered of earlier work."""
    recall_items: Annotated[int, Field(ge=1, le=20)] = 6
    """So many items at most."""
    recall_tokens: Annotated[int, Field(ge=200, le=8000)] = 1200
    """So many tokens at most, reckoned at 3.6 characters each."""
    hold_out: Annotated[float, Field(ge=0, le=0.5)] = 0.1
    """The share of runs that get nothing recalled, by which the others are judged; chosen by the run's id."""
    offer_decisions: bool = False
    """Whether a message that says a decision gets a button that saves it; needs `discord.message_content`."""
    run_summaries: bool = True
    """Whether a verified run is remembered in facts: task, files, checks."""
