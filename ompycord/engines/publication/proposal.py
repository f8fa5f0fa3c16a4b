"""A published result becomes a pull request: pushed to its forge, opened once, or adopted where it is there already.

Part of the step `publish`, which may be done twice, also after the run has ended: all of this then finds what it did
the first time, and brings body, readiness, status and comment up to what the run's log says.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.configuration.publish_options import PublishSpec
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import PullRequestOpened
from ompycord.domain.folds.follow_up import EarlierResult
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import (
    BaseThere,
    BranchPushes,
    ForgePort,
    OpenedPullRequest,
    ProposedChange,
    ProposedPullRequest,
    PushRequest,
)
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunRecord
from ompycord.domain.task import Task
from ompycord.engines.publication.marks import Marking, decorate
from ompycord.errors import ForgeFailed
from ompycord.render.forge.pull_request import BodyContext, body_of, is_ready, marker_of, title_of, with_part

__all__ = ["OpenForge", "Proposals", "PublishedResult", "RecordFacts", "RunReport"]

OpenForge = Callable[[ForgeSpec], AbstractAsyncContextManager[ForgePort]]
RecordFacts = Callable[..., Awaitable[None]]
"""`await record(run, *bodies)`: store facts of ours."""
_LINE = 500
_MOST_HEADS = 9
"""Branches of one chain of runs there: each after one whose pull request has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run as it ends, before that is stored: what its pull request tells."""

    record: RunRecord
    snapshot: StatusSnapshot
    card: str | None = None
    """The address of its card; None where people cannot open it."""

    def is_proposed(self, spec: PublishSpec) -> bool:
        """Whether its result is proposed: not one of an agent that failed; a red one only where that is configured."""
        machine = self.record.machine
        is_red = machine is not None and machine.checks is False
        return machine is not None and machine.claim is not False and (not is_red or spec.red == "draft")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedResult:
    """A result on its branch here."""

    branch: str
    commit: str
    base_commit: str | None
    """From which the work started; None where no log knows it."""
    earlier: tuple[EarlierResult, ...] = ()
    """The results that it goes on with, oldest first."""
    conflicts: tuple[str, ...] = ()
    """Paths that both it and the moved base changed."""
    head: str | None = None
    """The branch there that a person allowed; None where nobody was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where it goes there."""

    head: str
    base: str
    number: int | None = None
    """The open pull request of that branch; None where there is none yet."""
    notes: tuple[str, ...] = ()
    """What is different there from the settings, a sentence each."""


class Proposals:
    """One for all repositories with a forge."""

    def __init__(
        self,
        *,
        pushes: BranchPushes,
        forge: OpenForge,
        report: Callable[[RunId], Awaitable[RunReport | None]],
        redact: Callable[[str], str],
    ) -> None:
        """`forge` opens a connection; `redact` takes the secrets of this process out of what is written there."""
        self._pushes = pushes
        self._forge = forge
        self._report = report
        self._redact = redact

    async def is_proposed(self, run: RunId, repository: RepositorySpec) -> bool:
        """Whether this run's result goes to a forge."""
        report = await self._report(run) if repository.forge is not None else None
        return report is not None and report.is_proposed(repository.publish)

    async def chain_of(self, run: RunId) -> RunId | None:
        """The first run of its chain, which has one pull request at a time."""
        report = await self._report(run)
        return None if report is None else RunId(report.record.first)

    async def head_of(self, run: RunId, repository: RepositorySpec, task: Task, branch: str) -> str:
        """The branch there to which the result on this branch here would be pushed now. Raises ForgeFailed."""
        report = await self._report(run)
        if repository.forge is None or report is None or not report.is_proposed(repository.publish):
            return branch
        async with self._forge(repository.forge) as forge:
            base = task.branch or repository.base
            return (await _target(forge, branch, base, marker_of(report.record.first))).head

    async def follow(self, run: RunId, repository: RepositorySpec, branch: str) -> None:
        """Bring here what others put on top of the branch with which a run goes on. Raises ForgeFailed."""
        if repository.forge is not None:
            await self._pushes.follow(run, repository, branch)

    async def base_of(
        self, run: RunId, repository: RepositorySpec, task: Task, branch: str, commit: str, base_commit: str
    ) -> BaseThere | None:
        """The base as its forge has it now; None where the result goes to none, or is proposed there already.

        What is proposed may have been read by people: its history is not rewritten. Raises ForgeFailed.
        """
        report = await self._report(run)
        if repository.forge is None or report is None or not report.is_proposed(repository.publish):
            return None
        base = task.branch or repository.base
        async with self._forge(repository.forge) as forge:
            if await forge.newest(head=branch, marker=marker_of(report.record.first)) is not None:
                return None
        request = PushRequest(branch=branch, commit=commit, base=base, base_commit=base_commit)
        return await self._pushes.base(run, repository, request)

    async def propose(
        self, order: StepOrder, task: Task, repository: RepositorySpec, result: PublishedResult, record: RecordFacts
    ) -> None:
        """Push and propose. Raises ForgeFailed, with the result still on its branch here."""
        report = await self._report(order.run)
        if repository.forge is None or report is None or not report.is_proposed(repository.publish):
            return
        marker = marker_of(report.record.first)
        before = report.snapshot.pull_request
        async with self._forge(repository.forge) as forge:
            if before is not None:
                await _require_open(forge, before.number)
            target = await _target(forge, result.branch, task.branch or repository.base, marker)
            _require_allowed(target, result)
            pushed: ProposedChange | None = None
            if result.base_commit is not None:
                request = PushRequest(
                    branch=target.head,
                    commit=result.commit,
                    base=target.base,
                    base_commit=result.base_commit,
                    refused_paths=forge.refused_paths,
                )
                pushed = await self._pushes.push(order.run, repository, request)
            around = BodyContext(
                conflicts=result.conflicts,
                card=report.card,
                pushed=pushed,
                earlier=_proposed_with(result.earlier, target.number),
                parsers={check.name: check.parser.kind for check in repository.checks},
            )
            proposed = self._proposed(repository.publish, report, target, marker, around)
            opened, notes = await self._opened(forge, repository.publish, proposed)
            fact = PullRequestOpened(
                number=opened.number,
                url=opened.url,
                draft=opened.is_draft,
                adopted=opened.is_adopted,
                comment=before.comment if before is not None and before.number == opened.number else None,
            )
            await record(order.run, fact)
            marking = Marking(
                number=opened.number,
                commit=result.commit,
                is_draft=opened.is_draft,
                marker=marker,
                card=report.card,
                comment=fact.comment,
                conflicts=result.conflicts,
            )
            done = await decorate(forge.marks, repository.publish, report.snapshot, marking, self._redact)
            missing = (*target.notes, *notes, *done.missing)[:5]
            if missing or done.comment != fact.comment:
                await record(order.run, fact.model_copy(update={"missing": missing, "comment": done.comment}))

    def _proposed(
        self, spec: PublishSpec, report: RunReport, target: _Target, marker: str, around: BodyContext
    ) -> ProposedPullRequest:
        return ProposedPullRequest(
            head=target.head,
            base=target.base,
            title=title_of(self._redact(report.snapshot.title)),
            body=self._redact(body_of(report.snapshot, marker=marker, around=around)),
            marker=marker,
            is_draft=_is_draft(spec, report.snapshot, around.conflicts),
        )

    async def _opened(
        self, forge: ForgePort, spec: PublishSpec, proposed: ProposedPullRequest
    ) -> tuple[OpenedPullRequest, tuple[str, ...]]:
        """The pull request as it is to be, and what of it could not be so."""
        try:
            opened = await forge.open(proposed)
        except ForgeFailed as error:
            if error.fault != "no_drafts" or spec.without_drafts == "branch":
                raise
            opened = await forge.open(proposed.model_copy(update={"is_draft": False}))
            words = "The repository takes no drafts, so it is open for review although it is not verified."
            return opened, (words,)
        if not opened.is_adopted:
            return opened, ()
        return await _renewed(forge, opened, proposed)


