"""`/omp runs`: find runs by state, person, repository or a word."""

from typing import Literal

import discord
from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.bot.interactions.reply_texts import run_line
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.ports import RunFilter
from ompycord.domain.records import OutboxKind
from ompycord.domain.run import RunRecord, RunState
from ompycord.render.cards.headlines import status_of
from ompycord.render.run_view import Place, shown_facts

__all__ = ["runs_feature"]

StateName = Literal["open", "needs me", "done", "failed", "all"]
_DONE = frozenset({RunState.COMPLETE, RunState.PARTIAL})
_FAILED = frozenset({RunState.FAILED, RunState.CANCELLED})
_FOUND = 100
_LISTED = 25


def runs_feature(context: BotContext) -> Feature:
    """The command."""
    choices = Choices(context)

    @slash_command(name="runs", description="Find runs.")
    @app_commands.describe(
        state="Open ones if left out", person="Who asked for it", repository="Where", text="A word of the title or task"
    )
    @app_commands.autocomplete(repository=choices.repositories)
    async def runs(
        interaction: Interaction,
        state: StateName = "open",
        person: discord.Member | None = None,
        repository: app_commands.Range[str, 1, 100] | None = None,
        text: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        await defer(interaction)
        which = RunFilter(
            states={"done": _DONE, "failed": _FAILED}.get(state),
            is_open=True if state in {"open", "needs me"} else None,
            requester=str(person.id) if person else None,
            repository=repository,
            limit=_FOUND,
        )
        found = await context.find(interaction, which)
        lines = await _lines(context, found, text, needs=str(interaction.user.id) if state == "needs me" else None)
        await send_privately(interaction, "\n".join(lines) or "No run matches. `/omp runs state: all` lists every one.")

    return Feature(commands=(runs,))


async def _lines(context: BotContext, found: list[RunRecord], text: str | None, *, needs: str | None) -> list[str]:
    lines: list[str] = []
    for record in found:
        loaded = await context.snapshots.load(record)
        if loaded.snapshot is None or not _fits(loaded.snapshot, record, text, needs):
            continue
        thread = await context.store.surfaces.surface(RunId(record.id), OutboxKind.THREAD)
        url = f"<#{thread.channel}>" if thread else None
        facts = shown_facts(loaded.snapshot, Place.LIST, context.sanitizer)
        lines.append(run_line(record, loaded.title, status_of(loaded.snapshot), url, context.sanitizer, facts=facts))
        if len(lines) == _LISTED:
            lines.append("There may be more; narrow it down with *text* or *person*.")
            break
    return lines


def _fits(snapshot: StatusSnapshot, record: RunRecord, text: str | None, needs: str | None) -> bool:
    if needs is not None and not (snapshot.needs_person and record.requester in {needs, None}):
        return False
    return text is None or text.lower() in f"{snapshot.title} {snapshot.prompt}".lower()
