"""What every command, button and form needs, in one frozen bundle; made by `gateway/session.py`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import discord

from ompycord.bot.access import Interaction, access_of, person_of
from ompycord.bot.custom_ids import ComponentId, Signer
from ompycord.bot.lookups import HealthLine, Lookups
from ompycord.bot.message_renderer import MessageRenderer
from ompycord.bot.options import BotOptions
from ompycord.bot.rest import Rest
from ompycord.conductor import (
    Approvals,
    Budgets,
    Checkpoints,
    Messages,
    OverlapDecisions,
    Plans,
    PullRequests,
    Runs,
    Snapshots,
    TypedAnswers,
)
from ompycord.domain.access import Access, Person, Role
from ompycord.domain.catalog import Catalog
from ompycord.domain.component_state import ComponentMeaning, ComponentState
from ompycord.domain.ids import RunId
from ompycord.domain.policy import SEE, Circumstances, Denied, Resource, authorize, is_allowed, resource_of
from ompycord.domain.ports import (
    Clock,
    ComponentStates,
    Decisions,
    Drafts,
    Ids,
    Outbox,
    PeopleSettings,
    ReceivedMessages,
    RefusalNotes,
    RunFilter,
    RunHistory,
    RunRecords,
    Surfaces,
    Tasks,
)
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.repository import AgentSpec, RepositorySpec
from ompycord.domain.run import RunKind, RunRecord
from ompycord.errors import Refused, RefusedInWords, StorageError
from ompycord.render.notices import role_holder
from ompycord.render.sanitizer import Sanitizer

__all__ = ["BotContext", "CommandStores", "LiveCards"]

_SHORTEST = 4
"""Characters of a run's id that are needed at least to find it by its end."""


