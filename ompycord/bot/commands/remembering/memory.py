"""`/omp memory`: search, list, show and drop what the team remembers. Counterpart: `decide.py`, which adds to it."""

from typing import Final, Literal

from discord import app_commands

from ompycord.bot.access import Interaction
from ompycord.bot.commands.choices import Choices
from ompycord.bot.commands.remembering.places import memory_of, place_here
from ompycord.bot.context import BotContext
from ompycord.bot.feature import Feature
from ompycord.bot.interactions.replies import defer, send_privately
from ompycord.domain.access import Role
from ompycord.domain.ids import short_id
from ompycord.domain.memory.items import MemoryFilter, MemoryItem, MemoryKind, MemoryStatus
from ompycord.domain.policy import Denied, Resource, authorize
from ompycord.domain.refusals import RefusalCode
from ompycord.errors import Refused
from ompycord.render.memory.agents_file import exported
from ompycord.render.memory.items import item_text, list_text
from ompycord.render.notices import role_holder
from ompycord.render.phrases import count
from ompycord.text import cut
from ompycord.text.limits import AUTOCOMPLETE_CHOICES, CHOICE

__all__ = ["memory_feature"]

Which = Literal["all", "lessons", "decisions", "runs", "facts", "proposed", "harmful"]
_KINDS: Final[dict[Which, frozenset[MemoryKind]]] = {
    "lessons": frozenset({MemoryKind.LESSON}),
    "decisions": frozenset({MemoryKind.DECISION}),
    "runs": frozenset({MemoryKind.RUN_SUMMARY}),
    "facts": frozenset({MemoryKind.FACT}),
}
_LISTED: Final = 20
_NAME: Final = 100
_EXPORTED: Final = 1000
_WHERE: Final = "This channel's repository if left out"


