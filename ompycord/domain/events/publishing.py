"""What became of a result on its forge; `events/__init__.py` gathers all families."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool, StringConstraints

from ompycord.domain.authority import ONLY_OMPYCORD, ONLY_PEOPLE
from ompycord.domain.base import Line, Name
from ompycord.domain.events.fields import Count, KnownEvent, Path, Url

__all__ = ["BaseMoved", "PublicationRequested", "PublishingEventBody", "PullRequestOpened", "ReadyRequested"]

Commit = Annotated[str, StringConstraints(max_length=64)]


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
    comment: Annotated[int, Field(ge=1, le=2**53, strict=True)] | None = None
    """The number of our one comment there, which later runs edit."""


class BaseMoved(KnownEvent, senders=ONLY_OMPYCORD):
    """The base had moved on its forge before a result was published, and the result was put on it, or could not be."""

    type: Literal["base.moved"] = "base.moved"
    result: Commit
    """The result as it was collected."""
    onto: Commit
    ahead: Count
    """Commits that the base has beyond the one from which the work started."""
    commit: Commit | None = None
    """The result on that base; None where it stays where it started."""
    conflicts: Annotated[tuple[Path, ...], Field(max_length=50)] = ()
    """Paths that both changed."""


class PublicationRequested(KnownEvent, senders=ONLY_PEOPLE):
    """A person has the publication that failed tried again; the run's work is not done again."""

    type: Literal["publication.requested"] = "publication.requested"
    by: Name


class ReadyRequested(KnownEvent, senders=ONLY_PEOPLE):
    """A person has the draft of a verified result ask for review. It holds for these very bytes."""

    type: Literal["pull_request.ready_requested"] = "pull_request.ready_requested"
    by: Name
    commit: Commit
    """The result that is ready."""


PublishingEventBody = PullRequestOpened | BaseMoved | PublicationRequested | ReadyRequested
