"""What follows open pull requests, as it is wired: their forges, what reads them, and who may start something there."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from ompycord.app.wiring.forge_credentials import ForgeCredentials
from ompycord.app.wiring.forges import open_forge
from ompycord.app.wiring.parts import Infrastructure
from ompycord.conductor import EventRecorder, PullRequests, Runs
from ompycord.conductor.pull_requests.callers import Callers
from ompycord.conductor.pull_requests.chains import Chains
from ompycord.conductor.pull_requests.issues import Issues
from ompycord.conductor.pull_requests.other_reviewer import OtherReviewer
from ompycord.conductor.pull_requests.rounds import Rounds
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import Clock

if TYPE_CHECKING:
    from ompycord.forge.github_following import GitHubFollowing as FollowedForge
    from ompycord.forge.github_following import KnownAnswers

__all__ = ["pull_requests_of"]


def pull_requests_of(infrastructure: Infrastructure, runs: Runs, recorder: EventRecorder) -> PullRequests:
    """What looks at pull requests; where no repository has a forge it has nothing to do."""
    store, clock = infrastructure.store, infrastructure.clock
    chains = Chains(runs=store, recorder=recorder)
    credentials = ForgeCredentials(infrastructure.data.path, clock=clock, learn=infrastructure.known.add)
    forges = _Forges(credentials, clock)
    callers = Callers(infrastructure.settings.access)
    return PullRequests(
        records=store,
        tasks=store,
        audit=store,
        chains=chains,
        rounds=Rounds(
            records=store,
            tasks=store,
            runs_by_id=store,
            chains=chains,
            runs=runs,
            snapshots=infrastructure.snapshots,
            clock=clock,
            ids=infrastructure.ids,
            redact=infrastructure.redact,
        ),
        catalog=infrastructure.settings.catalog,
        callers=callers,
        forge=forges,
        other_reviewer=OtherReviewer(records=store, callers=callers, forge=partial(open_forge, credentials, clock)),
        issues=Issues(catalog=infrastructure.settings.catalog, callers=callers, forge=forges),
        clock=clock,
    )


class _Forges:
    """Opens connections; what was read before is kept between them."""

    def __init__(self, credentials: ForgeCredentials, clock: Clock) -> None:
        self._clock = clock
        self._credentials = credentials
        self._known: KnownAnswers | None = None

    @asynccontextmanager
    async def __call__(self, spec: ForgeSpec) -> "AsyncGenerator[FollowedForge]":
        from ompycord.forge.github_following import GitHubFollowing, KnownAnswers  # httpx, where a forge is configured

        self._known = self._known or KnownAnswers()
        identity = await self._credentials.identity(spec)
        forge = GitHubFollowing(spec, token=identity.token, login=identity.login, clock=self._clock, known=self._known)
        try:
            yield forge
        finally:
            await forge.close()
