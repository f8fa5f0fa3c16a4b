"""Pull requests on GitHub that are open already: read with ETags, so that what did not change counts against no limit.

Implements `PullRequestForge`; counterpart of `github.py`, which opens them.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote, urlencode

from pydantic import TypeAdapter, ValidationError

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.issue_calls.records import IssueCall
from ompycord.domain.issues.seen import SeenIssue
from ompycord.domain.ports import Clock, ForgeRests
from ompycord.domain.pull_requests.seen import SeenChecks, SeenDiscussion, SeenPull
from ompycord.errors import ForgeFailed, ForgeNotNow
from ompycord.forge.client import ForgeClient
from ompycord.forge.github_answers import User, strange
from ompycord.forge.github_checks import (
    BranchRule,
    CheckRuns,
    Combined,
    Protected,
    WorkflowRuns,
    checks_of,
    required_of,
)
from ompycord.forge.github_discussion import (
    Collaborator,
    Comment,
    FullPull,
    Issue,
    Resolutions,
    Review,
    comment_of,
    issue_of,
    pull_of,
    review_of,
    threads_of,
    unread_of,
    words_of,
)
from ompycord.forge.github_kind import graphql_address
from ompycord.forge.once import made_once
from ompycord.http.trust.authorities import MACHINE, Trust

if TYPE_CHECKING:
    import httpx

__all__ = ["GitHubFollowing", "KnownAnswers"]

T = TypeVar("T")
P = TypeVar("P", CheckRuns, Combined)

_PAGE: Final = 100
_MOST_PAGES: Final = 10
_MOST_WRITTEN: Final = 30
"""Pages of what is written about a pull request; the card and the agent are told of more."""
_KEPT: Final = 3000
_LOG: Final = 200_000
"""Bytes of a job's log that are read, from its end."""
_MISSING: Final = frozenset({"not_found", "permission", "refused"})
_WRITING: Final = frozenset({"admin", "write"})
"""What GitHub says of who may push; *maintain* is said as *write*."""
_THREADS: Final = """query($owner:String!,$name:String!,$number:Int!){repository(owner:$owner,name:$name){
pullRequest(number:$number){reviewThreads(first:100){nodes{isResolved isOutdated
comments(first:1){nodes{databaseId}}}}}}}"""
_PULLS: Final = TypeAdapter(tuple[FullPull, ...])
_COMMENTS: Final = TypeAdapter(tuple[Comment, ...])
_REVIEWS: Final = TypeAdapter(tuple[Review, ...])
_RULES: Final = TypeAdapter(tuple[BranchRule, ...])


