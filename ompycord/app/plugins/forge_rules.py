"""The contract of a kind of forge, rule by rule: what publishing and following rely on, tried on a double of the forge.

The record of the kind brings the double (`ForgeTrial`). Counterpart of `notifier_rules.py`.
"""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from ompycord.app.conformance import RuleVerdict
from ompycord.app.plugins.judging import Broken, why_broken
from ompycord.app.system import SystemClock
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import (
    CommitStatus,
    OpenedPullRequest,
    ProposedPullRequest,
    PullRequestForge,
    PullRequestState,
)
from ompycord.errors import ForgeFailed, ForgeNotNow, ForgeUnanswered
from ompycord.forge.kind import ForgeConnection, ForgeKind, ForgeTrial
from ompycord.forge.made import FollowingForge, ProposingForge

__all__ = ["judge_forge"]

_RULE_S: Final = 60.0
_CANCEL_S: Final = 5.0
_MARK: Final = "<!-- ompycord trial 7f3k2m -->"
_COMMENT: Final = "<!-- ompycord trial 9c4x1q -->"
_REPLY: Final = "<!-- ompycord trial 2b8w6z -->"
_NO_BRANCH: Final = "ompycord/no-such-branch-7f3k2m"
_NO_NUMBER: Final = 999_999_937
_UNHEARD: Final = "credential-of-nobody-7f3k2m9c4x1q"
_DENIED: Final = frozenset({"authentication", "permission", "not_found"})


class _HastyClock(SystemClock):
    """What is waited before a repeat is no part of a trial."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class _Rests:
    """Implements `ForgeRests`."""

    def __init__(self, *, is_resting: bool = False) -> None:
        self._is_resting = is_resting

    def require(self, spec: ForgeSpec) -> None:
        if self._is_resting:
            raise ForgeNotNow("paused", "It rests.")

    def answered(self, spec: ForgeSpec) -> None:
        """Nothing is counted."""

    def failed(self, spec: ForgeSpec) -> None:
        """Nothing is counted."""


@dataclass(frozen=True, kw_only=True)
class _Tried:
    """A kind of forge before its double."""

    record: ForgeKind[Any]
    trial: ForgeTrial
    kept: dict[str, Any] = field(default_factory=dict[str, Any])

    @asynccontextmanager
    async def proposing(self, **changes: Any) -> AsyncGenerator[ProposingForge]:
        forge = self.record.proposing(*self._given(**changes))
        try:
            yield forge
        finally:
            await forge.close()

    @asynccontextmanager
    async def following(self, **changes: Any) -> AsyncGenerator[FollowingForge]:
        forge = self.record.following(*self._given(**changes))
        try:
            yield forge
        finally:
            await forge.close()

    @property
    def spec(self) -> ForgeSpec:
        return self.record.options.model_validate(dict(self.trial.options))

    @property
    def proposed(self) -> ProposedPullRequest:
        body = f"What was done.\n\n{_MARK}"
        return ProposedPullRequest(
            head=self.trial.head, base=self.trial.base, title="Fix it", body=body, marker=_MARK, is_draft=True
        )

    def _given(
        self, *, repository: str | None = None, token: str | None = None, rests: _Rests | None = None
    ) -> tuple[ForgeSpec, ForgeConnection]:
        changes = {} if repository is None else {"repository": repository}
        spec = self.record.options.model_validate({**self.trial.options, **changes})
        file = spec.token_file
        if file is None:
            raise Broken("the options of its trial name no token_file")
        read = (lambda: token) if token is not None else lambda: file.read_text(encoding="utf-8").strip()
        connection = ForgeConnection(token=read, clock=_HastyClock(), rests=rests or _Rests(), kept=self.kept)
        return spec, connection


Rule = Callable[[_Tried], Awaitable[None]]


async def judge_forge(record: ForgeKind[Any]) -> list[RuleVerdict]:
    """Every rule's verdict, in order. The code of the kind and of its double runs here."""
    return [await _judged(rule, record) for rule in _RULES]


async def _judged(rule: Rule, record: ForgeKind[Any]) -> RuleVerdict:
    name = rule.__name__.replace("_", " ").strip()
    why = await why_broken(partial(_tried, rule, record), wait_s=_RULE_S)
    return RuleVerdict(rule=name, kept=why is None, why=why or "")


async def _tried(rule: Rule, record: ForgeKind[Any]) -> None:
    if record.trial is None:
        raise Broken("its record has no trial, which runs a double of the forge")
    with tempfile.TemporaryDirectory(prefix="ompycord-plugin-") as folder:
        async with record.trial(Path(folder)) as trial:
            await rule(_Tried(record=record, trial=trial))


async def is_made_and_closed(tried: _Tried) -> None:
    async with tried.proposing(), tried.following():
        pass


