"""What became of a pull request after it was opened, as its forge shows it; `events/__init__.py` gathers all."""

from typing import Annotated, Literal

from pydantic import Field, StrictBool

from ompycord.domain.authority import ONLY_OMPYCORD
from ompycord.domain.base import Line, Name
from ompycord.domain.events.fields import Count, KnownEvent, Url

__all__ = ["CiState", "PullRequestEventBody", "PullRequestSeen", "PullRequestState"]

PullRequestState = Literal["open", "merged", "closed"]
CiState = Literal["none", "running", "green", "red", "blocked", "stopped", "unknown", "unseen"]
"""`blocked`: a person must let it run; `stopped`: checks ended without a verdict; `unseen`: the token may not look."""

_Names = Annotated[tuple[Name, ...], Field(max_length=5)]


class PullRequestSeen(KnownEvent, senders=ONLY_OMPYCORD):
    """The pull request of a run's chain as it is now. The last one counts; all runs of the chain have it."""

    type: Literal["pull_request.seen"] = "pull_request.seen"
    number: Annotated[int, Field(ge=1, le=2**53, strict=True)]
    url: Url
    state: PullRequestState
    draft: StrictBool = False
    reopened: StrictBool = False
    """Whether it was closed before and is open again."""
    by: Name | None = None
    """Who merged it, by login."""
    branch_deleted: StrictBool = False
    """Whether its branch was deleted on the forge."""
    ci: CiState = "none"
    ci_done: Count = 0
    ci_total: Count = 0
    ci_named: _Names = ()
    """The checks that are red, blocked, stopped or not known, as far as they are named."""
    ci_url: Url | None = None
    """Where to look at the first of these."""
    ci_note: Line = ""
    """What is done about it, or why nothing is; one sentence."""
    approved: _Names = ()
    """Who approved its present commit, by login."""
    refused: _Names = ()
    """Who asked for changes."""
    note: Line = ""
    """What was done, or was not, about the last that people wrote there; one sentence."""
    review: Line = ""
    """Whether somebody else has approved it, where its repository wants that; as the status `ompycord/review` says."""
    threads: Count = 0
    """Review threads that are neither resolved nor outdated."""
    outdated: Count = 0
    """Threads about lines that are not there any more, and not resolved."""


PullRequestEventBody = PullRequestSeen
