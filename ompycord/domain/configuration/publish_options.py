"""The section `publish` of a repository's settings: what its pull requests get, who allows them, what follows."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from ompycord.domain.base import Frozen

__all__ = ["Label", "Login", "PublishSpec", "Reviewer"]

_LOGIN: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
Label = Annotated[str, StringConstraints(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f]+$")]
Login = Annotated[str, StringConstraints(pattern=f"^{_LOGIN}$")]
Reviewer = Annotated[str, StringConstraints(pattern=f"^{_LOGIN}(/{_LOGIN})?$")]
"""A person's login, or a team as `organisation/team`."""


class PublishSpec(Frozen):
    """How a result leaves this machine; without a `forge` only `approve` matters, and nothing is pushed."""

    approve: Literal["never", "draft_first", "always"] = "never"
    """Whose word our own publishing needs: nobody's, an approver's *Mark ready* of a draft, one before the push."""
    draft: Literal["unverified", "always"] = "unverified"
    """Which pull requests are drafts: those that are not verified, or all until somebody marks them ready."""
    without_drafts: Literal["branch", "open"] = "branch"
    """Where the forge takes no drafts and a result is not verified: its branch alone, or one that says so."""
    red: Literal["branch", "draft"] = "branch"
    """What becomes of a result whose checks failed: its branch here, or a draft; its run has failed in both."""
    labels: Annotated[tuple[Label, ...], Field(max_length=20)] = ()
    """Labels that pull requests get; one that does not exist there is not made."""
    reviewers: Annotated[tuple[Reviewer, ...], Field(max_length=15)] = ()
    """Who is asked to review, by login; a team as `organisation/team`."""
    most_unread: Annotated[int, Field(ge=1, le=1000)] | None = None
    """How many of ours may be open that nobody of the repository has read; a run beyond it waits. None: any number."""
    assignee: Login | None = None
    """To whom they are assigned, by login."""
    comment: bool = True
    """Whether each has one comment with the verdict and what follows, which later runs edit."""
    ci_rounds: Annotated[int, Field(ge=0, le=10)] = 1
    """How often a red CI of the pull request starts a repair by itself; 0: a person presses *Address review*."""
    other_reviewer: bool = False
    """Whether a status `ompycord/review` waits for the approval of a person who had no part in the work."""
