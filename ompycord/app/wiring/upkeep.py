"""Services that look after what is kept: leftovers of an earlier process, sessions, results, backups, log, audit."""

import os
from collections.abc import Sequence
from functools import partial

from ompycord.app.auditing.anchoring import Anchoring
from ompycord.app.auditing.cutting import Cutting
from ompycord.app.auditing.viewing import RecordView
from ompycord.app.backups.copies import place_of
from ompycord.app.backups.keeper import BackupKeeper
from ompycord.app.recovery.retention import ResultKeeper
from ompycord.app.recovery.search import RecoverySearch
from ompycord.app.remembering.backend import forgetting
from ompycord.app.replaying.recording import Recording
from ompycord.app.retention.attached import FileKeeper, Retention
from ompycord.app.retention.keeper import RetentionKeeper
from ompycord.app.services import SETTLE_S, Ends, Service
from ompycord.app.session_keeper import SessionKeeper
from ompycord.app.team.person import PersonData
from ompycord.app.team.unreached import read_unreached
from ompycord.app.terminal.adoption import Adoption
from ompycord.app.wiring.memory import memory_keeper_of
from ompycord.app.wiring.parts import Areas, Infrastructure, Workers
from ompycord.app.wiring.work import git_of, reminders_of
from ompycord.backup.restore import kept_aside
from ompycord.conductor import LogCheck
from ompycord.domain.events import LeftOut
from ompycord.domain.ids import RunId
from ompycord.workspaces.repositories import Repositories
from ompycord.workspaces.retention.kept_results import KeptResults
from ompycord.workspaces.retention.left_refs import LeftRefs

__all__ = [
    "anchoring_of",
    "backups_of",
    "cutting_of",
    "person_data_of",
    "record_view_of",
    "recovery_of",
    "retention_of",
    "upkeep_of",
]


def recovery_of(infrastructure: Infrastructure, workers: Workers) -> Service:
    """Finds what an earlier process left, before any run goes on."""
    search = RecoverySearch(
        store=infrastructure.store,
        folder=infrastructure.data.path / "workspaces",
        discard=workers.workspaces.discard,
        keep=partial(_kept_of, infrastructure, workers),
        prune_refs=LeftRefs(
            repositories=_repositories_of(infrastructure), specs=infrastructure.settings.catalog.repositories
        ).prune,
        data=infrastructure.data.path,
        clock=infrastructure.clock,
        ops_channel=infrastructure.settings.discord.ops_channel,
    )
    return Service(name="recovery", run=search.run, ends=Ends.WORK)


async def _kept_of(infrastructure: Infrastructure, workers: Workers, run: RunId) -> Sequence[LeftOut]:
    """What the clone of a run holds that no result has, without the secrets of any agent."""
    return await workers.keep_uncollected(run, granted=await infrastructure.known.granted_to(""))


def backups_of(infrastructure: Infrastructure) -> BackupKeeper:
    """Makes backups while the process works, where the settings want them."""
    options, data = infrastructure.settings.backup, infrastructure.data.path
    return BackupKeeper(options=options, data=data, place=place_of(options, data), clock=infrastructure.clock)


def retention_of(infrastructure: Infrastructure, workers: Workers) -> Retention:
    """Keeps the database and the folder of attached files from growing with runs that ended long ago."""
    store, options, clock = infrastructure.store, infrastructure.settings.retention, infrastructure.clock
    events = RetentionKeeper(
        archive=store.archive,
        record=store.cuts,
        options=options,
        clock=clock,
        unreached=partial(read_unreached, infrastructure.data.path),
    )
    files = FileKeeper(
        files=workers.artifacts.contents,
        names=store.attached_files,
        options=options,
        clock=clock,
        aside=partial(kept_aside, infrastructure.data.path),
    )
    return Retention(events, files)


