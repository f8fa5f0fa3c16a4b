"""What happens after a pull request is open: it is looked at, and follow-ups answer its CI and its reviews."""

from ompycord.conductor.pull_requests.keeper import PullRequests

__all__ = ["PullRequests"]