def _is_draft(spec: PublishSpec, snapshot: StatusSnapshot, conflicts: Sequence[str]) -> bool:
    """Whether it asks for no review yet: an unverified one never does, others where a person is to say it first."""
    waits = (spec.draft == "always" or spec.approve == "draft_first" or bool(conflicts)) and snapshot.ready_by is None
    return waits or not is_ready(snapshot)


async def _require_open(forge: ForgePort, number: int) -> None:
    """A result that was proposed once is not proposed again: merged, it would come a second time.

    Raises ForgeFailed.
    """
    try:
        state = (await forge.pull_request(number)).state
    except ForgeFailed as error:
        if error.fault != "not_found":
            raise
        await forge.examine()  # of a repository that is not there this fails, too
        state = "deleted"
    if state != "open":
        raise ForgeFailed("ended", f"#{number} was {state} meanwhile, so nothing was sent. Follow up for a new one.")


def _require_allowed(target: _Target, result: PublishedResult) -> None:
    """Raises ForgeFailed where it would go to another branch than a person allowed."""
    if result.head not in {None, target.head}:
        words = f"It would go to {target.head} now, and {result.head} was allowed. Press Publish again to be asked."
        raise ForgeFailed("not_allowed", words)


async def _target(forge: ForgePort, branch: str, base: str, marker: str) -> _Target:
    """The branch there whose pull request is open, or is to be opened.

    Nothing is pushed to one that has ended: the next name is taken then. An open one goes into the base that it has
    there by now.
    """
    notes: tuple[str, ...] = ()
    for number in range(1, _MOST_HEADS + 1):
        head = branch if number == 1 else f"{branch}-{number}"
        there = await forge.newest(head=head, marker=marker)
        if there is None:
            return _Target(head=head, base=base, notes=notes)
        if there.state == "open":
            if there.base != base:
                notes = (f"It goes into {there.base}, as its forge has it now. Set base: {there.base}.", *notes)
            return _Target(head=head, base=there.base, number=there.number, notes=notes)
        notes = (f"#{there.number} was {there.state} meanwhile, so this is a new one.",)
    raise ForgeFailed("ended", f"{_MOST_HEADS} pull requests of {branch} have ended. Start a new run from {base}.")


