"""The section `publish` of a repository's settings: what is done with a pull request once it is open."""

from typing import Annotated

from pydantic import Field

from ompycord.domain.base import Frozen

__all__ = ["PublishSpec"]


class PublishSpec(Frozen):
    """What follows a publication."""

    ci_rounds: Annotated[int, Field(ge=0, le=10)] = 1
    """How often a red CI of the pull request starts a repair by itself; 0: a person presses *Address review*."""
