"""The card's *Retry* and *Run again*: another run of the same task; a double click makes one."""

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.replies import send_privately
from ompycord.bot.interactions.submission import SubmissionService
from ompycord.domain.access import Person
from ompycord.domain.ids import short_id
from ompycord.domain.run import RunRecord
from ompycord.render.cards.actions import AGAIN, RETRY

__all__ = ["retry_feature"]

_REMEMBERED = 200
_SAME_CLICK_MS = 60_000
"""A second press of *Retry* within this time is the same one."""


def retry_feature(context: BotContext) -> Feature:
    """Both buttons."""
    retries = _Retries(context)
    return Feature(actions={RETRY: retries.pressed, AGAIN: retries.pressed})


class _Retries:
    """Remembers who pressed it a moment ago."""

    def __init__(self, context: BotContext) -> None:
        self._context = context
        self._submissions = SubmissionService(context)
        self._retried: dict[tuple[str, str], tuple[int, str]] = {}

    async def pressed(self, interaction: Interaction, person: Person, record: RunRecord) -> None:
        key, now = (record.id, person.id), self._context.clock.now_ms()
        at, earlier = self._retried.get(key, (0, ""))
        if now - at < _SAME_CLICK_MS:
            made = f"run `{short_id(earlier)}` is the new one"
            words = (
                f"You pressed that already: {made}."
                if earlier
                else "You pressed that already; the new run is being made."
            )
            await send_privately(interaction, words)
            return
        self._retried = dict(list(self._retried.items())[-_REMEMBERED:]) | {key: (now, "")}
        try:
            new = await self._context.runs.retry(record, person)
        except BaseException:
            self._retried.pop(key, None)
            raise
        self._retried[key] = (now, new.id)
        await send_privately(interaction, await self._submissions.where(new))
