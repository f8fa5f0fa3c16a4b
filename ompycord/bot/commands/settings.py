"""`/omp settings`: a form with a person's own choices, and the reply to it.

Only the asking person sees either.
"""

from collections.abc import Sequence

import discord
import regex
from discord import ui
from pydantic import ValidationError

from ompycord.bot.access import Interaction
from ompycord.bot.commands import settings_text as words
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.forms import FormValues, read_form
from ompycord.bot.interactions.replies import defer, send_privately, show_form
from ompycord.domain.access import Person
from ompycord.domain.person_settings import PersonSettings, Pings, QuietHours
from ompycord.errors import RefusedInWords
from ompycord.text.limits import SELECT_OPTIONS

__all__ = ["settings_feature"]

ACTION = "settings"
_NO_AGENT = "-"
_HOURS_LENGTH, _ZONE_LENGTH, _CO_AUTHOR_LENGTH = 20, 64, 203
"""As `domain.person_settings` takes them."""
_HOURS = regex.compile(r"\s*(\d{1,2}(?::\d\d)?)\s*(?:-|–|to|until)\s*(\d{1,2}(?::\d\d)?)\s*")


def settings_feature(context: BotContext) -> Feature:
    """The command and its form. Submitted by anyone, it concerns the sender's settings."""

    @slash_command(name="settings", description="Your pings, quiet hours, default agent, name on commits.")
    async def settings(interaction: Interaction) -> None:
        mine = await context.store.people.person_settings(str(interaction.user.id))
        known = context.repositories_for(context.person(interaction))
        agents = list(dict.fromkeys(spec.name for one in known for spec in context.catalog.agents_for(one)))
        form = _settings_form(mine, agents, custom_id=context.signer.sign(ACTION, context.ids.ulid()))
        await show_form(interaction, form)

    async def submitted(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        before = await context.store.people.person_settings(person.id)
        chosen, wrong = chosen_settings(read_form(interaction), before, context)
        await context.store.people.save_person_settings(person.id, chosen, at=context.clock.now_ms())
        await send_privately(interaction, words.saved(chosen, wrong, context.sanitizer))

    return Feature(commands=(settings,), forms={ACTION: submitted})


def chosen_settings(form: FormValues, before: PersonSettings, context: BotContext) -> tuple[PersonSettings, list[str]]:
    """The choices in the form, and what is wrong with some; those stay as they were `before`."""
    agent = form.choice("agent") or None
    known = {spec.name for spec in context.catalog.agents}
    wrong: list[str] = []
    quiet, co_author = before.quiet, before.co_author
    try:
        quiet = _quiet(form.text("quiet"), form.text("zone"))
    except RefusedInWords as refused:
        wrong.append(str(refused))
    typed = form.text("commits").strip() or None
    try:
        co_author = PersonSettings(co_author=typed).co_author
    except ValidationError:
        wrong.append(words.commits_refused(form.text("commits"), context.sanitizer))
    pings = Pings(form.choice("pings") or Pings.THREAD)
    chosen = PersonSettings(pings=pings, quiet=quiet, agent=agent if agent in known else None, co_author=co_author)
    return chosen, wrong


def _quiet(hours: str, zone: str) -> QuietHours | None:
    """`22:00-7` and a time zone. Raises RefusedInWords, which names all that is wrong."""
    if not hours.strip():
        return None
    found = _HOURS.fullmatch(hours)
    start, end = (_clock(part) for part in found.groups()) if found else ("00:00", "00:00")
    wrong = [] if found else [words.HOURS_REFUSED]
    try:
        quiet = QuietHours(start=start, end=end, zone=zone.strip() or "UTC")
    except ValidationError as error:
        places = {problem["loc"][0] for problem in error.errors()}
        wrong += [words.HOURS_REFUSED] if places & {"start", "end"} else []
        wrong += [words.zone_refused(zone)] if "zone" in places else []
        raise RefusedInWords(" ".join(wrong)) from None
    if wrong:
        raise RefusedInWords(" ".join(wrong))
    return quiet


def _clock(part: str) -> str:
    hour, _, minute = part.partition(":")
    return f"{hour:0>2}:{minute or '00'}"


# -- the form
# ------------------------------------------------------------------------------------------------------------


def _settings_form(mine: PersonSettings, agents: Sequence[str], *, custom_id: str) -> ui.Modal:
    """The form with a person's choices, to be changed. A form has at most five inputs."""
    modal = ui.Modal(title="Your settings", custom_id=custom_id, timeout=None)
    pings = [
        discord.SelectOption(label=label, value=name, default=name is mine.pings) for name, label in words.PINGS.items()
    ]
    own = [discord.SelectOption(label="Channel default", value=_NO_AGENT, default=mine.agent not in agents)]
    own += [discord.SelectOption(label=name, value=name, default=name == mine.agent) for name in agents]
    quiet = f"{mine.quiet.start}-{mine.quiet.end}" if mine.quiet else ""
    hours = _line("quiet", "22:00-07:00", quiet, _HOURS_LENGTH)
    zone = _line("zone", "Europe/Berlin", mine.quiet.zone if mine.quiet else "", _ZONE_LENGTH)
    commits = _line("commits", "Ada <ada@example.com>", mine.co_author or "", _CO_AUTHOR_LENGTH)
    quiet = "Only questions that only you can answer will ping."
    modal.add_item(ui.Label(text="Notify me", component=_select("pings", pings)))
    modal.add_item(ui.Label(text="Quiet hours", description=quiet, component=hours))
    modal.add_item(ui.Label(text="Time zone of these hours", component=zone))
    modal.add_item(ui.Label(text="Default agent", component=_select("agent", own)))
    modal.add_item(ui.Label(text="Your name on commits", description="Added as co-author.", component=commits))
    modal.stop()
    return modal


def _select(custom_id: str, options: list[discord.SelectOption]) -> ui.Select[ui.Modal]:
    return ui.Select[ui.Modal](custom_id=custom_id, options=options[:SELECT_OPTIONS])


def _line(custom_id: str, placeholder: str, value: str, longest: int) -> ui.TextInput[ui.Modal]:
    return ui.TextInput[ui.Modal](
        custom_id=custom_id, placeholder=placeholder, default=value or None, max_length=longest, required=False
    )
