"""What a kind of forge makes: connections to one repository, each closed after one publication or one look.

Counterpart of `kind.py`.
"""

from typing import Protocol

from ompycord.domain.ports import CallRights, ForgePort, IssueReads, PullRequestForge

__all__ = ["FollowingForge", "ProposingForge"]


class ProposingForge(ForgePort, Protocol):
    """Opens pull requests and marks them."""

    async def close(self) -> None:
        """Close its connections."""
        ...


class FollowingForge(PullRequestForge, IssueReads, CallRights, Protocol):
    """Reads pull requests and issues that are open already, and answers there."""

    async def close(self) -> None:
        """Close its connections."""
        ...
