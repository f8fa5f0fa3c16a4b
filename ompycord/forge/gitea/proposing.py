"""Gitea and Forgejo as a `ForgePort`, by a token. A draft there is a title that begins with `WIP: `."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import (
    Clock,
    ForgeAccess,
    ForgeRests,
    OpenedPullRequest,
    ProposedPullRequest,
    PullRequestState,
)
from ompycord.errors import ForgeFailed
from ompycord.forge.client import ForgeClient
from ompycord.forge.gitea.answers import GiteaPull, as_draft, ready_title
from ompycord.forge.gitea.faults import GITEA
from ompycord.forge.gitea.marks import GiteaMarks
from ompycord.forge.gitea.paging import paged
from ompycord.forge.github_answers import Repository, User, read_as
from ompycord.forge.once import opened_once
from ompycord.http.trust.authorities import MACHINE, Trust

if TYPE_CHECKING:
    import httpx

__all__ = ["Gitea"]


class Gitea:
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
        self._known: User | None = None
        self._marks = GiteaMarks(self._client, self._path, user=self._user, clock=clock)

    @property
    def marks(self) -> GiteaMarks:
        """See the port."""
        return self._marks

    @property
    def refused_paths(self) -> tuple[str, ...]:
        """See the port. There is no right of its own for any path there."""
        return ()

    async def examine(self, *, branch: str = "") -> ForgeAccess:
        """See the port. Whether a rule wants signatures only its admins are told: the push says so."""
        user = await self._user()
        repository = read_as(Repository, (await self._client.read(self._path)).body)
        may_push = repository.permissions.push and not repository.archived
        return ForgeAccess(
            login=user.login,
            repository=repository.full_name,
            default_branch=repository.default_branch,
            may_push=may_push and await self._client.is_pushable(),
            is_archived=repository.archived,
        )

    async def newest(self, *, head: str, marker: str) -> PullRequestState | None:
        """See the port. Lists begin with the newest."""
        found = await self._ours("all", head, marker)
        return _state(found) if found is not None else None

    async def find(self, *, head: str, base: str, marker: str) -> OpenedPullRequest | None:
        """The pull request that is ours: open, of this head and base. Safe to repeat."""
        found = await self._ours("open", head, marker, base=base)
        return _opened(found, is_adopted=True) if found is not None else None

    async def _ours(self, state: str, head: str, marker: str, *, base: str | None = None) -> GiteaPull | None:
        """No filter finds a branch there, and old servers know none by author: all that come are looked at."""
        user = await self._user()
        query = {"state": state, "poster": user.login}
        async for page in paged(self._client, f"{self._path}/pulls", GiteaPull, query):
            for pull in page:
                is_meant = state in {"all", pull.state} and base in {None, pull.base.branch}
                if is_meant and _is_ours(pull, user, head=head, marker=marker):
                    return pull
        return None

    async def _user(self) -> User:
        """Whose token it is, asked once a connection."""
        if self._known is None:
            self._known = read_as(User, (await self._client.read(self._client.own_account)).body)
        return self._known

    async def open(self, proposed: ProposedPullRequest) -> OpenedPullRequest:
        """See the port."""
        find = partial(self.find, head=proposed.head, base=proposed.base, marker=proposed.marker)
        return await opened_once(self._clock, find=find, make=partial(self._made, proposed))

    async def _made(self, proposed: ProposedPullRequest) -> OpenedPullRequest:
        body = {
            "title": as_draft(proposed.title) if proposed.is_draft else proposed.title,
            "head": proposed.head,
            "base": proposed.base,
            "body": proposed.body,
        }
        answer = await self._client.write(f"{self._path}/pulls", body, head=proposed.head, base=proposed.base)
        return _opened(read_as(GiteaPull, answer.body))

    async def pull_request(self, number: int) -> PullRequestState:
        """See the port."""
        return _state(await self._pull(number))

    async def edit_body(self, number: int, body: str) -> None:
        """See the port."""
        await self._client.set("PATCH", f"{self._path}/pulls/{number}", {"body": body})

    async def mark_ready(self, number: int) -> None:
        """See the port. A server that has other words for a draft is told by what it answers."""
        pull = await self._pull(number)
        if not pull.is_draft:
            return
        title = ready_title(pull.title)
        if title != pull.title:
            changed = await self._client.set("PATCH", f"{self._path}/pulls/{number}", {"title": title})
            pull = read_as(GiteaPull, changed.body)
        if pull.is_draft:
            words = "its title still says that it is a draft. Take that word out of the title there."
            raise ForgeFailed("refused", f"{self._spec.repository}: {words}")

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    async def _pull(self, number: int) -> GiteaPull:
        return read_as(GiteaPull, (await self._client.read(f"{self._path}/pulls/{number}")).body)


def _is_ours(pull: GiteaPull, user: User, *, head: str, marker: str) -> bool:
    """Of this branch in this repository, opened by us for these runs: a fork may have a branch of that name."""
    is_here = pull.head.branch == head and pull.head.repo_id == pull.base.repo_id
    return is_here and pull.user is not None and pull.user.id == user.id and marker in (pull.body or "")


def _opened(pull: GiteaPull, *, is_adopted: bool = False) -> OpenedPullRequest:
    return OpenedPullRequest(number=pull.number, url=pull.html_url, is_draft=pull.is_draft, is_adopted=is_adopted)


def _state(pull: GiteaPull) -> PullRequestState:
    is_open = pull.state == "open"
    return PullRequestState(
        number=pull.number,
        url=pull.html_url,
        state="open" if is_open else "merged" if pull.merged else "closed",
        is_draft=pull.is_draft,
        title=ready_title(pull.title),
        body=pull.body or "",
        head=pull.head.branch,
        head_commit=pull.head.sha,
        base=pull.base.branch,
    )
