"""`/omp schedule`: runs that start by the clock; shown with their next times before they are saved.

Counterparts: `schedules/book.py`, which keeps them, and `schedules/keeper.py`, which starts them.
"""

from typing import Final, Literal

from discord import app_commands
from pydantic import ValidationError

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.domain.access import Person, Role
from ompycord.domain.component_state import NewSchedule
from ompycord.domain.ports.schedules import PlannedSchedule, TeamSchedules
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.schedules.schedule import CatchUp, Schedule
from ompycord.domain.task import LEAST_BUDGET_USD, MOST_BUDGET_USD, Mode, TaskRequest
from ompycord.errors import Refused, RefusedInWords
from ompycord.render.cards.cardview import Button
from ompycord.render.message import message as rendered
from ompycord.render.phrases import stamp
from ompycord.render.schedules.words import plan_text, schedules_text
from ompycord.text.limits import AUTOCOMPLETE_CHOICES, CHOICE, COMMAND_TEXT

__all__ = ["schedule_feature"]

ModeName = Literal["fast", "standard", "full", "ask"]
Name = app_commands.Range[str, 1, CHOICE]
ScheduleChoice = app_commands.Range[str, 1, 32]
SAVE: Final = "schedadd"
_VALID_MS: Final = 3600 * 1000
_NAMES: Final = "Small letters, digits, - and _, such as `nightly`"


def schedule_feature(context: BotContext) -> Feature:
    """The commands, and the button that saves what was shown."""
    view, choices = _Schedules(context), Choices(context)
    group = app_commands.Group(name="schedule", description="Runs that start by the clock.")

    @group.command(
        name="add", description="Start a task by the clock: `daily 09:00`, `0 9 * * 1-5`, `2027-03-23 14:00`."
    )
    @app_commands.describe(
        schedule="What you call it, such as nightly",
        when="daily 09:00 · weekly mon 09:00 · monthly 31 09:00 · 0 9 * * 1-5 · 2027-03-23 14:00",
        prompt="What should be done each time",
        zone="Time zone, such as Europe/Berlin; that of your quiet hours, else UTC, if left out",
        repository="Where; this channel's repository if left out",
        agent="Who does it",
        mode="Mode of the runs",
        budget="US dollars at most, for each run",
        missed="When Ompycord was down: run the last one late, or skip it",
    )
    @app_commands.autocomplete(repository=choices.repositories, agent=choices.agents)
    async def add(
        interaction: Interaction,
        schedule: ScheduleChoice,
        when: app_commands.Range[str, 1, 200],
        prompt: app_commands.Range[str, 1, COMMAND_TEXT],
        zone: app_commands.Range[str, 1, 64] | None = None,
        repository: Name | None = None,
        agent: Name | None = None,
        mode: ModeName | None = None,
        budget: app_commands.Range[float, LEAST_BUDGET_USD, float(MOST_BUDGET_USD)] | None = None,
        missed: Literal["latest", "skip"] = "latest",
    ) -> None:
        await defer(interaction)
        request = await view.request(interaction, prompt, repository, agent, mode, budget)
        await view.show(interaction, schedule, when, zone, request, CatchUp(missed))

    @group.command(name="list", description="What starts by the clock here, and when next.")
    async def listed(interaction: Interaction) -> None:
        await defer(interaction)
        await send_privately(interaction, schedules_text(await view.seen(interaction), context.sanitizer))

    _add_changes(group, view)
    return Feature(
        commands=(group,),
        components={SAVE: view.saved},
        role=Role.RUNNER,
        exceptions={"list": Role.VIEWER},
    )


def _add_changes(group: app_commands.Group, view: "_Schedules") -> None:
    """Add the commands that change one that is there."""

    @group.command(name="pause", description="Let a schedule wait until someone resumes it.")
    @app_commands.describe(schedule="Which one")
    @app_commands.autocomplete(schedule=view.completed)
    async def pause(interaction: Interaction, schedule: ScheduleChoice) -> None:
        await view.pause(interaction, schedule)

    @group.command(name="resume", description="Let a paused schedule go on from now, as yours.")
    @app_commands.describe(schedule="Which one")
    @app_commands.autocomplete(schedule=view.completed)
    async def resume(interaction: Interaction, schedule: ScheduleChoice) -> None:
        await view.resume(interaction, schedule)

    @group.command(name="remove", description="Forget a schedule. Its runs stay.")
    @app_commands.describe(schedule="Which one")
    @app_commands.autocomplete(schedule=view.completed)
    async def remove(interaction: Interaction, schedule: ScheduleChoice) -> None:
        await view.remove(interaction, schedule)


def schedules_of(context: BotContext) -> TeamSchedules:
    """The schedules. Raises RefusedInWords where nothing is started here."""
    if context.lookups.schedules is None:
        raise RefusedInWords("No run is started by the clock here.")
    return context.lookups.schedules


