"""What follows open pull requests, as it is wired: their forges, what reads them, and who may start something there."""

from functools import partial

from ompycord.app.wiring.parts import Infrastructure
from ompycord.conductor import EventRecorder, PullRequests, Runs
from ompycord.conductor.pull_requests.callers import Callers
from ompycord.conductor.pull_requests.chains import Chains
from ompycord.conductor.pull_requests.issues import Issues
from ompycord.conductor.pull_requests.other_reviewer import OtherReviewer
from ompycord.conductor.pull_requests.review_room import ReviewRoom
from ompycord.conductor.pull_requests.rounds import Rounds

__all__ = ["pull_requests_of"]


def pull_requests_of(infrastructure: Infrastructure, runs: Runs, recorder: EventRecorder) -> PullRequests:
    """What looks at pull requests; where no repository has a forge it has nothing to do."""
    store, clock = infrastructure.store, infrastructure.clock
    chains = Chains(runs=store, recorder=recorder)
    forges = infrastructure.forges
    guild = next(iter(infrastructure.settings.discord.guilds), None)
    callers = Callers(partial(infrastructure.roles.access, guild), guild=guild)
    return PullRequests(
        records=store,
        tasks=store,
        audit=store,
        refusals=infrastructure.refusals,
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
        forge=forges.following,
        other_reviewer=OtherReviewer(records=store, callers=callers, forge=forges.proposing),
        issues=Issues(catalog=infrastructure.settings.catalog, callers=callers, forge=forges.following),
        room=ReviewRoom(records=store, clock=clock),
        clock=clock,
    )
