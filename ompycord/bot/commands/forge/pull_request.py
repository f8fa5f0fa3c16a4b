"""`/omp pr` and the card's *Address review* and *Close PR*: what people do with the pull request of a run."""

from typing import Literal

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.bot.interactions.submission import SubmissionService
from ompycord.domain.access import Person
from ompycord.domain.ids import RunId
from ompycord.domain.run import RunRecord
from ompycord.errors import RefusedInWords
from ompycord.render.cards.actions import ADDRESS, CLOSE_PR
from ompycord.render.cards.proposed import ci_lines, pull_request_lines, pull_request_words

__all__ = ["pull_request_feature"]

What = Literal["show", "address review", "close"]


def pull_request_feature(context: BotContext) -> Feature:
    """The command and the buttons."""
    choices = Choices(context)
    submissions = SubmissionService(context)

    @slash_command(name="pr", description="The pull request of a run: how it stands, address its review, close it.")
    @app_commands.describe(run="This thread's run, or your latest, if left out", what="Only shown if left out")
    @app_commands.autocomplete(run=choices.runs)
    async def pr(
        interaction: Interaction, run: app_commands.Range[str, 1, 100] | None = None, what: What = "show"
    ) -> None:
        await defer(interaction)
        record, person = await context.run(interaction, run), context.person(interaction)
        match what:
            case "show":
                await show(interaction, record)
            case "address review":
                await addressed(interaction, person, record)
            case "close":
                await closed(interaction, person, record)

    async def show(interaction: Interaction, record: RunRecord) -> None:
        snapshot = await context.snapshots.of(RunId(record.id))
        words = pull_request_words(snapshot) if snapshot is not None else None
        if snapshot is None or words is None:
            raise RefusedInWords("That run has no pull request.")
        known = snapshot.pull_request_now
        url = context.sanitizer.link(known.url) if known is not None else None
        ci = [f"CI: {line}" for line in ci_lines(snapshot, context.sanitizer)[:1]]
        lines = [*(pull_request_lines(snapshot, context.sanitizer) or [words]), *ci, *((f"<{url}>",) if url else ())]
        await send_privately(interaction, "\n".join(lines))

    async def addressed(interaction: Interaction, person: Person, record: RunRecord) -> None:
        started = await context.pull_requests.address(record, person)
        follow_up = await context.store.records.run(started)
        if follow_up is not None:
            await send_privately(interaction, await submissions.where(follow_up))

    async def closed(interaction: Interaction, person: Person, record: RunRecord) -> None:
        number = await context.pull_requests.close(record, person)
        words = f"Closed pull request #{number}. Its branch stays; it can be reopened on the forge."
        await send_privately(interaction, words)

    return Feature(commands=(pr,), actions={ADDRESS: addressed, CLOSE_PR: closed})