async def names_its_repository_and_what_its_token_may(tried: _Tried) -> None:
    async with tried.proposing() as forge:
        access = await forge.examine(branch=tried.trial.head)
    if access.repository.lower() != tried.spec.repository.lower():
        raise Broken(f"asked for {tried.spec.repository} it answers {access.repository}")
    if not access.login or not access.may_push or access.is_archived:
        raise Broken("the token of its trial has no login, or may not push")


async def opens_what_was_proposed(tried: _Tried) -> None:
    async with tried.proposing() as forge:
        made = await forge.open(tried.proposed)
        state = await forge.pull_request(made.number)
    wanted = (tried.trial.head, tried.trial.head_commit, tried.trial.base, "open", True, "Fix it")
    if wanted != (state.head, state.head_commit, state.base, state.state, state.is_draft, state.title):
        raise Broken(f"it proposed {wanted} and then there is {state!r}"[:300])
    if made.is_adopted or not made.is_draft or _MARK not in state.body or not made.url.startswith(("http:", "https:")):
        raise Broken("what it opened is no new draft with its text and an address")


async def adopts_its_open_pull_request_instead_of_a_second(tried: _Tried) -> None:
    async with tried.proposing() as forge:
        first = await forge.open(tried.proposed)
    async with tried.proposing() as forge:
        second = await forge.open(tried.proposed)
        newest = await forge.newest(head=tried.trial.head, marker=_MARK)
    _require_one(tried, first, second, newest)
    if not second.is_adopted:
        raise Broken("it does not say that it adopted what was there")


async def looks_before_it_repeats_what_may_be_there(tried: _Tried) -> None:
    async with tried.proposing() as forge:
        tried.trial.lose_answer()
        opened = await _despite_loss(partial(forge.open, tried.proposed))
        _require_one(tried, opened, opened, await forge.newest(head=tried.trial.head, marker=_MARK))
        tried.trial.lose_answer()
        put = partial(forge.marks.put_comment, opened.number, f"{_COMMENT} Verified.", marker=_COMMENT)
        await _despite_loss(put)
        await put()
    async with tried.following() as following:
        tried.trial.lose_answer()
        comment = partial(following.comment, opened.number, marker=_REPLY, text="It was changed.")
        await _despite_loss(comment)
        await comment()
        await _require_once(following, opened.number, _COMMENT, _REPLY)


async def takes_no_other_for_its_own(tried: _Tried) -> None:
    async with tried.proposing() as forge:
        if await forge.newest(head=tried.trial.head, marker=_MARK) is not None:
            raise Broken("it finds a pull request where there is none")
        await forge.open(tried.proposed)
        if await forge.newest(head=tried.trial.head, marker="<!-- another run -->") is not None:
            raise Broken("it takes a pull request without the mark for ours")
        if await forge.newest(head=_NO_BRANCH, marker=_MARK) is not None:
            raise Broken("it takes a pull request of another branch for ours")


async def changes_what_it_opened_as_often_as_wanted(tried: _Tried) -> None:
    async with tried.proposing() as forge:
        number = (await forge.open(tried.proposed)).number
        for _ in range(2):
            await forge.edit_body(number, f"Newer.\n{_MARK}")
            await forge.mark_ready(number)
        state = await forge.pull_request(number)
    if (state.title, state.is_draft) != ("Fix it", False) or "Newer." not in state.body:
        raise Broken(f"its text, title or draft is not what was written: {state!r}"[:300])


async def marks_a_pull_request_as_often_as_wanted(tried: _Tried) -> None:
    status = CommitStatus(context="ompycord/trial", state="success", description="Verified.")
    names = ["no-such-name-7f3k2m"]
    async with tried.proposing() as forge:
        number = (await forge.open(tried.proposed)).number
        marks = forge.marks
        for _ in range(2):
            await marks.set_status(tried.trial.head_commit, status)
            for put in (marks.add_labels, marks.ask_reviewers, marks.assign):
                if not set(await put(number, names)) <= set(names):
                    raise Broken(f"{put.__name__} names others than those that it could not put")
        first = await marks.put_comment(number, f"{_COMMENT} One.", marker=_COMMENT)
        for known in (first, None, _NO_NUMBER):
            if await marks.put_comment(number, f"{_COMMENT} Two.", marker=_COMMENT, known=known) != first:
                raise Broken("it writes a second comment beside its own")
    async with tried.following() as following:
        texts = await _require_once(following, number, _COMMENT)
    if "Two." not in texts:
        raise Broken("its comment does not say the newest text")


