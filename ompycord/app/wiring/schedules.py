"""What starts by the clock, as it is wired."""

import os
from collections.abc import Sequence

from ompycord.app.services import Ends, Service
from ompycord.app.wiring.parts import Areas, Infrastructure, Workers
from ompycord.app.wiring.work import git_of
from ompycord.bot.bot import Bot
from ompycord.conductor.forecasting.forecasts import Forecasts
from ompycord.domain.base import Millis
from ompycord.domain.schedules.guarding import GuardEnd
from ompycord.domain.schedules.schedule import GuardCommand
from ompycord.domain.task import TaskRequest
from ompycord.render.reports.forecast import score_words
from ompycord.schedules.book import ScheduleBook
from ompycord.schedules.digests.keeper import DigestKeeper
from ompycord.schedules.keeper import ScheduleKeeper
from ompycord.schedules.starting import Guards, Starter
from ompycord.schedules.triggers.base_checks import BaseChecks
from ompycord.schedules.triggers.triggers import Triggers
from ompycord.settings import Settings
from ompycord.workspaces.reading.guard_command import GuardCommands

__all__ = [
    "base_checks_of",
    "channels_of",
    "digests_of",
    "forecasts_of",
    "home_of",
    "schedule_book_of",
    "schedules_of",
    "triggers_of",
]


class _NoGuards:
    """Where nothing is looked at before a run."""

    async def run(self, guard: GuardCommand, request: TaskRequest) -> GuardEnd:
        return GuardEnd(exit_code=None, printed="", detail="could not run: repositories are not read here")


def schedule_book_of(infrastructure: Infrastructure) -> ScheduleBook:
    """What people do with schedules."""
    return ScheduleBook(
        rows=infrastructure.store.schedules,
        catalog=infrastructure.settings.catalog,
        audit=infrastructure.store,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
    )


def schedules_of(infrastructure: Infrastructure, areas: Areas, workers: Workers, bot: Bot) -> Service:
    """The service that starts what is due."""
    settings, store = infrastructure.settings, infrastructure.store
    book = schedule_book_of(infrastructure)
    channels = channels_of(settings)

    async def prepare() -> None:
        await book.keep(settings.schedules, guild=home_of(settings), channels=channels)

    starter = Starter(
        runs=areas.runs,
        records=store,
        rows=store.schedules,
        announcements=store.announcements,
        guards=_guards_of(infrastructure, workers),
        role_of=bot.role_of,
        refusals=infrastructure.refusals,
        clock=infrastructure.clock,
        new_nonce=lambda: infrastructure.ids.token()[:25],
        redact=infrastructure.redact,
    )
    keeper = ScheduleKeeper(
        rows=store.schedules,
        occurrences=store.schedules,
        starter=starter,
        prepare=prepare,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
    )
    return Service(name="schedules", run=keeper.run, ends=Ends.WORK)


def forecasts_of(infrastructure: Infrastructure) -> Forecasts:
    """What runs will probably cost and take."""
    return Forecasts(runs=infrastructure.store, snapshots=infrastructure.snapshots)


def digests_of(infrastructure: Infrastructure) -> Service:
    """The service that tells what happened."""
    settings, store = infrastructure.settings, infrastructure.store
    forecasts = forecasts_of(infrastructure)

    async def weekly_notes(since: Millis) -> Sequence[str]:
        words = score_words(await forecasts.score(home_of(settings) or None, since=since))
        return (words,) if words else ()

    keeper = DigestKeeper(
        options=settings.digests,
        rows=store.digests,
        runs=store,
        snapshots=infrastructure.snapshots,
        clock=infrastructure.clock,
        guild=home_of(settings),
        channel=settings.digests.channel or settings.discord.home_channel or "",
        weekly_notes=weekly_notes,
        new_nonce=lambda: infrastructure.ids.token()[:25],
        redact=infrastructure.redact,
    )
    return Service(name="digests", run=keeper.run, ends=Ends.WORK)


def triggers_of(infrastructure: Infrastructure, areas: Areas) -> Triggers:
    """What other systems start."""
    settings, store = infrastructure.settings, infrastructure.store
    return Triggers(
        specs=settings.triggers,
        rows=store.triggers,
        announcements=store.announcements,
        runs=areas.runs,
        snapshots=infrastructure.snapshots,
        audit=store,
        catalog=settings.catalog,
        guild=home_of(settings),
        channels=channels_of(settings),
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        redact=infrastructure.redact,
    )


def base_checks_of(infrastructure: Infrastructure, triggers: Triggers) -> Service:
    """The service that looks at the checks of branches for triggers."""
    looks = BaseChecks(
        specs=tuple(infrastructure.settings.triggers.values()),
        repository=infrastructure.settings.catalog.repository,
        forges=infrastructure.forges.following,
        triggers=triggers,
        seen=infrastructure.store.seen_failures,
        clock=infrastructure.clock,
    )
    return Service(name="base checks", run=looks.run, ends=Ends.WORK)


def channels_of(settings: Settings) -> dict[str, str]:
    """Where runs are announced, by repository; that of the empty name for all others."""
    bound = {spec.name: spec.channel for spec in settings.catalog.repositories if spec.channel}
    return {**bound, "": settings.discord.home_channel or ""}


def home_of(settings: Settings) -> str:
    """The server of what belongs to no run."""
    return next((one for one in settings.discord.guilds if int(one)), "")


def _guards_of(infrastructure: Infrastructure, workers: Workers) -> Guards:
    if workers.bases is None:
        return _NoGuards()
    return GuardCommands(
        folder=infrastructure.data.path / "guards",
        catalog=infrastructure.settings.catalog,
        bases=workers.bases,
        git=git_of(os.environ),
        launcher=workers.launcher,
        ids=infrastructure.ids.ulid,
    )
