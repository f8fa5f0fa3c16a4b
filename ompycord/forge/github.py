"""GitHub as a `ForgePort`, by a fine-grained token; GitHub Enterprise by its own address."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ompycord.domain.base import Millis
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
from ompycord.forge.client import PAGE, ForgeClient
from ompycord.forge.github_answers import GraphAnswer, Pull, Repository, User, read_as, read_many
from ompycord.forge.github_checks import BranchRule
from ompycord.forge.github_faults import refused_by_graph
from ompycord.forge.github_kind import graphql_address
from ompycord.forge.github_marks import GitHubMarks
from ompycord.forge.once import opened_once
from ompycord.http.trust.authorities import MACHINE, Trust

if TYPE_CHECKING:
    import httpx

__all__ = ["GitHub"]

_READY: Final = "mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { clientMutationId } }"
_EXPIRES: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (UTC|[+-]\d{4})")


class GitHub:
    """One repository on GitHub."""

    def __init__(
        self,
        spec: ForgeSpec,
        *,
        token: Callable[[], str],
        clock: Clock,
        login: str | None = None,
        missing: tuple[str, ...] = (),
        refused_paths: tuple[str, ...] = (),
        breakers: ForgeRests | None = None,
        trust: Trust = MACHINE,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        """`token` reads it; `login`: as whom an app acts, what it lacks, and where it may change nothing; `transport`
        replaces the network.
        """
        self._spec = spec
        self._missing = missing
        self._refused_paths = refused_paths
        self._clock = clock
        self._client = ForgeClient(
            spec, token=token, clock=clock, login=login, breakers=breakers, trust=trust, transport=transport
        )
        self._path = f"/repos/{quote(spec.repository)}"
        self._known: User | None = None
        self._marks = GitHubMarks(self._client, self._path, user=self._user, clock=clock)

    @property
    def marks(self) -> GitHubMarks:
        """See the port."""
        return self._marks

    @property
    def refused_paths(self) -> tuple[str, ...]:
        """See the port."""
        return self._refused_paths

    async def examine(self, *, branch: str = "") -> ForgeAccess:
        """See the port."""
        user = await self._user()
        answer = await self._client.read(self._path)
        repository = read_as(Repository, answer.body)
        return ForgeAccess(
            login=user.login,
            repository=repository.full_name,
            default_branch=repository.default_branch,
            may_push=repository.permissions.push and not repository.archived and await self._client.is_pushable(),
            is_archived=repository.archived,
            expires_at=_expires(answer.headers),
            missing=self._missing,
            wants_signatures=bool(branch) and await self._wants_signatures(branch),
        )

    async def _wants_signatures(self, branch: str) -> bool:
        """By the rules that apply to a branch of this name, whether it is there or not; unknown is no."""
        try:
            answer = await self._client.read(f"{self._path}/rules/branches/{quote(branch, safe='')}")
        except ForgeFailed as error:
            if error.fault in {"not_found", "permission", "refused"}:
                return False
            raise
        return any(rule.type == "required_signatures" for rule in read_many(BranchRule, answer.body))

    async def newest(self, *, head: str, marker: str) -> PullRequestState | None:
        """See the port."""
        found = await self._ours(head, marker, {"state": "all", "sort": "created", "direction": "desc"})
        return _state(found[0]) if found else None

    async def find(self, *, head: str, base: str, marker: str) -> OpenedPullRequest | None:
        """The pull request that is ours: open, of this head and base. Safe to repeat."""
        found = await self._ours(head, marker, {"state": "open", "base": base})
        return next((_opened(pull, is_adopted=True) for pull in found if pull.base.ref == base), None)

    async def _ours(self, head: str, marker: str, more: Mapping[str, str]) -> list[Pull]:
        user = await self._user()
        query = {"head": f"{self._spec.owner}:{head}", "per_page": str(PAGE), **more}
        answer = await self._client.read(f"{self._path}/pulls", query)
        pulls = read_many(Pull, answer.body)
        state = more["state"]
        return [one for one in pulls if _is_ours(one, user, head=head, marker=marker) and state in {"all", one.state}]

    async def _user(self) -> User:
        """Whose token it is, asked once a connection."""
        if self._known is None:
            self._known = read_as(User, (await self._client.read(self._client.own_account)).body)
        return self._known

    async def open(self, proposed: ProposedPullRequest) -> OpenedPullRequest:
        """See the port."""
        find = partial(self.find, head=proposed.head, base=proposed.base, marker=proposed.marker)
        return await opened_once(self._clock, find=find, make=partial(self._opened, proposed))

    async def _opened(self, proposed: ProposedPullRequest) -> OpenedPullRequest:
        body = {
            "title": proposed.title,
            "head": proposed.head,
            "base": proposed.base,
            "body": proposed.body,
            "draft": proposed.is_draft,
        }
        answer = await self._client.write(f"{self._path}/pulls", body, head=proposed.head, base=proposed.base)
        return _opened(read_as(Pull, answer.body))

    async def pull_request(self, number: int) -> PullRequestState:
        """See the port."""
        return _state(await self._pull(number))

    async def edit_body(self, number: int, body: str) -> None:
        """See the port."""
        await self._client.set("PATCH", f"{self._path}/pulls/{number}", {"body": body})

    async def mark_ready(self, number: int) -> None:
        """See the port. Only GraphQL does it; what it refuses has the status 200."""
        pull = await self._pull(number)
        if not pull.draft:
            return
        wanted = {"query": _READY, "variables": {"id": pull.node_id}}
        answer = read_as(GraphAnswer, (await self._client.graphql(graphql_address(self._spec), wanted)).body)
        if answer.errors:
            raise refused_by_graph(answer.errors[0], self._spec)

    async def _pull(self, number: int) -> Pull:
        return read_as(Pull, (await self._client.read(f"{self._path}/pulls/{number}")).body)

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()


def _is_ours(pull: Pull, user: User, *, head: str, marker: str) -> bool:
    """Whether we opened it: of this branch in the same repository, by us, with our mark."""
    is_here = pull.head.repo is not None and pull.base.repo is not None and pull.head.repo.id == pull.base.repo.id
    # The repository of a branch that was deleted after a merge is still named; that of a deleted fork is not.
    is_by_us = pull.user is not None and pull.user.id == user.id
    return is_here and pull.head.ref == head and is_by_us and marker in (pull.body or "")


def _opened(pull: Pull, *, is_adopted: bool = False) -> OpenedPullRequest:
    return OpenedPullRequest(number=pull.number, url=pull.html_url, is_draft=pull.draft, is_adopted=is_adopted)


def _state(pull: Pull) -> PullRequestState:
    is_open = pull.state == "open"
    return PullRequestState(
        number=pull.number,
        url=pull.html_url,
        state="open" if is_open else "merged" if pull.merged_at is not None else "closed",
        is_draft=pull.draft,
        title=pull.title,
        body=pull.body or "",
        head=pull.head.ref,
        head_commit=pull.head.sha,
        base=pull.base.ref,
    )


def _expires(headers: Mapping[str, str]) -> Millis | None:
    """When the token ends, as GitHub writes it in a header of every answer."""
    found = _EXPIRES.fullmatch(headers.get("github-authentication-token-expiration", ""))
    if found is None:
        return None
    zone = "+0000" if found[2] == "UTC" else found[2]
    at = datetime.strptime(f"{found[1]} {zone}", "%Y-%m-%d %H:%M:%S %z")
    return int(at.astimezone(UTC).timestamp() * 1000)
