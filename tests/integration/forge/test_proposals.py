"""A result that is published again after its pull request has ended; the forge is the playground's, git is left out."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.effects import Publish, StepOrder
from ompycord.domain.events import PullRequestOpened
from ompycord.domain.folds.follow_up import EarlierResult
from ompycord.domain.folds.snapshot import StatusSnapshot, Usage, Verification
from ompycord.domain.ids import RunId
from ompycord.domain.ports import BaseThere, ProposedChange, PushRequest
from ompycord.domain.repository import RepositorySpec
from ompycord.domain.run import Machine, RunKind, RunRecord, RunState
from ompycord.domain.task import Task
from ompycord.engines.publication import Proposals, PublishedResult, RunReport
from ompycord.errors import ForgeFailed
from ompycord.forge.github import GitHub
from ompycord.testing import FakeClock
from tests.support.forge_double import TOKEN, ForgeDouble
from tests.support.states import NOON, ORIGIN, RUN

BRANCH = "ompycord/fix"
TASK = Task(id=RUN, title="Fix it", prompt="Fix it", repositories=("shop",), agent="omp")


class Pushes:
    """Puts nothing anywhere: what is proposed is on the forge already."""

    def __init__(self) -> None:
        self.pushed: list[str] = []

    async def base(self, run: RunId, repository: RepositorySpec, request: PushRequest) -> BaseThere | None:
        return None

    async def follow(self, run: RunId, repository: RepositorySpec, branch: str) -> None:
        return None

    async def push(self, run: RunId, repository: RepositorySpec, request: PushRequest) -> ProposedChange:
        self.pushed.append(request.branch)
        return ProposedChange(behind=0)


class Publication:
    """One run's result, published as often as wanted; `opened` is what its log says."""

    def __init__(self, spec: ForgeSpec, forge: ForgeDouble) -> None:
        self.opened: PullRequestOpened | None = None
        self.pushes = Pushes()
        self.earlier: tuple[EarlierResult, ...] = ()
        self.commit = forge.git_line("rev-parse", BRANCH)
        self.repository = RepositorySpec(name="shop", forge=spec, address="https://github.example/acme/shop.git")
        self._proposals = Proposals(
            pushes=self.pushes, forge=self._connection, report=self._report, redact=lambda text: text
        )

    @asynccontextmanager
    async def _connection(self, spec: ForgeSpec) -> AsyncGenerator[GitHub]:
        made = GitHub(spec, token=lambda: TOKEN, clock=FakeClock())
        try:
            yield made
        finally:
            await made.close()

    async def _report(self, run: RunId) -> RunReport:
        record = RunRecord(id=run, kind=RunKind.HOSTED, task=run, machine=Machine(), created_at=NOON, updated_at=NOON)
        snapshot = StatusSnapshot(
            run=run, kind=RunKind.HOSTED, state=RunState.COMPLETE, title="Fix it", branch=BRANCH, commit=self.commit,
            origin=ORIGIN, verification=Verification.UNVERIFIED, pull_request=self.opened, created_at=NOON,
            last_event_at=NOON,
        )  # fmt: skip
        return RunReport(record=record, snapshot=snapshot)

    async def _record(self, run: RunId, *facts: object) -> None:
        [fact] = facts
        assert isinstance(fact, PullRequestOpened)
        self.opened = fact

    async def publish(self, allowed: str | None = None) -> None:
        order = StepOrder(run=RUN, key="publish:1", effect=Publish(iteration=1), task=RUN)
        result = PublishedResult(
            branch=BRANCH, commit=self.commit, base_commit=self.commit, head=allowed, earlier=self.earlier
        )
        await self._proposals.propose(order, TASK, self.repository, result, self._record)

    async def head(self) -> str:
        """The branch there that a person is asked about."""
        return await self._proposals.head_of(RUN, self.repository, TASK, BRANCH)


@pytest.fixture
def publication(spec: ForgeSpec, forge: ForgeDouble) -> Publication:
    return Publication(spec, forge)


@pytest.mark.parametrize("merged", [None, "2026-11-30T01:00:00Z"], ids=["closed", "merged"])
async def test_what_was_proposed_and_has_ended_is_not_proposed_again(
    publication: Publication, forge: ForgeDouble, merged: str | None
) -> None:
    """*Accept* on the card of a merged draft: it would come a second time, as a pull request of a branch `…-2`."""
    await publication.publish()
    await publication.publish()
    assert (len(forge.pulls), len(forge.comments)) == (1, 1)
    [pull] = forge.forge.pulls("acme/shop")
    forge.forge.records.change("pull", pull, state="closed", merged_at=merged)
    with pytest.raises(ForgeFailed, match="meanwhile, so nothing was sent") as refused:
        await publication.publish()
    assert refused.value.fault == "ended"
    assert (publication.pushes.pushed, len(forge.pulls)) == ([BRANCH] * 2, 1)


async def test_one_that_was_deleted_has_ended(publication: Publication, forge: ForgeDouble) -> None:
    await publication.publish()
    [pull] = forge.forge.pulls("acme/shop")
    forge.forge.records.remove("pull", pull["id"])
    with pytest.raises(ForgeFailed, match="#1 was deleted meanwhile, so nothing was sent"):
        await publication.publish()


async def test_what_was_allowed_for_one_branch_goes_to_no_other(publication: Publication, forge: ForgeDouble) -> None:
    """Its pull request was merged while a person thought about it: a push to the next name needs another word."""
    assert await publication.head() == BRANCH
    await publication.publish(BRANCH)
    [pull] = forge.forge.pulls("acme/shop")
    forge.forge.records.change("pull", pull, state="closed", merged_at="2026-11-30T01:00:00Z")
    publication.opened = None  # a follow-up: its own log knows of none
    with pytest.raises(ForgeFailed, match="Press Publish again to be asked") as refused:
        await publication.publish(BRANCH)
    assert refused.value.fault == "not_allowed"
    assert (await publication.head(), publication.pushes.pushed) == (f"{BRANCH}-2", [BRANCH])
    forge.git_line("update-ref", f"refs/heads/{BRANCH}-2", BRANCH)
    await publication.publish(f"{BRANCH}-2")
    assert publication.pushes.pushed == [BRANCH, f"{BRANCH}-2"]


async def test_a_pull_request_tells_of_the_runs_whose_work_it_has_and_of_none_that_another_had(
    publication: Publication, forge: ForgeDouble
) -> None:
    def earlier(prompt: str, number: int | None) -> EarlierResult:
        return EarlierResult(run=RUN, prompt=prompt, requester="Ada", usage=Usage(), pull_request=number)

    def told() -> list[str]:
        words = ("merged before", "refused before", "first here", "not proposed")
        return [word for word in words if word in forge.pulls[0]["body"]]

    publication.earlier = (earlier("merged before", 9), earlier("refused before", None))
    await publication.publish()
    assert told() == ["refused before"]
    publication.opened = None  # a follow-up
    publication.earlier = (*publication.earlier, earlier("first here", 1), earlier("not proposed", None))
    await publication.publish()
    assert told() == ["refused before", "first here", "not proposed"]
