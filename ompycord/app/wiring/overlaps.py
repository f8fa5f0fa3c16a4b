"""What merges results of one repository on trial, as it is wired."""

from ompycord.app.wiring.parts import Infrastructure
from ompycord.conductor import EventRecorder, OtherWorks, OverlapWatch, Transitions
from ompycord.workspaces.git import Git
from ompycord.workspaces.overlaps.trial_merges import GitTrialMerges
from ompycord.workspaces.publishing.forge_pushes import ForgePushes

__all__ = ["overlap_watch_of"]


def overlap_watch_of(
    infrastructure: Infrastructure, git: Git, *, transitions: Transitions, recorder: EventRecorder
) -> OverlapWatch:
    """What finds other work that changes the same files."""
    folder, store, clock = infrastructure.data.path, infrastructure.store, infrastructure.clock
    forges = infrastructure.forges
    repositories = folder / "repositories"
    merges = GitTrialMerges(
        folder / "workspaces",
        repositories=repositories,
        git=git,
        pushes=ForgePushes(
            repositories=repositories, git=git, token_file=forges.credentials.file, rests=forges.breakers
        ),
    )
    return OverlapWatch(
        store=store,
        snapshots=infrastructure.snapshots,
        transitions=transitions,
        recorder=recorder,
        bus=infrastructure.bus,
        catalog=infrastructure.settings.catalog,
        merges=merges,
        works=OtherWorks(
            store=store,
            records=store,
            snapshots=infrastructure.snapshots,
            merges=merges,
            forge=forges.following,
            clock=clock,
        ),
        wake=infrastructure.wake,
    )
