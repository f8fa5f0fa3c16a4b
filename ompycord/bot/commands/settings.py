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
from ompycord.bot.interactions.replies import defer, send_privately
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
        agents = [spec.name for spec in context.catalog.agents]
        form = _settings_form(mine, agents, custom_id=context.signer.sign(ACTION, context.ids.ulid()))
        await interaction.response.send_modal(form)

    async def submitted(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        chosen = chosen_settings(read_form(interaction), context)
        await context.store.people.save_person_settings(person.id, chosen, at=context.clock.now_ms())
        await send_privately(interaction, words.saved(chosen, context.sanitizer))

    return Feature(commands=(settings,), forms={ACTION: submitted})


def chosen_settings(form: FormValues, context: BotContext) -> PersonSettings:
    """The choices in the form. Raises Refused with what is wrong; then nothing is changed."""
    agent = form.choice("agent") or None
    known = {spec.name for spec in context.catalog.agents}
    try:
        return PersonSettings(
            pings=Pings(form.choice("pings") or Pings.THREAD),
            quiet=_quiet(form.text("quiet"), form.text("zone")),
            agent=agent if agent in known else None,
            co_author=form.text("commits").strip() or None,
        )
    except ValidationError:  # the rest was chosen from lists, or checked before
        raise RefusedInWords(words.commits_refused(form.text("commits"), context.sanitizer)) from None


def _quiet(hours: str, zone: str) -> QuietHours | None:
    """`22:00-7` and a time zone. Raises Refused."""
    if not hours.strip():
        return None
    found = _HOURS.fullmatch(hours)
    if found is None:
        raise RefusedInWords(words.HOURS_REFUSED)
    start, end = (_clock(part) for part in found.groups())
    try:
        return QuietHours(start=start, end=end, zone=zone.strip() or "UTC")
    except ValidationError as error:
        is_zone = error.errors()[0]["loc"] == ("zone",)
        raise RefusedInWords(words.ZONE_REFUSED if is_zone else words.HOURS_REFUSED) from None


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
