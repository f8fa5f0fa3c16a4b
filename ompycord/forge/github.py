"""GitHub as a `ForgePort`, by a fine-grained token; GitHub Enterprise by its own address."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter, ValidationError

from ompycord.domain.base import Millis
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import Clock, ForgeAccess, OpenedPullRequest, ProposedPullRequest
from ompycord.errors import ForgeFailed
from ompycord.forge.github_answers import Pull, Repository, User
from ompycord.forge.github_client import PAUSE_S, TRIES, GitHubAnswer, GitHubClient, Unanswered

if TYPE_CHECKING:
    import httpx

__all__ = ["GitHub"]

M = TypeVar("M", bound=BaseModel)

_PAGE: Final = 100
_PULLS: Final = TypeAdapter(tuple[Pull, ...])
_EXPIRES: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (UTC|[+-]\d{4})")


class GitHub:
    """One repository on GitHub."""

    def __init__(
        self,
        spec: ForgeSpec,
        *,
        token: Callable[[], str],
        clock: Clock,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        """`token` reads it; `transport` replaces the network."""
        self._spec = spec
        self._clock = clock
        self._client = GitHubClient(spec, token=token, clock=clock, transport=transport)
        self._path = f"/repos/{quote(spec.repository)}"

    async def examine(self) -> ForgeAccess:
        """See the port."""
        user = _as(User, await self._client.read("/user"))
        answer = await self._client.read(self._path)
        repository = _as(Repository, answer)
        return ForgeAccess(
            login=user.login,
            repository=repository.full_name,
            default_branch=repository.default_branch,
            may_push=repository.permissions.push and not repository.archived and await self._client.is_pushable(),
            is_archived=repository.archived,
            expires_at=_expires(answer.headers),
        )

    async def find(self, *, head: str, base: str, marker: str) -> OpenedPullRequest | None:
        """See the port."""
        user = _as(User, await self._client.read("/user"))
        query = {
            "state": "open",
            "head": f"{self._spec.owner}:{head}",
            "base": base,
            "per_page": str(_PAGE),
        }
        answer = await self._client.read(f"{self._path}/pulls", query)
        for pull in _pulls(answer):
            if _is_ours(pull, user, head=head, base=base, marker=marker):
                return _opened(pull, is_adopted=True)
        return None

    async def open(self, proposed: ProposedPullRequest) -> OpenedPullRequest:
        """See the port. A request whose answer was lost may have taken effect: that is looked up before another."""
        for attempt in range(1, TRIES + 1):
            there = await self.find(head=proposed.head, base=proposed.base, marker=proposed.marker)
            if there is not None:
                return there
            try:
                return await self._opened(proposed)
            except Unanswered:
                if attempt == TRIES:
                    raise
                await self._clock.sleep(PAUSE_S * attempt)
            except ForgeFailed as error:
                there = await self._found_late(error, proposed)
                if there is None:
                    raise
                return there
        raise AssertionError("unreachable")

    async def _opened(self, proposed: ProposedPullRequest) -> OpenedPullRequest:
        body = {
            "title": proposed.title,
            "head": proposed.head,
            "base": proposed.base,
            "body": proposed.body,
            "draft": proposed.is_draft,
        }
        answer = await self._client.write(f"{self._path}/pulls", body, head=proposed.head, base=proposed.base)
        return _opened(_as(Pull, answer))

    async def _found_late(self, error: ForgeFailed, proposed: ProposedPullRequest) -> OpenedPullRequest | None:
        """Ours, where the forge says that there is one which its list did not have yet."""
        if error.fault != "exists":
            return None
        return await self.find(head=proposed.head, base=proposed.base, marker=proposed.marker)

    async def add_labels(self, number: int, labels: Sequence[str]) -> Sequence[str]:
        """See the port. GitHub would make a label that it does not know: only those that exist are put."""
        refused: list[str] = []
        for label in labels:
            try:
                await self._client.read(f"{self._path}/labels/{quote(label, safe='')}")
                await self._safely(f"{self._path}/issues/{number}/labels", {"labels": [label]})
            except Unanswered:
                raise
            except ForgeFailed:
                refused.append(label)
        return refused

    async def ask_reviewers(self, number: int, reviewers: Sequence[str]) -> Sequence[str]:
        """See the port. Each is asked alone: one name that is wrong would have the whole list refused."""
        refused: list[str] = []
        for reviewer in reviewers:
            _, _, team = reviewer.partition("/")
            wanted = {"team_reviewers": [team]} if team else {"reviewers": [reviewer]}
            try:
                await self._safely(f"{self._path}/pulls/{number}/requested_reviewers", wanted)
            except Unanswered:
                raise
            except ForgeFailed:
                refused.append(reviewer)
        return refused

    async def close(self) -> None:
        """See the port."""
        await self._client.close()

    async def _safely(self, path: str, body: Mapping[str, Any]) -> None:
        """A request that changes nothing when it is repeated."""
        for attempt in range(1, TRIES + 1):
            try:
                await self._client.write(path, body)
            except Unanswered:
                if attempt == TRIES:
                    raise
                await self._clock.sleep(PAUSE_S * attempt)
            else:
                return


def _is_ours(pull: Pull, user: User, *, head: str, base: str, marker: str) -> bool:
    """Whether we opened it: an open one of the same branches in the same repository, by us, with our mark."""
    is_here = pull.head.repo is not None and pull.base.repo is not None and pull.head.repo.id == pull.base.repo.id
    has_branches = pull.head.ref == head and pull.base.ref == base
    is_by_us = pull.user is not None and pull.user.id == user.id
    return pull.state == "open" and is_here and has_branches and is_by_us and marker in (pull.body or "")


def _opened(pull: Pull, *, is_adopted: bool = False) -> OpenedPullRequest:
    return OpenedPullRequest(number=pull.number, url=pull.html_url, is_draft=pull.draft, is_adopted=is_adopted)


def _as(model: type[M], answer: GitHubAnswer) -> M:
    """The answer as one of the shapes that are read. Raises Unanswered where a proxy or another program answered."""
    try:
        return model.model_validate_json(answer.body)
    except ValidationError:
        raise _strange() from None


def _pulls(answer: GitHubAnswer) -> tuple[Pull, ...]:
    try:
        return _PULLS.validate_json(answer.body)
    except ValidationError:
        raise _strange() from None


def _strange() -> Unanswered:
    return Unanswered("strange", "The answer is not GitHub's. Check forge.api and the proxy.")


def _expires(headers: Mapping[str, str]) -> Millis | None:
    """When the token ends, as GitHub writes it in a header of every answer."""
    found = _EXPIRES.fullmatch(headers.get("github-authentication-token-expiration", ""))
    if found is None:
        return None
    zone = "+0000" if found[2] == "UTC" else found[2]
    at = datetime.strptime(f"{found[1]} {zone}", "%Y-%m-%d %H:%M:%S %z")
    return int(at.astimezone(UTC).timestamp() * 1000)
