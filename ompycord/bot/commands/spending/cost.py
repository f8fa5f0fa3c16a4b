"""`/omp cost`: what a person's own runs, those of this channel's repository or of the server cost.

Costs are those that Ompycord metered, else as the agents report them. Text, picture and CSV are of the same runs.
"""

from collections.abc import Callable, Sequence
from typing import Literal
from zoneinfo import ZoneInfo

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.chart_images import image_of
from ompycord.bot.commands.spending.shown_limits import ShownLimit, limits_of
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.domain.base import Millis
from ompycord.domain.budgets.accounts import AccountKey, AccountScope
from ompycord.domain.budgets.charts import Chart
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.errors import RefusedInWords
from ompycord.render.charts.numbers import shares_of, time_bars
from ompycord.render.charts.words import chart_block
from ompycord.render.costs import costs_csv, costs_figures, costs_text
from ompycord.render.phrases import count

__all__ = ["cost_feature"]

Who = Literal["me", "repository", "server"]
Period = Literal["day", "week", "month"]

_DAYS: dict[Period, int] = {"day": 1, "week": 7, "month": 30}
_DAY_MS = 24 * 3600 * 1000
_MOST = 1000
_AT_ONCE = 100


def cost_feature(context: BotContext) -> Feature:
    """The command."""

    @slash_command(name="cost", description="What runs cost.")
    @app_commands.describe(
        who="Your own runs, if left out",
        period="The last day, week or month (30 days); the month if left out",
        csv="Also every run, as a file for a spreadsheet",
    )
    async def cost(interaction: Interaction, who: Who = "me", period: Period = "month", csv: bool = False) -> None:
        await defer(interaction)
        which, whose = _whose(interaction, context, who)
        now = context.clock.now_ms()
        since = now - _DAYS[period] * _DAY_MS
        found = await _snapshots(interaction, context, which, since)
        span = count(_DAYS[period] * 24, "hour") if period == "day" else count(_DAYS[period], "day")
        title = f"{whose}, the last {span}"
        limits = await _limits(interaction, context, which)
        redact = context.renderer.redact
        chart = Chart(
            title=title,
            figures=tuple(costs_figures(found)) if found else (),
            bars=time_bars(found, start=since, end=now + 1, zone=_zone(interaction, context)),
            shares=shares_of(found, _named_by(who), redact=redact),
            shares_by="person" if who == "repository" else "repository",
            limits=tuple(one.bar(context) for one in limits),
        )
        most = [f"Only the newest {_MOST:,} runs are counted."] if len(found) == _MOST else []
        between = [*most, *chart_block(chart), *(one.line() for one in limits)]
        text = costs_text(found, title=title, redact=redact, between=between)
        image = await image_of(chart, "costs.png")
        files = [("costs.csv", costs_csv(found, redact=redact))] if csv else []
        await send_privately(interaction, text, files=files, image=image)

    return Feature(commands=(cost,))


def _whose(interaction: Interaction, context: BotContext, who: Who) -> tuple[RunFilter, str]:
    """Which runs are meant, and how they are called. Raises Refused where no repository is meant."""
    match who:
        case "me":
            return RunFilter(requester=str(interaction.user.id), limit=_MOST), "Your runs"
        case "repository":
            repository = context.catalog.preset(context.channel_of(interaction))
            if repository is None or repository not in context.repositories_for(context.person(interaction)):
                raise RefusedInWords("This channel is bound to no repository. Ask in one that is, or for the *server*.")
            return RunFilter(repository=repository.name, limit=_MOST), f"Runs in {repository.name}"
        case "server":
            return RunFilter(limit=_MOST), "All runs of this server"


def _named_by(who: Who) -> Callable[[StatusSnapshot], str]:
    """By what the costs are split: those of a repository by who asked, others by repository."""
    if who == "repository":
        return lambda one: one.origin.requester_name or "no name"
    return lambda one: one.repository or "no repository"


def _zone(interaction: Interaction, context: BotContext) -> ZoneInfo:
    """That in which the server's days begin."""
    book = context.budgets.shared
    return ZoneInfo("UTC" if book is None else book.zone_of(str(interaction.guild_id)))


async def _limits(interaction: Interaction, context: BotContext, which: RunFilter) -> Sequence[ShownLimit]:
    """The limits that these runs share."""
    book, guild = context.budgets.shared, str(interaction.guild_id)
    if book is None:
        return []
    key = AccountKey(guild, AccountScope.SERVER, "")
    if which.repository is not None:
        key = AccountKey(guild, AccountScope.REPOSITORY, which.repository)
    elif which.requester is not None:
        key = AccountKey(guild, AccountScope.PERSON, which.requester)
    return await limits_of(interaction, context, book, key)


async def _snapshots(
    interaction: Interaction, context: BotContext, which: RunFilter, since: Millis
) -> list[StatusSnapshot]:
    """The snapshots of the newest runs since then; at most `_MOST`."""
    runs = [RunId(record.id) for record in await context.find(interaction, which) if record.created_at >= since]
    found: list[StatusSnapshot] = []
    for first in range(0, len(runs), _AT_ONCE):
        folded = await context.snapshots.folded_of(runs[first : first + _AT_ONCE])
        found += [one.snapshot for one in folded.values()]
    return found
