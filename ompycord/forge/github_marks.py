"""What decorates a pull request on GitHub: labels, reviewers, assignees, a commit status, our one comment."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from ompycord.domain.ports import Clock, CommitStatus
from ompycord.errors import ForgeFailed, ForgeNotNow, ForgeUnanswered
from ompycord.forge.github_answers import Assigned, SummaryComment, User, read_as, read_many
from ompycord.forge.github_client import PAUSE_S, TRIES, GitHubClient

__all__ = ["GitHubMarks"]

DESCRIPTION: Final = 140
"""Characters of a status (GitHub refuses more)."""


class GitHubMarks:
    """Implements `ForgeMarks` for one repository."""

    def __init__(self, client: GitHubClient, path: str, *, user: Callable[[], Awaitable[User]], clock: Clock) -> None:
        """`path` is that of the repository, `user` whose token it is."""
        self._client = client
        self._user = user
        self._path = path
        self._clock = clock

    async def add_labels(self, number: int, labels: Sequence[str]) -> Sequence[str]:
        """See the port. GitHub would make a label that it does not know: only those that exist are put."""
        refused: list[str] = []
        for label in labels:
            try:
                await self._client.read(f"{self._path}/labels/{quote(label, safe='')}")
                await self._client.set("POST", f"{self._path}/issues/{number}/labels", {"labels": [label]})
            except ForgeNotNow:
                raise
            except ForgeFailed:
                refused.append(label)
        return refused

    async def ask_reviewers(self, number: int, reviewers: Sequence[str]) -> Sequence[str]:
        """See the port. Each is asked alone: one name that is wrong would have the whole list refused."""

        def wanted(reviewer: str) -> Mapping[str, Any]:
            _, _, team = reviewer.partition("/")
            return {"team_reviewers": [team]} if team else {"reviewers": [reviewer]}

        path = f"{self._path}/pulls/{number}/requested_reviewers"
        return await self._each(path, [(one, wanted(one)) for one in reviewers])

    async def assign(self, number: int, people: Sequence[str]) -> Sequence[str]:
        """See the port. GitHub leaves out who cannot be assigned and answers 201: its answer is read for the name."""
        refused: list[str] = []
        for person in people:
            path = f"{self._path}/issues/{number}/assignees"
            try:
                answer = await self._client.set("POST", path, {"assignees": [person]})
            except ForgeNotNow:
                raise
            except ForgeFailed:
                refused.append(person)
                continue
            named = read_as(Assigned, answer.body).assignees
            if person.lower() not in {one.login.lower() for one in named}:
                refused.append(person)
        return refused

    async def set_status(self, commit: str, status: CommitStatus) -> None:
        """See the port."""
        body: dict[str, Any] = {
            "state": status.state,
            "context": status.context,
            "description": status.description[:DESCRIPTION],
        }
        if status.url is not None:
            body["target_url"] = status.url
        await self._client.set("POST", f"{self._path}/statuses/{quote(commit)}", body)

    async def put_comment(self, number: int, text: str, *, marker: str, known: int | None = None) -> int:
        """See the port."""
        user = await self._user()
        for attempt in range(1, TRIES + 1):
            there = await self._comment(number, user, marker=marker, known=known)
            if there is not None:
                if there.body != text:
                    await self._client.set("PATCH", f"{self._path}/issues/comments/{there.id}", {"body": text})
                return there.id
            try:
                answer = await self._client.write(f"{self._path}/issues/{number}/comments", {"body": text})
            except ForgeUnanswered:
                if attempt == TRIES:
                    raise
                await self._clock.sleep(PAUSE_S * attempt)
            else:
                return read_as(SummaryComment, answer.body).id
        raise AssertionError("unreachable")

    async def _comment(self, number: int, user: User, *, marker: str, known: int | None) -> SummaryComment | None:
        """Ours: by its number where that is known and still ours, else over all pages by author and mark."""

        def is_ours(comment: SummaryComment) -> bool:
            return comment.user is not None and comment.user.id == user.id and marker in (comment.body or "")

        if known is not None:
            try:
                answer = await self._client.read(f"{self._path}/issues/comments/{known}")
            except ForgeNotNow:
                raise
            except ForgeFailed:
                pass  # a person deleted it: another one of ours may be there
            else:
                found = read_as(SummaryComment, answer.body)
                if is_ours(found) and found.issue_url.endswith(f"/{number}"):  # not of one that has ended since
                    return found
        async for page in self._client.pages(f"{self._path}/issues/{number}/comments"):
            for comment in read_many(SummaryComment, page.body):
                if is_ours(comment):
                    return comment
        return None

    async def _each(self, path: str, requests: Sequence[tuple[str, Mapping[str, Any]]]) -> Sequence[str]:
        """Send each; the names of those that were refused."""
        refused: list[str] = []
        for name, body in requests:
            try:
                await self._client.set("POST", path, body)
            except ForgeNotNow:
                raise
            except ForgeFailed:
                refused.append(name)
        return refused
