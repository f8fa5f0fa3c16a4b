"""Pull requests on Gitea and Forgejo that are open already; counterpart of `proposing.py`, which opens them.

Implements `PullRequestForge`, `IssueReads` and `CallRights`. Nothing is free there, and no limit of requests counts.
"""

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.issue_calls.records import IssueCall
from ompycord.domain.issues.seen import SeenIssue
from ompycord.domain.issues.snapshot import moment_of
from ompycord.domain.ports import Clock, ForgeRests
from ompycord.domain.pull_requests.seen import SeenChecks, SeenDiscussion, SeenPull
from ompycord.errors import ForgeFailed
from ompycord.forge.client import ForgeClient
from ompycord.forge.gitea.answers import GiteaPull
from ompycord.forge.gitea.discussion import (
    GiteaBranch,
    GiteaChange,
    GiteaCombined,
    GiteaLine,
    GiteaReview,
    checks_of,
    pull_of,
    required_of,
    threads_of,
)
from ompycord.forge.gitea.faults import GITEA
from ompycord.forge.gitea.paging import PAGE, paged
from ompycord.forge.github_answers import User, read_as, read_many
from ompycord.forge.github_discussion import (
    Collaborator,
    Comment,
    Issue,
    Review,
    comment_of,
    issue_of,
    unread_of,
    words_of,
)
from ompycord.forge.once import made_once
from ompycord.http.trust.authorities import MACHINE, Trust

if TYPE_CHECKING:
    import httpx

__all__ = ["GiteaFollowing"]

M = TypeVar("M", bound=BaseModel)

_PAGES: Final = 20
"""Pages of a list: a thousand of what it has."""
_EVERY_PAGE: Final = 1000
"""The same where one thing is looked for."""
_REVIEWS: Final = 100
"""Reviews whose lines are read, the newest: each is a request of its own."""
_MISSING: Final = frozenset({"not_found", "permission", "refused", "invalid"})
_JUST_THEN_MS: Final = 60_000
"""By how much the history of an issue may be older than what a delivery says of its last change."""
_WRITING: Final = frozenset({"admin", "write", "owner"})