def memory_feature(context: BotContext) -> Feature:
    """The commands."""
    view, choices = _Memory(context), Choices(context)
    memory = app_commands.Group(name="memory", description="What the team remembers of earlier work.")

    @memory.command(name="search", description="Find what is remembered, by words.")
    @app_commands.describe(text="What it is about", repository=_WHERE)
    @app_commands.autocomplete(repository=choices.repositories)
    async def search(
        interaction: Interaction,
        text: app_commands.Range[str, 1, 500],
        repository: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        await view.search(interaction, text, repository)

    @memory.command(name="list", description="What is remembered here, newest first.")
    @app_commands.describe(which="All kinds if left out", repository=_WHERE)
    @app_commands.autocomplete(repository=choices.repositories)
    async def listed(
        interaction: Interaction, which: Which = "all", repository: app_commands.Range[str, 1, 100] | None = None
    ) -> None:
        await view.listed(interaction, which, repository)

    @memory.command(name="show", description="One item whole, with where it came from.")
    @app_commands.describe(item="Which item: the last characters of its id", repository=_WHERE)
    @app_commands.autocomplete(item=view.completed, repository=choices.repositories)
    async def show(
        interaction: Interaction,
        item: app_commands.Range[str, 1, 100],
        repository: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        await view.show(interaction, item, repository)

    @memory.command(name="drop", description="Forget one item: no agent is given it any more.")
    @app_commands.describe(item="Which item: the last characters of its id", repository=_WHERE)
    @app_commands.autocomplete(item=view.completed, repository=choices.repositories)
    async def drop(
        interaction: Interaction,
        item: app_commands.Range[str, 1, 100],
        repository: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        await view.drop(interaction, item, repository)

    _add_keeping(memory, view, choices)
    return Feature(commands=(memory,), role=Role.VIEWER, exceptions={"drop": Role.RUNNER, "keep": Role.RUNNER})


def _add_keeping(memory: app_commands.Group, view: "_Memory", choices: Choices) -> None:
    """Add the commands for proposals without a message of their own, and for what leaves the memory as a file."""

    @memory.command(name="keep", description="Keep a proposal: agents are given it where it fits.")
    @app_commands.describe(item="Which proposal: the last characters of its id", repository=_WHERE)
    @app_commands.autocomplete(item=view.completed, repository=choices.repositories)
    async def keep(
        interaction: Interaction,
        item: app_commands.Range[str, 1, 100],
        repository: app_commands.Range[str, 1, 100] | None = None,
    ) -> None:
        await view.keep(interaction, item, repository)

    @memory.command(name="export", description="What is remembered of a repository, as a part of AGENTS.md.")
    @app_commands.describe(repository=_WHERE)
    @app_commands.autocomplete(repository=choices.repositories)
    async def export(interaction: Interaction, repository: app_commands.Range[str, 1, 100] | None = None) -> None:
        await view.export(interaction, repository)


class _Memory:
    def __init__(self, context: BotContext) -> None:
        self._context = context

    async def search(self, interaction: Interaction, text: str, repository: str | None) -> None:
        await defer(interaction)
        place = place_here(self._context, interaction, repository)
        found = await memory_of(self._context).search(place, text, limit=_LISTED)
        empty = "Nothing that is remembered here has these words. `/omp memory list` shows what there is."
        await send_privately(interaction, list_text(found, self._context.sanitizer, empty=empty))

    async def listed(self, interaction: Interaction, which: Which, repository: str | None) -> None:
        await defer(interaction)
        place = place_here(self._context, interaction, repository)
        status = MemoryStatus.PROPOSED if which == "proposed" else MemoryStatus.ACTIVE
        wanted = MemoryFilter(
            kinds=_KINDS.get(which, frozenset(MemoryKind)), statuses=frozenset({status}), limit=_LISTED
        )
        opinions = self._context.lookups.opinions
        if which == "harmful":
            found = await opinions.to_retire(place) if opinions is not None else ()
        else:
            found = await memory_of(self._context).listed(place, wanted)
        empty = "Nothing is remembered here yet. `/omp decide` and *Save as decision* add to it."
        if which == "proposed":
            empty = "No proposal waits here."
        if which == "harmful":
            empty = "Nothing that is remembered here harmed more runs than it helped."
        await send_privately(interaction, list_text(found, self._context.sanitizer, empty=empty))

    async def show(self, interaction: Interaction, item: str, repository: str | None) -> None:
        await defer(interaction)
        place = place_here(self._context, interaction, repository)
        found = await memory_of(self._context).item(place, item)
        await send_privately(interaction, item_text(found, self._context.sanitizer))

    async def drop(self, interaction: Interaction, item: str, repository: str | None) -> None:
        await defer(interaction)
        person = self._context.person(interaction)
        place, memory = place_here(self._context, interaction, repository), memory_of(self._context)
        found = (await memory.item(place, item)).item
        self._require(found, interaction)
        dropped = await memory.decide(place, found.id, person, active=False)
        words = f"Dropped `{short_id(dropped.id)}`: no agent is given it any more, and no search finds it."
        await send_privately(interaction, words)

    async def keep(self, interaction: Interaction, item: str, repository: str | None) -> None:
        await defer(interaction)
        person = self._context.person(interaction)
        place, memory = place_here(self._context, interaction, repository), memory_of(self._context)
        where = Resource(repository=place.repository, channel=place.channel)
        if isinstance(authorize(person, "remember", where), Denied):
            raise Refused(RefusalCode.NEEDS_ROLE, needs=Role.RUNNER.word, who="an admin")
        kept = await memory.decide(place, (await memory.item(place, item)).item.id, person, active=True)
        await send_privately(interaction, f"Kept `{short_id(kept.id)}`: agents here are given it where it fits.")

    async def export(self, interaction: Interaction, repository: str | None) -> None:
        await defer(interaction)
        place = place_here(self._context, interaction, repository).model_copy(update={"channel": None})
        kinds = frozenset({MemoryKind.LESSON, MemoryKind.DECISION, MemoryKind.FACT})
        found = await memory_of(self._context).listed(place, MemoryFilter(kinds=kinds, limit=_EXPORTED))
        items = [one.item for one in found if one.item.repository is not None]
        text = self._context.renderer.redact(exported(items))
        words = f"{count(len(items), 'item')}. Put them into AGENTS.md; the next export takes the place of this one."
        await send_privately(interaction, words, files=[("AGENTS.md", text)])

    def _require(self, item: MemoryItem, interaction: Interaction) -> None:
        person = self._context.person(interaction)
        denied = authorize(person, "forget", Resource(requester=item.author, repository=item.repository))
        if isinstance(denied, Denied):
            who = role_holder(self._context.options.approver_role, self._context.sanitizer)
            raise Refused(RefusalCode.NEEDS_ROLE, needs=denied.needs[-1], who=who)

    async def completed(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        if not self._context.may_use(interaction):
            return []
        named = getattr(interaction.namespace, "repository", None)
        place = place_here(self._context, interaction, named)
        both = frozenset({MemoryStatus.ACTIVE, MemoryStatus.PROPOSED})
        found = await memory_of(self._context).listed(place, MemoryFilter(statuses=both, limit=_LISTED * 5))
        choices: list[app_commands.Choice[str]] = []
        for one in found:
            text = f"{short_id(one.item.id)} · {one.item.kind.word} · {one.item.title}"
            if typed.lower() in text.lower() and len(one.item.id) <= CHOICE:
                name = cut(self._context.renderer.redact(text), _NAME)
                choices.append(app_commands.Choice(name=name, value=one.item.id))
        return choices[:AUTOCOMPLETE_CHOICES]