class _Schedules:
    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def request(
        self,
        interaction: Interaction,
        prompt: str,
        repository: str | None,
        agent: str | None,
        mode: str | None,
        budget: float | None,
    ) -> TaskRequest:
        """The task of each run, with what is usual here for what was left out."""
        context = self._context
        person = context.person(interaction)
        if repository:
            spec = context.repository_for(person, repository)
        else:
            spec = context.catalog.preset(context.channel_of(interaction))
        if spec is None:
            raise RefusedInWords("This channel is bound to no repository. Name one: `repository:`.")
        if not context.may_start_in(person, spec.name, context.shown_in(interaction)):
            raise Refused(RefusalCode.WATCH_ONLY, who="an admin", needs=Role.RUNNER.word)
        named = agent or context.usual_agent(spec, await context.favourite(person)).name
        return TaskRequest(
            prompt=prompt, repositories=(spec.name,), agent=named, mode=Mode(mode or "standard"), budget_usd=budget
        )

    async def show(
        self,
        interaction: Interaction,
        name: str,
        when: str,
        zone: str | None,
        request: TaskRequest,
        catch_up: CatchUp,
    ) -> None:
        """Show what it would do, with the button that saves it."""
        context = self._context
        person = context.person(interaction)
        try:
            schedule = Schedule(
                id=context.ids.ulid(),
                name=name.lower(),
                guild=str(interaction.guild_id),
                channel=context.shown_in(interaction),
                when=when,
                zone=zone or await self._zone(person),
                request=request,
                catch_up=catch_up,
                owner=person.id,
                owner_name=person.name,
                created_at=context.clock.now_ms(),
            )
        except ValidationError:
            raise RefusedInWords(f"`{context.sanitizer.code(name, 32)}` is no name. {_NAMES}.") from None
        planned = schedules_of(context).plan(schedule)
        ref = await context.keep_meaning(NewSchedule(schedule=planned.schedule), valid_ms=_VALID_MS)
        button = Button(action=SAVE, label="Save", ref=ref, style="primary")
        shown = rendered("", buttons=[button], sign=context.signer.button)
        text = f"{plan_text(planned, context.sanitizer)}\nNothing is saved yet."
        await send_privately(interaction, text, buttons=shown)

    async def saved(self, interaction: Interaction, person: Person, component: ComponentId) -> None:
        """The button: save what was shown."""
        await defer(interaction)
        meaning = await self._context.meaning(component)
        if not isinstance(meaning, NewSchedule) or meaning.schedule.guild != str(interaction.guild_id):
            raise RefusedInWords("That has expired, and nothing was saved. `/omp schedule add` again.")
        if meaning.schedule.owner != person.id:
            raise RefusedInWords("Only the person who asked for this schedule can save it.")
        added = await schedules_of(self._context).add(meaning.schedule, person)
        due = f" Next: {stamp(added.upcoming[0])}." if added.upcoming else ""
        await send_privately(interaction, f"Saved `{added.schedule.name}`.{due} `/omp schedule list` shows all.")

    async def pause(self, interaction: Interaction, name: str) -> None:
        await defer(interaction)
        person = self._context.person(interaction)
        found = await schedules_of(self._context).pause(str(interaction.guild_id), name, person)
        await send_privately(interaction, f"`{found.name}` is paused. `/omp schedule resume` lets it go on.")

    async def resume(self, interaction: Interaction, name: str) -> None:
        await defer(interaction)
        person = self._context.person(interaction)
        found = await schedules_of(self._context).resume(str(interaction.guild_id), name, person)
        due = f" Next: {stamp(found.upcoming[0])}." if found.upcoming else ""
        await send_privately(interaction, f"`{found.schedule.name}` goes on.{due}")

    async def remove(self, interaction: Interaction, name: str) -> None:
        await defer(interaction)
        person = self._context.person(interaction)
        found = await schedules_of(self._context).remove(str(interaction.guild_id), name, person)
        await send_privately(interaction, f"`{found.name}` is removed. Runs that it started stay.")

    async def seen(self, interaction: Interaction) -> list[PlannedSchedule]:
        """Those of this server whose repositories are there for this person."""
        context = self._context
        person = context.person(interaction)
        found = await schedules_of(context).listed(str(interaction.guild_id))
        return [one for one in found if context.sees(person, one.schedule.request.repository)]

    async def completed(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        if not self._context.may_use(interaction) or self._context.lookups.schedules is None:
            return []
        found = await self.seen(interaction)
        names = [one.schedule.name for one in found if typed.lower() in one.schedule.name]
        return [app_commands.Choice(name=name, value=name) for name in names[:AUTOCOMPLETE_CHOICES]]

    async def _zone(self, person: Person) -> str:
        settings = await self._context.store.people.person_settings(person.id)
        return settings.quiet.zone if settings.quiet is not None else "UTC"
