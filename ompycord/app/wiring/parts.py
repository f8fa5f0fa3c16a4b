"""What is wired, in five bundles; `compose.py` makes each from the ones before."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ompycord.app.access_keys.key_manager import KeyManager
from ompycord.app.alerting.heartbeat import Ping
from ompycord.app.control import Operation
from ompycord.app.data_folder import DataFolder
from ompycord.app.forges.connections import ForgeConnections
from ompycord.app.known_secrets import KnownSecrets
from ompycord.app.mode import StorageMode
from ompycord.app.remembering.backed_search import BackedSearch
from ompycord.app.remembering.backend import backed_search
from ompycord.app.services import Service
from ompycord.app.wiring.forge_credentials import ForgeCredentials
from ompycord.bot.bot import Bot
from ompycord.bot.members import DiscordMembers
from ompycord.conductor import (
    Approvals,
    BudgetKeeper,
    Budgets,
    Bus,
    Checkpoints,
    Driver,
    EventRecorder,
    Guardian,
    Inboxes,
    Messages,
    OverlapDecisions,
    OverlapWatch,
    Plans,
    Projector,
    PullRequests,
    RecentEvents,
    RunAccess,
    Runs,
    Slots,
    Snapshots,
    TypedAnswers,
)
from ompycord.conductor.budgeting import BudgetBook, SharedAccounts, SharedBudgetKeeper
from ompycord.conductor.remembering import Lessons
from ompycord.conductor.risk.standing import StandingPermissions
from ompycord.conductor.roles.book import RoleBook
from ompycord.conductor.roles.present import PresentRoles
from ompycord.conductor.roles.refusals import RefusalRecord
from ompycord.conductor.roles.waiting import StillAllowed
from ompycord.conductor.secret_requests import SecretPages, SecretRequests, SecretVault
from ompycord.domain.base import Millis
from ompycord.domain.events import LeftOut
from ompycord.domain.ids import RunId
from ompycord.domain.ports import (
    AgentAdapter,
    AgentCapabilities,
    Checks,
    Clock,
    Ids,
    RunServices,
    SetUps,
    Takeovers,
    WorkResults,
    Workspaces,
)
from ompycord.http import Sidecar
from ompycord.http.trust.authorities import MACHINE, Trust
from ompycord.mcp_server import McpMount
from ompycord.memory.vectors.meaning import Meaning
from ompycord.notify import Notifier
from ompycord.processes.launcher_port import Launcher
from ompycord.settings import Settings
from ompycord.store import SqliteStore
from ompycord.telemetry.run_counts import RunCounts
from ompycord.workspaces.artifacts import Artifacts
from ompycord.workspaces.guarding.granted import FindGranted
from ompycord.workspaces.preparing.base_reader import BaseReader

__all__ = ["Areas", "Infrastructure", "Parts", "Secrets", "SharedBudgets", "Workers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """The secrets that sign and authenticate, as text."""

    bot_token: str
    webhook_secret: str
    component_key: str
    """Signs the buttons of our messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Infrastructure:
    """What all other parts work on."""

    settings: Settings
    data: DataFolder
    store: SqliteStore
    notifier: Notifier
    bus: Bus
    snapshots: Snapshots
    mode: StorageMode
    known: KnownSecrets
    clock: Clock
    ids: Ids
    trust: Trust = MACHINE
    """Whose certificates are believed where Ompycord reaches out."""
    ping: Ping | None = None
    """Asks the address of `alerts.heartbeat`; None where none is configured."""
    recent: RecentEvents = field(default_factory=RecentEvents)
    """The newest events, for the guardian."""
    counts: RunCounts = field(default_factory=RunCounts)
    """Of runs, for the metrics."""
    slots: Slots = field(init=False)
    """Who holds one of `limits.parallel_runs`."""
    forges: ForgeConnections = field(init=False)
    """Connections to forges, and as whom they are asked."""
    vault: SecretVault = field(init=False)
    """What people gave to agents that asked for a secret."""
    roles: RoleBook = field(init=False)
    """Who has which role where."""
    refusals: RefusalRecord = field(init=False)
    """Puts what was refused to somebody into the audit."""
    members: DiscordMembers = field(init=False)
    """Asks Discord for people when something of theirs is used."""
    present: PresentRoles = field(init=False)
    """The role that somebody has at that moment."""
    still: StillAllowed = field(init=False)
    """Whether what somebody said or allowed still counts."""
    meaning: Meaning = field(init=False)
    """What is near a text in meaning, in the memory."""
    backed: BackedSearch | None = field(init=False)
    """Asks the memory of another package; None where none is configured."""
    alarms: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """Called when something was decided. Filled while wiring, since the waking parts are made before the woken ones."""
    log_alarms: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])
    """Called when anything was stored in the log."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "slots", Slots(self.settings.catalog.limits, self.clock))
        credentials = ForgeCredentials(self.data.path, clock=self.clock, learn=self.known.add, trust=self.trust)
        object.__setattr__(self, "forges", ForgeConnections(credentials, self.clock))
        object.__setattr__(self, "vault", SecretVault(self.data.path / "secrets" / "asked", learn=self._learn_given))
        object.__setattr__(self, "roles", RoleBook(configured=self.settings.access, rows=self.store))
        object.__setattr__(self, "refusals", RefusalRecord(audit=self.store, clock=self.clock))
        object.__setattr__(self, "members", DiscordMembers(self.clock))
        object.__setattr__(self, "present", PresentRoles(book=self.roles, members=self.members))
        access = RunAccess(store=self.store, clock=self.clock, ids=self.ids)
        still = StillAllowed(
            access=access, history=self.store, present=self.present, catalog=self.settings.catalog
        )  # fmt: skip
        object.__setattr__(self, "still", still)
        meaning = Meaning(
            rows=self.store.vectors, options=self.settings.memory.embeddings, clock=self.clock, redact=self.redact
        )
        object.__setattr__(self, "meaning", meaning)
        backed = backed_search(
            self.settings.memory.backend, rows=self.store.memory, clock=self.clock, redact=self.redact
        )
        object.__setattr__(self, "backed", backed)

    def _learn_given(self, name: str, value: str) -> None:
        """Know a secret for an agent: nothing that leaves has it, nor any row of what agents report."""
        self.store.keep_out(self.known.add_given(name, value))

    @property
    def redact(self) -> Callable[[str], str]:
        """Takes the secrets of this process out of a text."""
        return self.known.redactor.redact

    def wake(self) -> None:
        """Something was decided: there may be work."""
        self.wake_projector()
        for alarm in self.alarms:
            alarm()

    def wake_projector(self) -> None:
        """A fact was stored that decides nothing."""
        for alarm in self.log_alarms:
            alarm()


async def _no_sessions(now: Millis) -> None:
    """Where none are kept."""


async def _nothing_kept(run: RunId, *, granted: FindGranted | None) -> tuple[LeftOut, ...]:
    """Where clones hold nothing else."""
    return ()


class KeepUncollected(Protocol):
    """Keeps what the clone of a run that is over holds that no result has (`GitWorkspaces.keep_uncollected`)."""

    async def __call__(self, run: RunId, *, granted: FindGranted | None) -> tuple[LeftOut, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """What works on a repository: starts programs, makes clones."""

    launcher: Launcher
    workspaces: Workspaces
    takeovers: Takeovers
    results: WorkResults
    artifacts: Artifacts
    adapters: Mapping[str, AgentAdapter]
    """By an agent's kind."""
    capabilities: Mapping[str, AgentCapabilities]
    """By an agent's kind, too."""
    checks: Checks
    kill_strays: Callable[[RunId], Awaitable[None]]
    """Kills programs that a run left running."""
    bases: BaseReader | None = None
    """Reads the base of a run before it has a clone; None where nothing is looked at before a run."""
    set_ups: SetUps | None = None
    """Makes the dependencies of repositories ready."""
    services: RunServices | None = None
    """Tries the services of runs."""
    prune_sessions: Callable[[Millis], Awaitable[None]] = _no_sessions
    """Removes sessions of agents that are kept for too long, at this moment."""
    keep_uncollected: KeepUncollected = _nothing_kept
    """Keeps what a clone that was left behind holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedBudgets:
    """What runs share: the accounts, what people ask of them, and what keeps them."""

    accounts: SharedAccounts
    book: BudgetBook
    keeper: SharedBudgetKeeper


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """The use cases for people and agents, by area; each part of the product gets those that it needs."""

    runs: Runs
    messages: Messages
    approvals: Approvals
    plans: Plans
    pull_requests: PullRequests
    overlaps: OverlapDecisions
    overlap_watch: OverlapWatch
    checkpoints: Checkpoints
    typed_answers: TypedAnswers
    budgets: Budgets
    recorder: EventRecorder
    inboxes: Inboxes
    standing: StandingPermissions
    budget_keeper: BudgetKeeper
    shared_budgets: SharedBudgets
    guardian: Guardian
    lessons: Lessons
    secret_requests: SecretRequests
    secret_pages: SecretPages


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What was wired, for the caller who starts it."""

    services: tuple[Service, ...]
    """All services but the server, in the order of start."""
    sidecar: Sidecar
    bot: Bot
    store: SqliteStore
    areas: Areas
    projector: Projector
    driver: Driver
    mcp: McpMount
    key_manager: KeyManager
    operations: Mapping[str, Operation]
    """What the control socket answers."""