class LiveCards(Protocol):
    """What commands, buttons and forms ask of delivery; `delivery/live.py` implements it."""

    def wake(self) -> None:
        """Check the outbox now."""
        ...

    async def posted(self, run: RunId, timeout: float) -> str | None:
        """The address of a run's channel summary, waiting for it at most so many seconds. Raises StorageError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandStores:
    """What commands, buttons and forms ask of the store, one port for each purpose."""

    records: RunRecords
    history: RunHistory
    decisions: Decisions
    drafts: Drafts
    components: ComponentStates
    tasks: Tasks
    surfaces: Surfaces
    outbox: Outbox
    people: PeopleSettings
    received: ReceivedMessages


@dataclass(frozen=True, slots=True, kw_only=True)
class BotContext:
    """Ports and parts; no state."""

    options: BotOptions
    catalog: Catalog
    runs: Runs
    messages: Messages
    approvals: Approvals
    plans: Plans
    pull_requests: PullRequests
    overlaps: OverlapDecisions
    checkpoints: Checkpoints
    typed_answers: TypedAnswers
    budgets: Budgets
    snapshots: Snapshots
    store: CommandStores
    clock: Clock
    ids: Ids
    signer: Signer
    renderer: MessageRenderer
    live: LiveCards
    rest: Rest
    lookups: Lookups
    refusals: RefusalNotes
    """For the audit."""
    connection: Callable[[], HealthLine]
    """The state of Discord, as `/omp health` shows it."""

    @property
    def sanitizer(self) -> Sanitizer:
        return Sanitizer(self.renderer.redact)

    @property
    def is_shared(self) -> bool:
        """Whether other servers have this bot, too: how much they do is told in none."""
        return len(self.options.guilds) > 1

    def person(self, interaction: Interaction) -> Person:
        """The person who acts."""
        return person_of(interaction, self.options, self.lookups)

    def access(self, guild: str | None) -> Access:
        """The roles that hold in a server now, those given at run time too."""
        return access_of(guild, self.options, self.lookups)

    def role_here(self, interaction: Interaction) -> Role:
        """The role of the person who acts in this channel and in the repository that is meant there."""
        channel = self.channel_of(interaction)
        preset = self.catalog.preset(channel)
        repository = None if preset is None else preset.name
        return self.person(interaction).role_in(repository=repository, channel=channel)

    def may_start_in(self, person: Person, repository: str, channel: str | None) -> bool:
        """Whether this person may start runs of a repository, asked for in a channel."""
        return is_allowed(person, "new", Resource(repository=repository, channel=channel))

    def repositories_for(self, person: Person) -> tuple[RepositorySpec, ...]:
        """The repositories that are there for this person at all."""
        return tuple(spec for spec in self.catalog.repositories if self.sees(person, spec.name))

    def sees(self, person: Person, repository: str) -> bool:
        """Whether what belongs to a repository is there for this person."""
        return is_allowed(person, SEE, Resource(repository=repository))

    def repository_for(self, person: Person, name: str) -> RepositorySpec:
        """The repository of this name. Raises Refused, which lists those that are there for this person."""
        try:
            return self.catalog.model_copy(update={"repositories": self.repositories_for(person)}).repository(name)
        except Refused as error:
            if all(name != spec.name for spec in self.catalog.repositories):
                raise
            raise Refused(error.code, **error.facts, hides=RefusalCode.NO_SUCH_RUN) from None

    def may_use(self, interaction: Interaction) -> bool:
        """Whether the person who acts may do anything here at all."""
        return is_allowed(self.person(interaction), "use")

    def require(self, person: Person, right: str, record: RunRecord) -> None:
        """Raises Refused, naming the role that may, where this person may not do that to this run.

        `right` is a rule of `domain.access`; what the conductor does it checks itself.
        """
        denied = authorize(person, right, resource_of(record))
        if isinstance(denied, Denied):
            who = role_holder(self.options.approver_role, self.sanitizer)
            raise Refused(RefusalCode.NEEDS_ROLE, needs=denied.needs[-1], who=who)

    # -- agents ------------------------------------------------------------------------------------------------------

    async def favourite(self, person: Person) -> str | None:
        """The agent that a person chose in `/omp settings`; None where the database cannot answer."""
        try:
            return (await self.store.people.person_settings(person.id)).agent
        except StorageError:
            return None

    def usual_agent(self, repository: RepositorySpec, favourite: str | None) -> AgentSpec:
        """The agent where none is named: the person's own where it is allowed here, else the first.

        Raises Refused where there is none.
        """
        known = self.catalog.agents_for(repository)
        if not known:
            raise RefusedInWords(f"No agent is configured for {repository.name}, so nothing can run there.")
        return next((spec for spec in known if spec.name == favourite), known[0])

    # -- places ------------------------------------------------------------------------------------------------------

    @staticmethod
    def channel_of(interaction: Interaction) -> str:
        """The channel of the command; a thread's parent."""
        channel = interaction.channel
        if isinstance(channel, discord.Thread):
            return str(channel.parent_id)
        return str(interaction.channel_id)

    def shown_in(self, interaction: Interaction) -> str:
        """Where the channel summary goes: here if this is a work channel, else the home channel.

        docs/contracts/cards.md, *Messages of a run*.
        """
        here = self.channel_of(interaction)
        work = {*self.options.work_channels, *(r.channel for r in self.catalog.repositories if r.channel)}
        return here if here in work or self.options.home_channel is None else self.options.home_channel

    async def keep_meaning(self, meaning: ComponentMeaning, *, valid_ms: int) -> str:
        """Store what a shown button or form means; the id for it, which fits into a component's."""
        now = self.clock.now_ms()
        state = ComponentState(id=self.ids.ulid(), meaning=meaning, created_at=now, expires_at=now + valid_ms)
        await self.store.components.save_component_state(state)
        return state.id

    async def meaning(self, component: ComponentId) -> ComponentMeaning | None:
        """What the component with this id means; None where nothing is known of it or it has expired."""
        state = await self.store.components.component_state(component.ref)
        return state.meaning if state is not None else None

    # -- runs --------------------------------------------------------------------------------------------------------

    async def run(self, interaction: Interaction, typed: str | None) -> RunRecord:
        """The run that is meant: the named one, else this thread's, else the caller's latest. Raises Refused."""
        named = await self._named(typed) if typed else []
        found = next((one for one in named if self.is_visible(interaction, one)), None)
        if not typed:
            found = await self.run_here(interaction)
        if found is None and not typed:
            mine = RunFilter(guild=str(interaction.guild_id), requester=str(interaction.user.id), limit=1)
            found = next(iter(await self.store.records.runs(mine)), None)
        if found is None and typed:
            hidden = {"hides": RefusalCode.NO_SUCH_RUN, "run": named[0].id} if named else {}
            raise Refused(RefusalCode.RUN_NOT_FOUND, name=self.sanitizer.code(typed, 100).replace("`", ""), **hidden)
        if found is None:
            raise Refused(RefusalCode.NO_RUNS_YET)
        if not self.is_visible(interaction, found):
            raise Refused(RefusalCode.NO_SUCH_RUN)
        return found

    async def run_here(self, interaction: Interaction) -> RunRecord | None:
        """The run whose thread this is."""
        return await self.store.surfaces.run_of_surface(str(interaction.channel_id))

    async def _named(self, typed: str) -> list[RunRecord]:
        """Runs whose id ends so, wherever they are."""
        ending = typed.strip().upper()
        return [] if len(ending) < _SHORTEST else await self.store.records.runs(RunFilter(ending=ending, limit=10))

    async def find(self, interaction: Interaction, which: RunFilter) -> list[RunRecord]:
        """Find runs that can be seen from here, newest first: this server's and external ones.

        Each kind is read up to the limit, so that another server's runs displace none.
        """
        here = await self.store.records.runs(which.model_copy(update={"guild": str(interaction.guild_id)}))
        elsewhere = await self.store.records.runs(which.model_copy(update={"kind": RunKind.EXTERNAL}))
        found = {record.id: record for record in (*here, *elsewhere) if self.is_visible(interaction, record)}
        return sorted(found.values(), key=lambda record: (record.created_at, record.id), reverse=True)[: which.limit]

    async def visible(self, interaction: Interaction, run: str) -> RunRecord:
        """A visible run by its id. Raises Refused."""
        record = await self.store.records.run(RunId(run))
        if record is None or not self.is_visible(interaction, record):
            raise Refused(RefusalCode.NO_SUCH_RUN)
        return record

    def is_visible(self, interaction: Interaction, record: RunRecord) -> bool:
        """Whether the run may be seen here.

        A run of another server may not; one of an external agent is of the server in which it is shown.
        """
        place = resource_of(record)
        if place.guild is None:
            place = replace(place, guild=self.rest.guild_of(record.channel))
        return is_allowed(self.person(interaction), SEE, place, Circumstances(guild=str(interaction.guild_id)))
