"""Completions for every option that takes a name: repositories, agents, runs; answered from memory or one query."""

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.context import BotContext
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.ports import RunFilter
from ompycord.domain.repository import AgentSpec
from ompycord.domain.run import RunRecord
from ompycord.render.cards.headlines import status_of
from ompycord.text import cut
from ompycord.text.limits import AUTOCOMPLETE_CHOICES, CHOICE

__all__ = ["Choices"]

_NAME = 100
_STARTING_COMMANDS = frozenset({"new", "ask"})
_STARTING = "Starting"
"""A run whose first event is not read yet."""


class Choices:
    """Completion functions; they are empty for a person without a role."""

    def __init__(self, context: BotContext) -> None:
        self._context = context

    def _may_read(self, interaction: Interaction) -> bool:
        return self._context.may_use(interaction)

    async def repositories(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Those that are there for the person; of `/omp new` and `ask`, those in which they may start runs."""
        context, person = self._context, self._context.person(interaction)
        known = context.repositories_for(person)
        command = interaction.command
        if command is not None and command.name in _STARTING_COMMANDS:
            channel = context.channel_of(interaction)
            known = tuple(spec for spec in known if context.may_start_in(person, spec.name, channel))
        return self._names(interaction, typed, [spec.name for spec in known])

    async def agents(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Those of the chosen repository, once one is chosen."""
        catalog = self._context.catalog
        known = self._context.repositories_for(self._context.person(interaction))
        wanted = getattr(interaction.namespace, "repository", None)
        chosen = next((spec for spec in known if spec.name == wanted), None)
        allowed = {spec.name for one in known for spec in catalog.agents_for(one)}
        specs = catalog.agents_for(chosen) if chosen else [spec for spec in catalog.agents if spec.name in allowed]
        return self._names(interaction, typed, [spec.name for spec in specs])

    async def models(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Those of the configuration for the agent that the run will have, else those that it offered last."""
        agent = await self._chosen_agent(interaction) if self._may_read(interaction) else None
        if agent is None or not agent.takes_model:
            return []
        names = agent.models or await self._context.store.history.models_of(agent.name)
        return self._names(interaction, typed, [name for name in names if len(name) <= CHOICE])

    async def _chosen_agent(self, interaction: Interaction) -> AgentSpec | None:
        """The agent as far as the command names it by now; None where it names none that is there."""
        catalog, context = self._context.catalog, self._context
        wanted = str(getattr(interaction.namespace, "repository", None) or "")
        named = str(getattr(interaction.namespace, "agent", None) or "")
        if named:
            return next((spec for spec in catalog.agents if spec.name == named), None)
        chosen = next((spec for spec in catalog.repositories if spec.name == wanted), None)
        repository = chosen or catalog.preset(context.channel_of(interaction))
        if repository is None or not catalog.agents_for(repository):
            return None
        return context.usual_agent(repository, await context.favourite(context.person(interaction)))

    def _names(self, interaction: Interaction, typed: str, names: list[str]) -> list[app_commands.Choice[str]]:
        if not self._may_read(interaction):
            return []
        found = [name for name in names if typed.lower() in name.lower()]
        return [app_commands.Choice(name=name, value=name) for name in found[:AUTOCOMPLETE_CHOICES]]

    async def runs(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        """Open runs first, then the latest; found by the last characters of the id or a word of the title."""
        if not self._may_read(interaction):
            return []
        latest = await self._context.find(interaction, RunFilter(limit=60))
        wanted = typed.strip().lower()
        found: list[app_commands.Choice[str]] = []
        folded = await self._context.snapshots.folded_of([RunId(record.id) for record in latest])
        for record in sorted(latest, key=lambda record: record.ended_at is not None):
            one = folded.get(RunId(record.id))
            what = (status_of(one.snapshot), one.snapshot.title or "external run") if one else (_unknown(record),)
            shown = " · ".join((short_id(record.id), *what))
            if wanted in shown.lower() or wanted == record.id.lower():
                name = cut(self._context.renderer.redact(shown), _NAME)
                found.append(app_commands.Choice(name=name, value=record.id))
            if len(found) == AUTOCOMPLETE_CHOICES:
                break
        return found


def _unknown(record: RunRecord) -> str:
    """What is said of a run without a snapshot: it is new, or its file cannot be read."""
    return _STARTING if record.ended_at is None else "events not readable"
