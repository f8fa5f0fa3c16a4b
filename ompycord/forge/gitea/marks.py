"""What decorates a pull request on Gitea and Forgejo: labels, reviewers, assignees, a status, our one comment."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from urllib.parse import quote

from ompycord.domain.ports import Clock, CommitStatus
from ompycord.forge.client import ForgeClient, RestAnswer
from ompycord.forge.gitea.answers import GiteaLabel, GiteaPull
from ompycord.forge.gitea.paging import paged
from ompycord.forge.github_answers import User, read_as, read_many
from ompycord.forge.github_marks import review_request, status_body
from ompycord.forge.once import refused_of
from ompycord.forge.own_comment import OwnComment

__all__ = ["GiteaMarks"]


class GiteaMarks:
    """Implements `ForgeMarks` for one repository."""

    def __init__(self, client: ForgeClient, path: str, *, user: Callable[[], Awaitable[User]], clock: Clock) -> None:
        """`path` is that of the repository, `user` whose token it is."""
        self._client = client
        self._user = user
        self._path = path
        self._comment = OwnComment(client, path, clock=clock, pages=self._comments)

    async def add_labels(self, number: int, labels: Sequence[str]) -> Sequence[str]:
        """See the port. A label is put by its number; one of the organisation by its name, which old servers refuse."""
        known: Mapping[str, int] | None = None

        async def put(label: str) -> bool:
            nonlocal known
            known = await self._labels() if known is None else known
            wanted = {"labels": [known.get(label, label)]}
            answer = await self._client.set("POST", f"{self._path}/issues/{number}/labels", wanted)
            return label in {one.name for one in read_many(GiteaLabel, answer.body)}

        return await refused_of(labels, put)

    async def _labels(self) -> Mapping[str, int]:
        """Those of the repository."""
        found: dict[str, int] = {}
        async for page in paged(self._client, f"{self._path}/labels", GiteaLabel):
            found |= {one.name: one.id for one in page}
        return found

    async def ask_reviewers(self, number: int, reviewers: Sequence[str]) -> Sequence[str]:
        """See the port. Each is asked alone: one name that is wrong would have the whole list refused."""

        async def put(reviewer: str) -> bool:
            await self._client.set("POST", f"{self._path}/pulls/{number}/requested_reviewers", review_request(reviewer))
            return True

        return await refused_of(reviewers, put)

    async def assign(self, number: int, people: Sequence[str]) -> Sequence[str]:
        """See the port. The list that is there is replaced, so that it is read first."""
        path = f"{self._path}/pulls/{number}"

        async def put(person: str) -> bool:
            there = _assigned(read_as(GiteaPull, (await self._client.read(path)).body))
            if person.lower() in {one.lower() for one in there}:
                return True
            answer = await self._client.set("PATCH", path, {"assignees": [*there, person]})
            return person.lower() in {one.lower() for one in _assigned(read_as(GiteaPull, answer.body))}

        return await refused_of(people, put)

    async def set_status(self, commit: str, status: CommitStatus) -> None:
        """See the port."""
        await self._client.set("POST", f"{self._path}/statuses/{quote(commit)}", status_body(status))

    async def put_comment(self, number: int, text: str, *, marker: str, known: int | None = None) -> int:
        """See the port."""
        return await self._comment.put(number, text, user=await self._user(), marker=marker, known=known)

    async def _comments(self, path: str) -> AsyncIterator[RestAnswer]:
        """All of them: they are one list there."""
        yield await self._client.read(path)


def _assigned(pull: GiteaPull) -> list[str]:
    return [one.login for one in pull.assignees or ()]
