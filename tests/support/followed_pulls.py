"""What follows pull requests, over a test's app and a GitHub in memory; the rest is the product's."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ompycord.conductor.issue_calls.calls import IssueCalls
from ompycord.conductor.issue_calls.judging import CallJudge
from ompycord.conductor.pull_requests import PullRequests
from ompycord.conductor.pull_requests.callers import Callers
from ompycord.conductor.pull_requests.chains import Chains
from ompycord.conductor.pull_requests.issues import Issues
from ompycord.conductor.pull_requests.other_reviewer import OtherReviewer
from ompycord.conductor.pull_requests.review_room import ReviewRoom
from ompycord.conductor.pull_requests.rounds import Rounds
from ompycord.domain.access import Access
from ompycord.domain.catalog import Catalog
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.configuration.publish_options import PublishSpec
from ompycord.domain.issue_calls.options import ForgeHookSpec
from ompycord.domain.ports import Clock
from ompycord.forge.github import GitHub
from ompycord.forge.github_following import GitHubFollowing, KnownAnswers
from tests.support.app_harness import ComposedApp
from tests.support.forge_options import forge_options
from tests.support.talking_forge import TalkingForge

__all__ = ["Forges", "called_by", "followed_by"]


@dataclass(frozen=True, kw_only=True)
class Forges:
    """Opens connections to the one forge."""

    forge: TalkingForge
    clock: Clock
    known: KnownAnswers

    @asynccontextmanager
    async def __call__(self, spec: ForgeSpec) -> AsyncGenerator[GitHubFollowing]:
        made = GitHubFollowing(
            spec, token=lambda: self.forge.token, clock=self.clock, known=self.known, transport=self.forge
        )
        try:
            yield made
        finally:
            await made.close()


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Opens connections to the same forge by which statuses are set."""

    forge: TalkingForge
    clock: Clock

    @asynccontextmanager
    async def __call__(self, spec: ForgeSpec) -> AsyncGenerator[GitHub]:
        made = GitHub(spec, token=lambda: self.forge.token, clock=self.clock, transport=self.forge)
        try:
            yield made
        finally:
            await made.close()


def followed_by(app: ComposedApp, forge: TalkingForge, access: Access, **publish: object) -> PullRequests:
    """For the repository `shop`; another one over the same store knows what is stored."""
    store, clock = app.store, app.infrastructure.clock
    catalog = _catalog_of(app, forge, **publish)
    chains = Chains(runs=store, recorder=app.areas.recorder)
    rounds = Rounds(
        records=store, tasks=store, runs_by_id=store, chains=chains, runs=app.areas.runs, snapshots=app.snapshots,
        clock=clock, ids=app.ids, redact=app.infrastructure.redact,
    )  # fmt: skip
    callers, forges = Callers(lambda: access), Forges(forge=forge, clock=clock, known=KnownAnswers())
    return PullRequests(
        records=store, tasks=store, audit=store, refusals=app.infrastructure.refusals,
        chains=chains, rounds=rounds, callers=callers, forge=forges,
        other_reviewer=OtherReviewer(records=store, callers=callers, forge=Marks(forge=forge, clock=clock)),
        issues=Issues(catalog=catalog, callers=callers, forge=forges), clock=clock, catalog=catalog,
        room=ReviewRoom(records=store, clock=clock),
    )  # fmt: skip


def called_by(
    app: ComposedApp, forge: TalkingForge, access: Access, pulls: PullRequests, *, guild: str, channel: str
) -> IssueCalls:
    """What labels of the same repository start; announced in `channel`."""
    store, clock, catalog = app.store, app.infrastructure.clock, _catalog_of(app, forge)
    starts = {"shop": {"label": "ompycord"}}
    hook = ForgeHookSpec.model_validate({"name": "github", "api": forge.settings["api"], "starts": starts})
    forges = Forges(forge=forge, clock=clock, known=KnownAnswers())
    callers = Callers(lambda: access)
    return IssueCalls(
        hooks={"github": hook},
        rows=store.issue_calls,
        judge=CallJudge(catalog=catalog, callers=callers, issues=pulls.issues, rights=forges, starts=hook.starts),
        issues=pulls.issues, pulls=pulls, runs=app.areas.runs, announcements=store.announcements, audit=store,
        catalog=catalog, guild=guild, channels={"": channel}, role_of=app.bot.role_of, clock=clock, ids=app.ids,
        redact=app.infrastructure.redact,
    )  # fmt: skip


def _catalog_of(app: ComposedApp, forge: TalkingForge, **publish: object) -> Catalog:
    spec = forge_options({**forge.settings, "token_file": "token"})
    shop = app.catalog.repository("shop")
    shop = shop.model_copy(update={"forge": spec, "publish": PublishSpec.model_validate(publish)})
    return app.catalog.model_copy(update={"repositories": (shop,)})