class KnownAnswers:
    """What was read before, by address, with the ETag that says whether it still holds; the last used are kept."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, Any]] = OrderedDict()

    def of(self, key: str) -> tuple[str, Any]:
        """The ETag and what was read there; an empty one where nothing is known."""
        if key not in self._known:
            return "", None
        self._known.move_to_end(key)
        return self._known[key]

    def put(self, key: str, etag: str, value: object) -> None:
        """Keep it."""
        self._known[key] = (etag, value)
        self._known.move_to_end(key)
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)


class GitHubFollowing:
    """One repository on GitHub."""

    def __init__(
        self,
        spec: ForgeSpec,
        *,
        token: Callable[[], str],
        clock: Clock,
        login: str | None = None,
        known: KnownAnswers,
        breakers: ForgeRests | None = None,
        trust: Trust = MACHINE,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        """`known` outlives this; `login`: as whom an app acts; `transport` replaces the network."""
        self._spec = spec
        self._clock = clock
        self._known = known
        self._client = ForgeClient(
            spec, token=token, clock=clock, login=login, breakers=breakers, trust=trust, transport=transport
        )
        self._path = f"/repos/{quote(spec.repository)}"

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    # -- reading ---------------------------------------------------------------------------------------------------

    async def open_pulls(self) -> Mapping[int, SeenPull]:
        """See the port."""
        query = {"state": "open", "sort": "updated", "direction": "desc"}
        pulls = await self._pages(f"{self._path}/pulls", _PULLS, query)
        return {one.number: pull_of(one) for one in pulls}

    async def pull(self, number: int) -> SeenPull:
        """See the port."""
        return pull_of(await self._as(f"{self._path}/pulls/{number}", TypeAdapter(FullPull)))

    async def checks(self, commit: str, *, base: str) -> SeenChecks:
        """See the port."""
        at = f"{self._path}/commits/{quote(commit, safe='')}"
        run_pages = await self._listed(f"{at}/check-runs", CheckRuns)
        status_pages = await self._listed(f"{at}/status", Combined)
        if run_pages is None and status_pages is None:
            return SeenChecks(is_seen=False)
        runs = CheckRuns(check_runs=tuple(one for page in run_pages or () for one in page.check_runs))
        statuses = Combined(statuses=tuple(one for page in status_pages or () for one in page.statuses))
        names = [(one.name, one.app.id if one.app else 0) for one in runs.check_runs]
        workflows = None
        if len(set(names)) < len(names):  # only then does it matter of which workflow a check is
            actions = f"{self._path}/actions/runs"
            query = {"head_sha": commit, "per_page": str(_PAGE)}
            workflows = await self._unless_missing(actions, TypeAdapter(WorkflowRuns), query)
        found = checks_of(runs, statuses, workflows or WorkflowRuns())
        return SeenChecks(checks=found, required=await self._required(base) if base and found else frozenset())

    async def _required(self, base: str) -> frozenset[str]:
        name = quote(base, safe="")
        branch = await self._unless_missing(f"{self._path}/branches/{name}", TypeAdapter(Protected))
        rules = await self._unless_missing(f"{self._path}/rules/branches/{name}", _RULES)
        return required_of(branch, rules or ())

    async def discussion(self, number: int) -> SeenDiscussion:
        """See the port."""
        me = await self._as(self._client.own_account, TypeAdapter(User))
        comments = await self._pages(f"{self._path}/issues/{number}/comments", _COMMENTS, most=_MOST_WRITTEN)
        lines = await self._pages(f"{self._path}/pulls/{number}/comments", _COMMENTS, most=_MOST_WRITTEN)
        reviews = await self._pages(f"{self._path}/pulls/{number}/reviews", _REVIEWS, most=_MOST_WRITTEN)
        lists = {"comments": comments, "comments at lines": lines, "reviews": reviews}
        full = _MOST_WRITTEN * _PAGE
        known = await self._resolutions(number) if lines else {}
        return SeenDiscussion(
            me=me.id,
            login=me.login,
            comments=tuple(comment_of(one, "comment") for one in comments),
            reviews=tuple(review_of(one) for one in reviews),
            review_texts=tuple(words_of(one) for one in reviews if (one.body or "").strip()),
            threads=threads_of(lines, known),
            unread=unread_of([f"the first {full:,} {name}" for name, some in lists.items() if len(some) >= full]),
        )

    async def _resolutions(self, number: int) -> dict[int, tuple[bool, bool]]:
        """Which threads are resolved; where GraphQL is refused, none are known to be."""
        owner, _, name = self._spec.repository.partition("/")
        body = {"query": _THREADS, "variables": {"owner": owner, "name": name, "number": number}}
        try:
            answer = await self._client.graphql(graphql_address(self._spec), body)
            return Resolutions.model_validate_json(answer.body).by_first_comment()
        except ForgeNotNow:
            raise  # said by the next look, which would not ask again where nothing is written meanwhile
        except (ForgeFailed, ValidationError):
            return {}

    async def issue(self, number: int) -> SeenIssue:
        """See the port."""
        issue = await self._as(f"{self._path}/issues/{number}", TypeAdapter(Issue))
        return issue_of(issue, await self._pages(f"{self._path}/issues/{number}/comments", _COMMENTS))

    async def put_of(self, call: IssueCall) -> str:
        """See `CallRights`: its delivery says so."""
        return ""

    async def may_write(self, login: str) -> bool:
        """See `CallRights`; an account that the forge does not know there may not."""
        path = f"{self._path}/collaborators/{quote(login, safe='')}/permission"
        found = await self._unless_missing(path, TypeAdapter(Collaborator))
        return found is not None and found.permission in _WRITING

    async def has_branch(self, branch: str) -> bool:
        """See the port."""
        path = f"{self._path}/git/ref/heads/{quote(branch)}"
        try:
            await self._client.read(path)
        except ForgeFailed as error:
            if error.fault == "not_found":
                return False
            raise
        return True

    async def log_of(self, job: int) -> str | None:
        """See the port."""
        try:
            end = await self._client.download(f"{self._path}/actions/jobs/{job}/logs", _LOG)
        except ForgeFailed as error:
            if error.fault in _MISSING:
                return None
            raise
        return None if end is None else end.decode("utf-8", "replace")

    # -- acts ------------------------------------------------------------------------------------------------------

    async def comment(self, number: int, *, marker: str, text: str, thread: int | None = None) -> None:
        """See the port."""
        listed = f"{self._path}/{'issues' if thread is None else 'pulls'}/{number}/comments"
        target = listed if thread is None else f"{listed}/{thread}/replies"
        me = await self._as(self._client.own_account, TypeAdapter(User))

        async def find() -> bool | None:
            there = await self._pages(listed, _COMMENTS)
            is_done = any(one.user is not None and one.user.id == me.id and marker in (one.body or "") for one in there)
            return is_done or None

        async def make() -> bool:
            await self._client.write(target, {"body": f"{marker}\n{text}"})
            return True

        await made_once(self._clock, find=find, make=make)

    async def close_pull(self, number: int) -> None:
        """See the port."""
        await self._client.write(f"{self._path}/pulls/{number}", {"state": "closed"}, method="PATCH")

    # -- answers ---------------------------------------------------------------------------------------------------

    async def _pages(
        self,
        path: str,
        adapter: "TypeAdapter[tuple[T, ...]]",
        query: Mapping[str, str] | None = None,
        *,
        most: int = _MOST_PAGES,
    ) -> tuple[T, ...]:
        found: list[T] = []
        for page in range(1, most + 1):
            some = await self._as(path, adapter, {**(query or {}), "per_page": str(_PAGE), "page": str(page)})
            found += some
            if len(some) < _PAGE:
                break
        return tuple(found)

    async def _as(self, path: str, adapter: TypeAdapter[T], query: Mapping[str, str] | None = None) -> T:
        """What is there in its shape; read once as long as its ETag holds."""
        key = f"{self._spec.api_address}{path}?{urlencode(query or {})}"
        etag, known = self._known.of(key)
        answer = await self._client.read(path, query, etag=etag)
        if answer.status == _NOT_MODIFIED:
            return known
        try:
            value = adapter.validate_json(answer.body)
        except ValidationError:
            raise strange() from None
        if etag := answer.headers.get("etag", ""):
            self._known.put(key, etag, value)
        return value

    async def _listed(self, path: str, kind: type[P]) -> list[P] | None:
        """Every page of a list that has its count beside it; None where the token may not see it."""
        pages: list[P] = []
        for page in range(1, _MOST_PAGES + 1):
            query = {"per_page": str(_PAGE), "page": str(page)}
            some = await self._unless_missing(path, TypeAdapter(kind), query)
            if some is None:
                return pages or None
            pages.append(some)
            if some.total_count <= page * _PAGE:
                break
        return pages

    async def _unless_missing(
        self, path: str, adapter: TypeAdapter[T], query: Mapping[str, str] | None = None
    ) -> T | None:
        """The same; None where it is not there, or the token may not see it."""
        try:
            return await self._as(path, adapter, query)
        except ForgeFailed as error:
            if error.fault in _MISSING:
                return None
            raise


_NOT_MODIFIED: Final = 304
