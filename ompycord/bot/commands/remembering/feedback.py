"""`/omp feedback`: say what you think of a run's result, and see how results were judged.

Counterpart: `interactions/reactions.py`, where a reaction on a result says the same.
"""

from typing import Final, Literal

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.memory.feedback import FEEDBACK_LENGTH, FeedbackVerdict
from ompycord.domain.ports import RunFilter
from ompycord.domain.ports.feedback import TeamOpinions
from ompycord.domain.run import FINAL
from ompycord.errors import RefusedInWords
from ompycord.render.memory.opinions import opinions_text

__all__ = ["feedback_feature"]

VerdictName = Literal["good", "edit", "bad"]
_DAYS: Final = 30
_DAY_MS: Final = 24 * 3600 * 1000
_MOST: Final = 1000
_AT_ONCE: Final = 100


def feedback_feature(context: BotContext) -> Feature:
    """The commands."""
    choices = Choices(context)
    feedback = app_commands.Group(name="feedback", description="What you think of a run's result.")

    @feedback.command(name="give", description="Say what you think of a run's result; again to change your mind.")
    @app_commands.describe(
        verdict="good: as it is; edit: after a change of yours; bad: not at all",
        words="What was good, or missing",
        run="This thread's run, or your latest, if left out",
    )
    @app_commands.autocomplete(run=choices.runs)
    async def give(
        interaction: Interaction,
        verdict: VerdictName,
        words: app_commands.Range[str, 1, FEEDBACK_LENGTH] | None = None,
        run: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        await defer(interaction)
        record = await context.run(interaction, run)
        if record.state not in FINAL:
            raise RefusedInWords(f"Run `{short_id(record.id)}` has not ended, so there is no result to judge yet.")
        chosen = FeedbackVerdict(verdict)
        person = context.person(interaction)
        earlier = await _opinions(context).give(RunId(record.id), person, chosen, words or "")
        before = f" (it was {earlier.verdict.emoji} before)" if earlier and earlier.verdict is not chosen else ""
        await send_privately(interaction, f"{chosen.emoji} noted for run `{short_id(record.id)}`{before}. Thank you.")

    @feedback.command(name="report", description="How results were judged in the last 30 days, and what recall did.")
    async def report(interaction: Interaction) -> None:
        await defer(interaction)
        since = context.clock.now_ms() - _DAYS * _DAY_MS
        records = await context.find(interaction, RunFilter(limit=_MOST))
        runs = [RunId(record.id) for record in records if record.created_at >= since]
        snapshots: dict[str, StatusSnapshot] = {}
        for first in range(0, len(runs), _AT_ONCE):
            folded = await context.snapshots.folded_of(runs[first : first + _AT_ONCE])
            snapshots |= {run: one.snapshot for run, one in folded.items()}
        verdicts = [one for one in await _opinions(context).since(since) if one.run in snapshots]
        await send_privately(interaction, opinions_text(verdicts, snapshots, context.sanitizer, days=_DAYS))

    return Feature(commands=(feedback,))


def _opinions(context: BotContext) -> TeamOpinions:
    if context.lookups.opinions is None:
        raise RefusedInWords("No feedback is kept here.")
    return context.lookups.opinions