async def shows_what_is_open_and_what_was_written(tried: _Tried) -> None:
    async with tried.proposing() as forge:
        number = (await forge.open(tried.proposed)).number
    async with tried.following() as following:
        pulls, pull = await following.open_pulls(), await following.pull(number)
        if [*pulls] != [number] or pull.commit != tried.trial.head_commit or pull.branch != tried.trial.head:
            raise Broken(f"of one that is open it shows {[*pulls]}, at {pull.branch} and {pull.commit[:12]}")
        await following.checks(pull.commit, base=tried.trial.base)
        if not await following.has_branch(tried.trial.head) or await following.has_branch(_NO_BRANCH):
            raise Broken("has_branch is wrong")
        issue = await following.issue(tried.trial.issue)
        if (issue.number, issue.is_pull_request) != (tried.trial.issue, False):
            raise Broken(f"issue {tried.trial.issue} is {issue!r}"[:300])
        for _ in range(2):
            await following.close_pull(number)
        if await following.open_pulls() or (await following.pull(number)).state != "closed":
            raise Broken("what it closed is open")


async def refuses_by_kind_and_answers_no_other_repository(tried: _Tried) -> None:
    other = f"{tried.spec.owner}/no-such-repository-7f3k2m"
    async with tried.proposing(repository=other) as forge:
        await _require_fault(forge.examine, _DENIED)
    async with tried.following(repository=other) as following:
        await _require_fault(following.open_pulls, _DENIED)
    async with tried.proposing() as forge:
        await _require_fault(partial(forge.pull_request, _NO_NUMBER), {"not_found"})
        unheard = tried.proposed.model_copy(update={"head": _NO_BRANCH})
        await _require_fault(partial(forge.open, unheard), None)
    async with tried.following() as following:
        await _require_fault(partial(following.issue, _NO_NUMBER), {"not_found"})
    if tried.trial.opened():
        raise Broken("a pull request is there although all was refused")


async def repeats_no_credential_in_an_error(tried: _Tried) -> None:
    async with tried.proposing(token=_UNHEARD) as forge, tried.following(token=_UNHEARD) as following:
        for act in (forge.examine, partial(forge.open, tried.proposed), following.open_pulls):
            error = await _require_fault(act, _DENIED)
            if _UNHEARD in f"{error!r} {error} {error.__context__!r} {error.__cause__!r}":
                raise Broken("an error has the token, and goes into logs and cards")


async def asks_nothing_while_the_forge_rests(tried: _Tried) -> None:
    resting = _Rests(is_resting=True)
    async with tried.proposing(rests=resting) as forge, tried.following(rests=resting) as following:
        for act in (forge.examine, partial(forge.open, tried.proposed), following.open_pulls):
            await _require_fault(act, {"paused"})


async def ends_soon_when_it_is_cancelled(tried: _Tried) -> None:
    async def cancelled() -> None:
        async with tried.proposing() as forge, asyncio.TaskGroup() as group:
            asking = group.create_task(forge.open(tried.proposed))
            await asyncio.sleep(0)
            asking.cancel()

    try:
        async with asyncio.timeout(_CANCEL_S):
            await cancelled()
    except TimeoutError:
        raise Broken(f"it went on for {_CANCEL_S:.0f} s") from None


_RULES: Final[tuple[Rule, ...]] = (
    is_made_and_closed,
    names_its_repository_and_what_its_token_may,
    opens_what_was_proposed,
    adopts_its_open_pull_request_instead_of_a_second,
    looks_before_it_repeats_what_may_be_there,
    takes_no_other_for_its_own,
    changes_what_it_opened_as_often_as_wanted,
    marks_a_pull_request_as_often_as_wanted,
    shows_what_is_open_and_what_was_written,
    refuses_by_kind_and_answers_no_other_repository,
    repeats_no_credential_in_an_error,
    asks_nothing_while_the_forge_rests,
    ends_soon_when_it_is_cancelled,
)


def _require_one(
    tried: _Tried, first: OpenedPullRequest, second: OpenedPullRequest, newest: PullRequestState | None
) -> None:
    there = tried.trial.opened()
    if there != 1 or {first.number, second.number} != {newest.number if newest is not None else None}:
        raise Broken(f"{there} pull requests are there of one that was proposed twice")


async def _require_once(following: PullRequestForge, number: int, *marks: str) -> str:
    """The texts of all comments. Raises Broken where one of the marks is not in exactly one."""
    discussion = await following.discussion(number)
    for mark in marks:
        ours = [one for one in discussion.comments if mark in one.text]
        if len(ours) != 1 or ours[0].author != discussion.me:
            raise Broken(f"{len(ours)} comments have a mark that ours has once")
    return " ".join(one.text for one in discussion.comments)


async def _require_fault(act: Callable[[], Awaitable[object]], kinds: AbstractSet[str] | None) -> ForgeFailed:
    try:
        answer = await act()
    except ForgeFailed as error:
        if kinds is not None and error.fault not in kinds:
            raise Broken(f"it fails by {error.fault} instead of {' or '.join(sorted(kinds))}") from None
        return error
    raise Broken(f"it answers {answer!r} instead of a refusal"[:300])


async def _despite_loss(act: "Callable[[], Awaitable[Any]]") -> Any:
    """What it answers; where an answer was lost, that of asking once more."""
    try:
        return await act()
    except ForgeUnanswered:
        return await act()