class GiteaFollowing:
    """One repository on Gitea or Forgejo."""

    def __init__(
        self,
        spec: ForgeSpec,
        *,
        token: Callable[[], str],
        clock: Clock,
        breakers: ForgeRests | None = None,
        trust: Trust = MACHINE,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        """`token` reads it; `transport` replaces the network."""
        self._spec = spec
        self._clock = clock
        self._client = ForgeClient(
            spec, token=token, clock=clock, breakers=breakers, dialect=GITEA, trust=trust, transport=transport
        )
        self._path = f"/repos/{quote(spec.repository)}"

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    # -- reading ---------------------------------------------------------------------------------------------------

    async def open_pulls(self) -> Mapping[int, SeenPull]:
        """See the port."""
        query = {"state": "open", "sort": "recentupdate"}
        pulls = await self._all(f"{self._path}/pulls", GiteaPull, query)
        return {one.number: pull_of(one) for one in pulls}

    async def pull(self, number: int) -> SeenPull:
        """See the port."""
        return pull_of(await self._one(f"{self._path}/pulls/{number}", GiteaPull))

    async def checks(self, commit: str, *, base: str) -> SeenChecks:
        """See the port. There are statuses alone; those of Actions are among them."""
        at = f"{self._path}/commits/{quote(commit, safe='')}/status"
        pages: list[GiteaCombined] = []
        for page in range(1, _PAGES + 1):
            some = await self._unless_missing(at, GiteaCombined, {"limit": str(PAGE), "page": str(page)})
            if some is None:
                return SeenChecks(is_seen=False)
            if not some.statuses or some in pages:  # nothing more, or a server that knows no pages of them
                break
            pages.append(some)
        found = checks_of(pages, self._spec.web_address)
        if not base or not found:
            return SeenChecks(checks=found)
        branch = await self._unless_missing(f"{self._path}/branches/{quote(base)}", GiteaBranch)
        return SeenChecks(checks=found, required=required_of(branch, found))

    async def discussion(self, number: int) -> SeenDiscussion:
        """See the port."""
        me = await self._me()
        comments = await self._comments(number)
        listed = await self._all(f"{self._path}/pulls/{number}/reviews", GiteaReview)
        reviews = [one for one in listed if one.is_given]
        with_lines = [one for one in reviews if one.comments_count]
        return SeenDiscussion(
            me=me.id,
            login=me.login,
            comments=tuple(comment_of(one, "comment") for one in comments),
            reviews=tuple(one.seen for one in reviews),
            review_texts=tuple(words_of(one) for one in reviews if (one.body or "").strip()),
            threads=threads_of([one async for one in self._lines(number, with_lines[-_REVIEWS:])]),
            unread=unread_of(_cut(listed, len(with_lines))),
        )

    async def issue(self, number: int) -> SeenIssue:
        """See the port."""
        issue = await self._one(f"{self._path}/issues/{number}", Issue)
        return issue_of(issue, await self._comments(number))

    async def put_of(self, call: IssueCall) -> str | None:
        """See `CallRights`. A delivery there says what stands at the issue, and who changed anything of it.

        The last word of the issue's history about this label or account counts, and its number names it.
        """
        moment = moment_of(call.moment) or 0
        since = datetime.fromtimestamp(max(0, moment - _JUST_THEN_MS) / 1000, UTC).isoformat()
        path = f"{self._path}/issues/{call.number}/timeline"
        found = await self._all(path, GiteaChange, {"since": since})
        last = next((one for one in reversed(found) if one.about == (call.kind, call.value.lower())), None)
        if last is None or last.user is None or last.user.login.lower() != call.login.lower() or not last.is_put:
            return None
        return str(last.id)

    async def may_write(self, login: str) -> bool:
        """See `CallRights`. Only an admin of the repository is told of others: without that nobody may."""
        path = f"{self._path}/collaborators/{quote(login, safe='')}/permission"
        found = await self._unless_missing(path, Collaborator)
        return found is not None and found.permission in _WRITING

    async def has_branch(self, branch: str) -> bool:
        """See the port."""
        try:
            await self._client.read(f"{self._path}/branches/{quote(branch)}")
        except ForgeFailed as error:
            if error.fault == "not_found":
                return False
            raise
        return True

    async def log_of(self, job: int) -> str | None:
        """See the port. A status does not say of which job it is."""
        return None

    # -- acts ------------------------------------------------------------------------------------------------------

    async def comment(self, number: int, *, marker: str, text: str, thread: int | None = None) -> None:
        """See the port. A reply in a thread is a review with one comment at the place of its first one."""
        me = await self._me()
        body = f"{marker}\n{text}"

        async def find() -> bool | None:
            if thread is None:
                there: Sequence[Comment] = await self._comments(number)
            else:
                ours = [one for one in await self._every_review(number) if _is_of(one, me)]
                there = [one async for one in self._lines(number, ours)]
            return any(_is_of(one, me) and marker in (one.body or "") for one in there) or None

        async def make() -> bool:
            if thread is None:
                await self._client.write(f"{self._path}/issues/{number}/comments", {"body": body})
            else:
                review = await self._reply(number, thread, body)
                await self._client.write(f"{self._path}/pulls/{number}/reviews", review)
            return True

        await made_once(self._clock, find=find, make=make)

    async def _reply(self, number: int, thread: int, body: str) -> Mapping[str, Any]:
        """What makes a reply. Raises ForgeFailed where the thread is gone."""
        async for first in self._lines(number, reversed(await self._every_review(number))):
            if first.id == thread:
                _, new, old = first.place
                at = {"new_position": new} if new else {"old_position": old}
                return {"event": "COMMENT", "comments": [{"path": first.path, "body": body, **at}]}
        words = f"{self._spec.repository}: the thread in pull request {number} is gone. Look there."
        raise ForgeFailed("not_found", words)

    async def close_pull(self, number: int) -> None:
        """See the port."""
        await self._client.write(f"{self._path}/pulls/{number}", {"state": "closed"}, method="PATCH")

    # -- answers ---------------------------------------------------------------------------------------------------

    async def _me(self) -> User:
        return await self._one(self._client.own_account, User)

    async def _comments(self, number: int) -> tuple[Comment, ...]:
        """All of them: they are one list there."""
        return read_many(Comment, (await self._client.read(f"{self._path}/issues/{number}/comments")).body)

    async def _every_review(self, number: int) -> list[GiteaReview]:
        """All of them, oldest first, however many: what is looked for among them is there once."""
        path = f"{self._path}/pulls/{number}/reviews"
        return [one async for page in paged(self._client, path, GiteaReview, most=_EVERY_PAGE) for one in page]

    async def _lines(self, number: int, reviews: Iterable[GiteaReview]) -> AsyncGenerator[GiteaLine]:
        """Comments at lines, review by review: each review has its own list, which is asked for when its turn comes."""
        for review in reviews:
            if review.comments_count:
                answer = await self._client.read(f"{self._path}/pulls/{number}/reviews/{review.id}/comments")
                for one in read_many(GiteaLine, answer.body):
                    yield one

    async def _one(self, path: str, model: type[M], query: Mapping[str, str] | None = None) -> M:
        return read_as(model, (await self._client.read(path, query)).body)

    async def _all(self, path: str, model: type[M], query: Mapping[str, str] | None = None) -> list[M]:
        return [one async for page in paged(self._client, path, model, query, most=_PAGES) for one in page]

    async def _unless_missing(self, path: str, model: type[M], query: Mapping[str, str] | None = None) -> M | None:
        """None where it is not there, or the token may not see it. Old servers answer nothing where nothing is."""
        try:
            answer = await self._client.read(path, query)
        except ForgeFailed as error:
            if error.fault in _MISSING:
                return None
            raise
        return read_as(model, answer.body.strip().removeprefix(b"null") or b"{}")


def _is_of(written: Comment | Review, account: User) -> bool:
    return written.user is not None and written.user.id == account.id


def _cut(reviews: list[GiteaReview], with_lines: int) -> list[str]:
    """What of the reviews is not read."""
    cut = [f"the first {_PAGES * PAGE:,} reviews"] if len(reviews) >= _PAGES * PAGE else []
    if with_lines > _REVIEWS:
        cut.append(f"the comments at lines of the newest {_REVIEWS} reviews")
    return cut