def _proposed_with(earlier: Sequence[EarlierResult], number: int | None) -> tuple[EarlierResult, ...]:
    """Those that one pull request has: none that another one proposed, nor what came before that."""
    taken: list[EarlierResult] = []
    for one in reversed(earlier):
        if one.pull_request not in {None, number}:
            break
        taken.append(one)
    return tuple(reversed(taken))


async def _renewed(
    forge: ForgePort, opened: OpenedPullRequest, proposed: ProposedPullRequest
) -> tuple[OpenedPullRequest, tuple[str, ...]]:
    """One that was there already, brought up to the run. Its title and what people wrote around our part stay."""
    there = await forge.pull_request(opened.number)
    body = with_part(there.body, proposed.body)
    notes: tuple[str, ...] = ()
    if body is None:
        notes = ("Its text was left as it is: the marks around our part are gone. The comment has the news.",)
    elif body != there.body:
        await forge.edit_body(opened.number, body)
    is_draft = there.is_draft
    if there.is_draft and not proposed.is_draft:
        try:
            await forge.mark_ready(opened.number)
            is_draft = False
        except ForgeFailed as error:
            notes = (*notes, f"It could not be marked ready, so it is still a draft. {error}"[:_LINE])
    if proposed.is_draft and not there.is_draft:
        notes = (*notes, "It is open for review, and this result is not verified: its status says so.")
    return opened.model_copy(update={"is_draft": is_draft}), notes
