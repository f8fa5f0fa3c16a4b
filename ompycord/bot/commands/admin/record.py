"""`/omp-admin audit` and `policy`: the record of what people did here, and who may do what; for admins alone."""

import discord
from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.admin.admins import require_admin
from ompycord.bot.commands.choices import Choices
from ompycord.bot.context import BotContext
from ompycord.bot.custom_ids import ComponentId
from ompycord.bot.feature import Feature, slash_command
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.domain.access import Person, Role
from ompycord.domain.component_state import RecordPage
from ompycord.domain.ids import short_id
from ompycord.domain.ports.team.record import TeamRecord
from ompycord.domain.risk.classes import RiskClass
from ompycord.errors import RefusedInWords
from ompycord.render.approvals.deciding import decides_words
from ompycord.render.cards.cardview import Button
from ompycord.render.message import message
from ompycord.render.team.record import ROWS_ON_A_PAGE, policy_text, record_text

__all__ = ["record_feature"]

OLDER = "older"
_VALID_MS = 60 * 60 * 1000
Name = app_commands.Range[str, 1, 100]


def record_feature(context: BotContext) -> Feature:
    """The commands, and the button to older rows."""
    choices, record = Choices(context), _Record(context)

    @slash_command(name="audit", description="What people did here, the newest first; a run explained.")
    @app_commands.describe(
        run="Only of this run", person="Only of this person", explain="Tell the whole run: who asked, who allowed what"
    )
    @app_commands.autocomplete(run=choices.runs)
    async def audit(
        interaction: Interaction,
        run: Name | None = None,
        person: discord.Member | None = None,
        explain: bool = False,  # an option of Discord
    ) -> None:
        await defer(interaction)
        require_admin(interaction, context)
        if explain:
            await record.explain(interaction, run)
            return
        found = None if run is None else (await context.run(interaction, run)).id
        await record.show(interaction, RecordPage(run=found, person=None if person is None else str(person.id)))

    @slash_command(name="policy", description="Who may do what here, and who decides on what agents ask.")
    @app_commands.describe(repository="Another repository than this channel's")
    @app_commands.autocomplete(repository=choices.repositories)
    async def policy(interaction: Interaction, repository: Name | None = None) -> None:
        await defer(interaction)
        require_admin(interaction, context)
        channel, catalog = context.channel_of(interaction), context.catalog
        person = context.person(interaction)
        spec = context.repository_for(person, repository) if repository else catalog.preset(channel)
        name = None if spec is None else spec.name
        place = f"<#{channel}>" + (f" and {context.sanitizer.line(name, 60)}" if name else "")
        classes = [(risk.word, decides_words(catalog.rule_in(name, risk))) for risk in RiskClass]
        own = [
            f"Here `{context.sanitizer.code(rule.command, 80)}` is *{rule.risk}*."
            for rule in catalog.risk_of(name).commands
        ]
        await send_privately(interaction, policy_text(place, classes, own, is_solo=catalog.is_solo))

    async def older(interaction: Interaction, person: Person, component: ComponentId) -> None:
        await defer(interaction)
        require_admin(interaction, context)
        page = await context.meaning(component)
        if not isinstance(page, RecordPage):
            raise RefusedInWords("That page is too old. `/omp-admin audit` shows the newest.")
        await record.show(interaction, page)

    admins = {one.name: Role.ADMIN for one in (audit, policy)}
    return Feature(admin=(audit, policy), components={OLDER: older}, exceptions=admins)


class _Record:
    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def show(self, interaction: Interaction, page: RecordPage) -> None:
        """Rows of this server, with a button to the older ones."""
        guild = str(interaction.guild_id)
        rows = await self._book().last(
            guild, before=page.before, person=page.person, run=page.run, limit=ROWS_ON_A_PAGE + 1
        )
        shown, buttons = rows[:ROWS_ON_A_PAGE], list[Button]()
        of_run = "" if page.run is None else f", run `{short_id(page.run)}`"
        of_person = "" if page.person is None else f", by <@{page.person}>"
        until = None if len(rows) > ROWS_ON_A_PAGE else await self._book().moved_until()
        words = record_text(shown, f"of this server{of_run}{of_person}", self._context.sanitizer, moved_until=until)
        if len(rows) > ROWS_ON_A_PAGE:
            next_page = page.model_copy(update={"before": shown[-1].n})
            ref = await self._context.keep_meaning(next_page, valid_ms=_VALID_MS)
            buttons.append(Button(action=OLDER, label="Older", ref=ref))
        shown_with = message(words, buttons=buttons, sign=self._context.signer.button) if buttons else None
        await send_privately(interaction, words, buttons=shown_with)

    async def explain(self, interaction: Interaction, run: str | None) -> None:
        """A run from the record: short ones as text, long ones as a file."""
        found = await self._context.run(interaction, run)
        text = self._context.renderer.redact("\n".join(await self._book().explain(found)))
        files = [(f"run-{short_id(found.id)}.txt", text)]
        await send_privately(interaction, f"Run `{short_id(found.id)}`, told from the record.", files=files)

    def _book(self) -> TeamRecord:
        """Raises Refused where none is kept."""
        if self._context.lookups.record is None:
            raise RefusedInWords("No record is kept here.")
        return self._context.lookups.record
