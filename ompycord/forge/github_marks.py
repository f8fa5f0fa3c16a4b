"""What decorates a pull request on GitHub: labels, reviewers, assignees, a commit status, our one comment."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from ompycord.domain.ports import Clock, CommitStatus
from ompycord.forge.client import ForgeClient
from ompycord.forge.github_answers import Assigned, User, read_as
from ompycord.forge.once import refused_of
from ompycord.forge.own_comment import OwnComment

__all__ = ["GitHubMarks", "review_request", "status_body"]

DESCRIPTION: Final = 140
"""Characters of a status (GitHub refuses more)."""


class GitHubMarks:
    """Implements `ForgeMarks` for one repository."""

    def __init__(self, client: ForgeClient, path: str, *, user: Callable[[], Awaitable[User]], clock: Clock) -> None:
        """`path` is that of the repository, `user` whose token it is."""
        self._client = client
        self._user = user
        self._path = path
        self._comment = OwnComment(client, path, clock=clock, pages=client.pages)

    async def add_labels(self, number: int, labels: Sequence[str]) -> Sequence[str]:
        """See the port. GitHub would make a label that it does not know: only those that exist are put."""

        async def put(label: str) -> bool:
            await self._client.read(f"{self._path}/labels/{quote(label, safe='')}")
            await self._client.set("POST", f"{self._path}/issues/{number}/labels", {"labels": [label]})
            return True

        return await refused_of(labels, put)

    async def ask_reviewers(self, number: int, reviewers: Sequence[str]) -> Sequence[str]:
        """See the port. Each is asked alone: one name that is wrong would have the whole list refused."""

        async def put(reviewer: str) -> bool:
            await self._client.set("POST", f"{self._path}/pulls/{number}/requested_reviewers", review_request(reviewer))
            return True

        return await refused_of(reviewers, put)

    async def assign(self, number: int, people: Sequence[str]) -> Sequence[str]:
        """See the port. GitHub leaves out who cannot be assigned and answers 201: its answer is read for the name."""

        async def put(person: str) -> bool:
            answer = await self._client.set("POST", f"{self._path}/issues/{number}/assignees", {"assignees": [person]})
            return person.lower() in {one.login.lower() for one in read_as(Assigned, answer.body).assignees}

        return await refused_of(people, put)

    async def set_status(self, commit: str, status: CommitStatus) -> None:
        """See the port."""
        await self._client.set("POST", f"{self._path}/statuses/{quote(commit)}", status_body(status))

    async def put_comment(self, number: int, text: str, *, marker: str, known: int | None = None) -> int:
        """See the port."""
        return await self._comment.put(number, text, user=await self._user(), marker=marker, known=known)


def review_request(reviewer: str) -> Mapping[str, Any]:
    """The request for a review by a person, or by a team as `owner/team`; forges take it alike."""
    _, _, team = reviewer.partition("/")
    return {"team_reviewers": [team]} if team else {"reviewers": [reviewer]}


def status_body(status: CommitStatus) -> Mapping[str, Any]:
    """A commit status as forges take it."""
    body = {"state": status.state, "context": status.context, "description": status.description[:DESCRIPTION]}
    return body if status.url is None else {**body, "target_url": status.url}
