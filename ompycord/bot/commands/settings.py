"""`/omp settings`: a form with what one chose for oneself, and what became of it; only the asking person sees either."""

import regex
from pydantic import ValidationError

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions import settings_text as words
from ompycord.bot.interactions.modals import FormValues, read_form, settings_form
from ompycord.bot.interactions.replies import defer, say
from ompycord.domain.access import Person
from ompycord.domain.person_settings import PersonSettings, Pings, QuietHours
from ompycord.errors import Refused

__all__ = ["settings_feature"]

ACTION = "settings"
_HOURS = regex.compile(r"\s*(\d{1,2}(?::\d\d)?)\s*(?:-|–|to|until)\s*(\d{1,2}(?::\d\d)?)\s*")


def settings_feature(context: BotContext) -> Feature:
    """The command and its form. Whoever sends the form, it is about the sender."""

    @slash_command(name="settings", description="Your pings, quiet hours, default agent, name on commits.")
    async def settings(interaction: Interaction) -> None:
        mine = await context.store.person_settings(str(interaction.user.id))
        agents = [spec.name for spec in context.conductor.catalog.agents]
        form = settings_form(mine, agents, custom_id=context.signer.sign(ACTION, context.ids.ulid()))
        await interaction.response.send_modal(form)

    async def submitted(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        chosen = chosen_settings(read_form(interaction), context)
        await context.store.save_person_settings(person.id, chosen, at=context.clock.now_ms())
        await say(interaction, words.saved(chosen, context.sanitizer))

    return Feature(commands=(settings,), forms={ACTION: submitted})


def chosen_settings(form: FormValues, context: BotContext) -> PersonSettings:
    """What the form says. Raises Refused with what is wrong; then nothing is changed."""
    agent = form.choice("agent") or None
    known = {spec.name for spec in context.conductor.catalog.agents}
    try:
        return PersonSettings(
            pings=Pings(form.choice("pings") or Pings.THREAD),
            quiet=_quiet(form.text("quiet"), form.text("zone")),
            agent=agent if agent in known else None,
            co_author=form.text("commits").strip() or None,
        )
    except ValidationError:  # the rest was chosen from lists, or judged before
        raise Refused(words.commits_refused(form.text("commits"), context.sanitizer)) from None


def _quiet(hours: str, zone: str) -> QuietHours | None:
    """`22:00-7` and a time zone. Raises Refused."""
    if not hours.strip():
        return None
    found = _HOURS.fullmatch(hours)
    if found is None:
        raise Refused(words.HOURS_REFUSED)
    start, end = (_clock(part) for part in found.groups())
    try:
        return QuietHours(start=start, end=end, zone=zone.strip() or "UTC")
    except ValidationError as error:
        is_zone = error.errors()[0]["loc"] == ("zone",)
        raise Refused(words.ZONE_REFUSED if is_zone else words.HOURS_REFUSED) from None


def _clock(part: str) -> str:
    hour, _, minute = part.partition(":")
    return f"{hour:0>2}:{minute or '00'}"
