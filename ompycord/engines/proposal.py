"""A published result becomes a pull request: pushed to its forge, opened once, or adopted where it is there already.

Part of the step `publish`, which may be done twice: all of this then finds what it did the first time.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.effects import StepOrder
from ompycord.domain.events import PullRequestOpened
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import (
    BranchPushes,
    ForgePort,
    OpenedPullRequest,
    ProposedPullRequest,
    PushRequest,
)
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import RunRecord
from ompycord.domain.task import Task
from ompycord.errors import ForgeFailed
from ompycord.render.forge.pull_request import body_of, is_ready, marker_of, title_of
from ompycord.render.phrases import and_list

__all__ = ["OpenForge", "Proposals", "PublishedResult", "RecordFacts", "RunReport"]

OpenForge = Callable[[ForgeSpec], AbstractAsyncContextManager[ForgePort]]
RecordFacts = Callable[..., Awaitable[None]]
"""`await record(run, *bodies)`: store facts of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run as it ends, before that is stored: what its pull request tells."""

    record: RunRecord
    snapshot: StatusSnapshot

    @property
    def is_proposed(self) -> bool:
        """Whether its result is proposed: not where the agent said that it failed, or its checks did."""
        machine = self.record.machine
        return machine is not None and machine.claim is not False and machine.checks is not False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedResult:
    """A result on its branch here."""

    branch: str
    commit: str
    base_commit: str | None
    """From which the work started; None where no log knows it."""


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

    async def propose(
        self, order: StepOrder, task: Task, repository: RepositorySpec, result: PublishedResult, record: RecordFacts
    ) -> None:
        """Push and propose. Raises ForgeFailed, with the result still on its branch here."""
        report = await self._report(order.run)
        if repository.forge is None or report is None or not report.is_proposed:
            return
        base = task.branch or repository.base
        behind = 0
        if result.base_commit is not None:
            request = PushRequest(branch=result.branch, commit=result.commit, base=base, base_commit=result.base_commit)
            behind = await self._pushes.push(order.run, repository, request)
        spec = repository.forge
        async with self._forge(spec) as forge:
            opened = await forge.open(self._proposed(spec, report, branch=result.branch, base=base, behind=behind))
            fact = PullRequestOpened(
                number=opened.number, url=opened.url, draft=opened.is_draft, adopted=opened.is_adopted
            )
            await record(order.run, fact)
            if missing := await _decorate(forge, spec, opened):
                await record(order.run, fact.model_copy(update={"missing": missing}))

    def _proposed(
        self, spec: ForgeSpec, report: RunReport, *, branch: str, base: str, behind: int
    ) -> ProposedPullRequest:
        marker = marker_of(report.record.first)
        return ProposedPullRequest(
            head=branch,
            base=base,
            title=title_of(self._redact(report.snapshot.title)),
            body=self._redact(body_of(report.snapshot, marker=marker, behind=behind)),
            marker=marker,
            is_draft=spec.draft == "always" or not is_ready(report.snapshot),
        )


async def _decorate(forge: ForgePort, spec: ForgeSpec, opened: OpenedPullRequest) -> tuple[str, ...]:
    """Labels and reviewers; what could not be done, as sentences. The pull request counts without them."""
    try:
        labels = await forge.add_labels(opened.number, spec.labels)
        reviewers = await forge.ask_reviewers(opened.number, spec.reviewers)
    except ForgeFailed as error:
        return (f"It has not all of its labels and reviewers. {error}"[:500],)
    found = (
        f"Label {and_list([*labels])} is not there, or may not be put. Fix forge.labels." if labels else "",
        f"{and_list([*reviewers])} cannot be asked for a review. Fix forge.reviewers." if reviewers else "",
    )
    return tuple(sentence for sentence in found if sentence)
