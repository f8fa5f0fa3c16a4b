"""What the bot shows but does not know: health of the machine, diffs, confinement; given by the composition root."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ompycord.bot.members import DiscordMembers
from ompycord.conductor import Slots
from ompycord.conductor.remembering import Lessons
from ompycord.conductor.roles.book import RoleBook
from ompycord.conductor.secret_requests import SecretPages
from ompycord.domain.access import Person
from ompycord.domain.base import Frozen
from ompycord.domain.forecasting.forecast import Forecast
from ompycord.domain.ids import RunId
from ompycord.domain.ports.feedback import TeamOpinions
from ompycord.domain.ports.memory import TeamMemory
from ompycord.domain.ports.schedules import TeamSchedules
from ompycord.domain.ports.team.record import TeamRecord
from ompycord.domain.ports.team.voice import SpokenTasks
from ompycord.domain.ports.triggers import TeamIssueCalls, TeamTriggers
from ompycord.domain.repository import ConfinementLevel
from ompycord.domain.task import Mode
from ompycord.render.models import ModelsState

__all__ = [
    "Forecasting",
    "HealthLine",
    "KeepFile",
    "Lookups",
    "ModelControl",
    "PauseControl",
    "PersonControl",
    "ReadArtifact",
    "no_artifact",
    "no_files",
    "no_forecast",
]


class HealthLine(Frozen):
    """One line of `/omp health`."""

    name: str
    is_ok: bool
    text: str


async def _is_normal() -> None:
    return


ReadArtifact = Callable[[RunId, str], Awaitable[bytes | None]]
"""A file that a run attached, by its content; None for what it never did."""


KeepFile = Callable[[bytes], Awaitable[str]]
"""Keep what came with a task; its SHA-256. Raises OSError."""


async def no_files(data: bytes) -> str:
    """Where no files are kept."""
    raise OSError("no files are kept here")


async def no_artifact(run: RunId, sha256: str) -> None:
    """Where no files are kept."""


Forecasting = Callable[[str, str, str, Mode], Awaitable[Forecast | None]]


async def no_forecast(guild: str, repository: str, agent: str, mode: Mode) -> Forecast | None:
    """Where nothing is known of earlier runs."""


class ModelControl(Protocol):
    """The model gateway, as people see and stop it."""

    def state(self) -> ModelsState:
        """What it does now."""
        ...

    def rests(self, provider: str | None, model: str | None) -> bool:
        """Whether this model at this provider is not asked now, since it failed."""
        ...

    def stop(self, by: str) -> int:
        """End every request and allow none; how many were ended."""
        ...

    def resume(self, by: str) -> bool:
        """Allow them again; whether they were stopped."""
        ...


class PauseControl(Protocol):
    """A pause of everything, as admins begin and end it."""

    async def pause(self, person: Person) -> bool:
        """Let nothing begin and nothing be resumed; whether that is kept over a restart: it needs room on disk."""
        ...

    async def halt(self, run: RunId) -> None:
        """End the programs of a run without storing anything, where the database takes nothing any more."""
        ...

    async def unpause(self, person: Person) -> bool:
        """Let runs begin again; whether they were paused. Raises OSError, StorageError."""
        ...


class PersonControl(Protocol):
    """What is kept of people."""

    async def export(self, person: str) -> dict[str, Any]:
        """All that is kept of a person, as JSON. Raises StorageError."""
        ...

    async def erase(self, person: str, *, by: str) -> dict[str, Any]:
        """Take a person out; what was done. Raises Refused while runs of theirs are open, StorageError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookups:
    """What the bot may ask of the machine."""

    health: Callable[[str | None], Awaitable[Sequence[HealthLine]]]
    """Agents, confinement, disk, providers; the line about Discord is the bot's.

    Given a server, nothing in it counts runs of another one.
    """
    diff: Callable[[RunId], Awaitable[bytes | None]]
    """A run's whole diff; None where it changed nothing or it is not kept."""
    mode: Callable[[], Awaitable[str | None]] = _is_normal
    """What is not normal, for the bot's presence; None while all is."""
    slots: Slots | None = None
    """Who holds one of `limits.parallel_runs`; None where no run is hosted."""
    artifact: ReadArtifact = no_artifact
    keep_file: KeepFile = no_files
    memory: TeamMemory | None = None
    """None where nothing is remembered."""
    offers_decisions: bool = False
    """Whether a message that says a decision gets a button that saves it."""
    opinions: TeamOpinions | None = None
    """What people think of results."""
    voice: SpokenTasks | None = None
    """Makes text of recordings; None where none are taken."""
    roles: RoleBook | None = None
    """The roles of people, with those given at run time; None: those of the settings alone."""
    people: PersonControl | None = None
    """What is kept of people; None where nobody asks."""
    members: DiscordMembers | None = None
    """Asked when something of a person is used that waited."""
    lessons: Lessons | None = None
    """Decides about what agents want to be remembered."""
    secret_pages: SecretPages | None = None
    """How people give secrets for which agents ask; None where no run is hosted."""
    schedules: TeamSchedules | None = None
    """What starts by the clock; None where no run is hosted."""
    triggers: TeamTriggers | None = None
    """What other systems start; None where no run is hosted."""
    issue_calls: TeamIssueCalls | None = None
    """Labels and assignments on a forge that wait for a person."""
    forecast: Forecasting = no_forecast
    """By server, repository, agent and mode: what tasks like that cost and took. Raises StorageError."""
    record: TeamRecord | None = None
    """What people did; None where it is not read here."""
    pausing: PauseControl | None = None
    """None where no run is hosted."""
    paused_by: Callable[[], str | None] = lambda: None
    """Who paused everything; None while nothing is paused."""
    shortage: Callable[[], str | None] = lambda: None
    """Why no new run starts for want of room on the disk, in a sentence; None while there is room."""
    models: ModelControl | None = None
    """None where no gateway runs."""
    forge_rests: Callable[[str | None], str | None] = lambda repository: None
    """The forge of a repository by its host, where that is not asked now since it failed."""
    confinement: ConfinementLevel | None
    """How far the agents of hosted runs are confined."""