def upkeep_of(
    infrastructure: Infrastructure,
    areas: Areas,
    workers: Workers,
    recording: Recording,
    backups: BackupKeeper,
    retention: Retention,
    cutting: Cutting,
) -> tuple[Service, ...]:
    """Those that wait for a time and then look, in the order of start."""
    store, clock = infrastructure.store, infrastructure.clock
    sessions = SessionKeeper(prune=(workers.prune_sessions, recording.shelf.prune), clock=clock)
    results = ResultKeeper(
        results=_results_of(infrastructure), store=store, limits=infrastructure.settings.workspaces, clock=clock
    )
    log_check = LogCheck(store=store, clock=clock, ops_channel=infrastructure.settings.discord.ops_channel)
    return (
        Service(name="adoption", run=_adoption_of(infrastructure).run, ends=Ends.WORK),
        Service(name="reminders", run=reminders_of(infrastructure, areas).run, ends=Ends.WORK),
        Service(name="memory", run=memory_keeper_of(infrastructure).run, ends=Ends.WORK),
        Service(name="sessions", run=sessions.run, ends=Ends.WORK),
        Service(name="results", run=results.run, ends=Ends.WORK),
        Service(name="retention", run=retention.events.run, ends=Ends.WORK),
        Service(name="attached files", run=retention.files.run, ends=Ends.WORK),
        Service(name="backups", run=backups.run, ends=Ends.WORK),
        Service(name="log-check", run=log_check.run, ends=Ends.WORK),
        Service(
            name="refusals",
            run=infrastructure.refusals.run,
            ends=Ends.RECORD,
            settle=infrastructure.refusals.finish,
            bound_s=SETTLE_S,
        ),
        Service(name="old-record", run=cutting.run, ends=Ends.WORK),
        Service(name="audit", run=anchoring_of(infrastructure).run, ends=Ends.RECORD, bound_s=SETTLE_S),
    )


def _adoption_of(infrastructure: Infrastructure) -> Adoption:
    discord = infrastructure.settings.discord
    return Adoption(
        store=infrastructure.store,
        history=infrastructure.store,
        clock=infrastructure.clock,
        guilds=discord.guilds,
        channel=discord.home_channel,
        wake=infrastructure.wake,
    )


def _results_of(infrastructure: Infrastructure) -> KeptResults:
    data, git = infrastructure.data.path, git_of(os.environ, infrastructure.trust)
    repositories = _repositories_of(infrastructure)
    return KeptResults(folder=data / "workspaces", archive=data / "archive", git=git, repositories=repositories)


def _repositories_of(infrastructure: Infrastructure) -> Repositories:
    return Repositories(folder=infrastructure.data.path / "repositories", git=git_of(os.environ, infrastructure.trust))


def person_data_of(infrastructure: Infrastructure) -> PersonData:
    """What is kept of a person."""
    return PersonData(
        store=infrastructure.store,
        data=infrastructure.data.path,
        anchoring=anchoring_of(infrastructure),
        clock=infrastructure.clock,
        backups=infrastructure.settings.backup,
        forget=infrastructure.snapshots.forget,
        settle=infrastructure.refusals.finish,
        remembering=partial(forgetting, infrastructure.backed),
    )


def record_view_of(infrastructure: Infrastructure) -> RecordView:
    """The record as it is read in Discord."""
    home = next(iter(infrastructure.settings.discord.guilds), "")
    return RecordView(store=infrastructure.store, snapshots=infrastructure.snapshots, home=home)


def cutting_of(infrastructure: Infrastructure) -> Cutting:
    """Moves old rows of the audit into files."""
    return Cutting(
        store=infrastructure.store,
        anchoring=anchoring_of(infrastructure),
        clock=infrastructure.clock,
        keep_days=infrastructure.settings.audit.keep_days,
    )


def anchoring_of(infrastructure: Infrastructure) -> Anchoring:
    """The anchors of the audit; a relative path of their file is in the data folder."""
    data, file = infrastructure.data.path, infrastructure.settings.audit.anchor_file
    return Anchoring(
        store=infrastructure.store,
        clock=infrastructure.clock,
        secrets=data / "secrets",
        file=None if file is None else data / file,
    )
