"""What became of a result on its forge; `events/__init__.py` gathers all families."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from ompycord.domain.authority import ONLY_OMPYCORD
from ompycord.domain.base import Line
from ompycord.domain.events.fields import KnownEvent, Url

__all__ = ["PublishingEventBody", "PullRequestOpened"]


class PullRequestOpened(KnownEvent, senders=ONLY_OMPYCORD):
    """The result is proposed by a pull request, as the forge itself shows it."""

    type: Literal["pull_request.opened"] = "pull_request.opened"
    number: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    url: Url
    draft: StrictBool = False
    """Whether it is not to be merged yet."""
    adopted: StrictBool = False
    """Whether it was there already, of an earlier run or of a try whose answer was lost."""
    missing: Annotated[tuple[Line, ...], Field(max_length=5)] = ()
    """What it was to have and does not, a sentence each: labels, reviewers."""


PublishingEventBody = PullRequestOpened
