"""Repositories, checks and agents as configuration names them; in Discord only their names appear."""

import re
import unicodedata
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, field_serializer, field_validator, model_validator
from pydantic_core import PydanticCustomError

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.attached_secrets import AttachedSecrets
from ompycord.domain.configuration.deploy_key import DeployKeySpec, require_ssh
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.configuration.planning import PlanningSpec
from ompycord.domain.configuration.publish_options import PublishSpec
from ompycord.domain.configuration.services import ServiceSpec, require_named, required_to_differ
from ompycord.domain.configuration.setup import SecretUse, SetupStep
from ompycord.domain.configuration.written import (
    Argument,
    HostRule,
    Mebibytes,
    Processes,
    Rounds,
    Slug,
    VariableName,
    WrittenPath,
    is_own_variable,
)
from ompycord.domain.ids import RunId, short_id
from ompycord.domain.risk.deciders import ApprovalRules
from ompycord.domain.risk.overrides import RiskSpec

__all__ = [
    "ANOTHER_BASE",
    "BRANCH_LIMIT",
    "MOST_MODELS",
    "SLUG_LIMIT",
    "AgentSpec",
    "BranchName",
    "BranchPrefix",
    "CheckSpec",
    "ConfinementLevel",
    "Grants",
    "GuardSpec",
    "OwnName",
    "ParserSpec",
    "RepositorySpec",
    "ReviewerSpec",
    "Rounds",
    "Sandbox",
    "branch_fault",
    "branch_of",
    "former_branch_of",
    "is_key_variable",
    "slug_of",
]

ANOTHER_BASE: Final = "Name another base."
"""The end of the sentence about a run that failed since its base is not there; its form has the base first then."""

ConfinementLevel = Literal["full", "files+net", "files", "container", "none"]
MOST_MODELS: Final = 100
"""Models that an agent is known to have; what it announces beyond that is left out."""
OwnName = Annotated[str, StringConstraints(min_length=1, max_length=128)]
"""A name that an agent itself gives to something: a mode, a model."""
BRANCH_LIMIT: Final = 200
"""Characters of a branch's name."""
SLUG_LIMIT: Final = 40
"""Characters of a title in a branch's name."""
_BETWEEN_WORDS: Final = re.compile(r"[^a-z0-9]+")
_WITHIN_WORDS: Final = str.maketrans("", "", "'`")
_UNUSABLE: Final = frozenset(" ~^:?*[\\\x7f") | {chr(code) for code in range(32)}


def branch_fault(name: str) -> str | None:
    """What is wrong with it as the name of a branch, as the end of a sentence; None for a name that git takes.

    The rules of git-check-ref-format(1) for `--branch`, without `@{-1}` for the branch before.
    """
    parts = name.split("/")
    if "" in parts:
        return "a name is not empty, and has no / at an end nor two in a row"
    if name.startswith("-"):
        return "it begins with -"
    if name in {"@", "HEAD"}:
        return "git uses that name for something else"
    if unusable := next((sign for sign in name if sign in _UNUSABLE), None):
        return f"it contains {_named(unusable)}"
    if ".." in name or "@{" in name:
        return f"it contains {'..' if '..' in name else '@{'}"
    if name.endswith(".") or any(part.startswith(".") or part.endswith(".lock") for part in parts):
        return "no part begins with . or ends with .lock, and the whole does not end with ."
    try:
        name.encode()
    except UnicodeEncodeError:
        return "it has half of a character"
    return None


def slug_of(title: str) -> str:
    """The ASCII letters and digits of a title, in small letters, with `-` between words; at most SLUG_LIMIT.

    Letters with an accent are those without it. It ends with a whole word where the limit allows one. Empty where the
    title has none of these.
    """
    plain = unicodedata.normalize("NFKD", title.casefold()).encode("ascii", "ignore").decode().lower()
    slug = _BETWEEN_WORDS.sub("-", plain.translate(_WITHIN_WORDS)).strip("-")
    if len(slug) <= SLUG_LIMIT:
        return slug
    whole, _, rest = slug[: SLUG_LIMIT + 1].rpartition("-")
    return whole if len(rest) <= SLUG_LIMIT // 2 and whole else slug[:SLUG_LIMIT].rstrip("-")


def branch_of(prefix: str, title: str, run: RunId) -> str:
    """`<prefix><slug>-<short id>`; without a slug the short id alone follows."""
    slug = slug_of(title)
    return f"{prefix}{slug}-{short_id(run)}" if slug else former_branch_of(prefix, run)


def former_branch_of(prefix: str, run: RunId) -> str:
    """The name that a run has which began before names had a slug."""
    return f"{prefix}{short_id(run)}"


def _named(sign: str) -> str:
    return {" ": "a space", "\t": "a tab", "\n": "a line break"}.get(sign, sign if sign.isprintable() else "a control")


def _possible(name: str) -> str:
    if fault := branch_fault(name):
        raise PydanticCustomError("branch_name", "git takes no such name of a branch: {fault}", {"fault": fault})
    return name


def _possible_prefix(prefix: str) -> str:
    if prefix.startswith("+"):
        raise PydanticCustomError("branch_prefix", "git fetch takes a + at the beginning as an order to overwrite")
    _possible(f"{prefix}7f3k2m")
    return prefix


BranchName = Annotated[str, StringConstraints(max_length=BRANCH_LIMIT), AfterValidator(_possible)]
BranchPrefix = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_possible_prefix)]
"""What the names of results begin with; a run's short id follows."""


_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_KEY_NAMES = ("_API_KEY", "_AUTH_TOKEN", "_OAUTH_TOKEN")
"""How the variables end in which agents look for a key of a provider."""


ModeName = Literal["fast", "standard", "full", "ask"]
PathPattern = Annotated[str, StringConstraints(min_length=1, max_length=512)]


def is_key_variable(name: str) -> bool:
    """Whether agents look for a key of a provider in a variable of this name."""
    return name.upper().endswith(_KEY_NAMES)


class ParserSpec(Frozen):
    """How a check's result is read, as far as every parser has it.

    Each parser's own options extend it (`checks/parser.py`).
    """

    kind: Slug = "auto"
    """Which parser reads it; `auto` is the one that knows the command."""


class CheckSpec(Frozen):
    """A verification step: a command, a hard timeout and how its result is read."""

    name: Slug
    command: Annotated[tuple[Argument, ...], Field(min_length=1)]
    """An argument list, never a shell. `{python}` is the interpreter that runs Ompycord."""
    timeout_s: Annotated[float, Field(gt=0, le=7200)] = 600
    parser: ParserSpec = ParserSpec()
    """How to count: the name of a parser, or its `kind` with its options. Left out, the command decides."""
    network: bool | Literal["gateway"] = "gateway"
    """Whether it may reach the network; *gateway*: the names in `hosts` alone, by Ompycord's proxy.

    It runs what an agent wrote. Where no level here can deny it, the network stays open.
    """
    hosts: Annotated[tuple[HostRule, ...], Field(max_length=100)] = ()
    """With *gateway*: names that it may reach, as `name`, `*.name` or `name:port`; none: it has no network."""
    git: bool = False
    """Whether its checkout has a small `.git`: one commit of the result, no history, no remote.

    For commands such as `git ls-files`.
    """
    services: tuple[Slug, ...] | None = None
    """Which of the repository's services it uses; left out, all that checks have."""
    max_processes: Processes = 512
    """How many processes it may be; as for an agent (`Sandbox`), more ends it."""
    max_memory_mib: Mebibytes = 8192
    """Their memory together, in MiB."""
    max_disk_mib: Mebibytes = 10_240
    """What its checkout, HOME and TMPDIR may take of the disk, in MiB."""

    @model_validator(mode="after")
    def _hosts_need_proxy(self) -> Self:
        if self.hosts and self.network != "gateway":
            raise ValueError("hosts are reached by Ompycord's proxy: set network: gateway beside them")
        return self

    @field_validator("parser", mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        return {"kind": given} if isinstance(given, str) else given

    @field_serializer("parser")
    def _as_written(self, parser: ParserSpec) -> str | dict[str, Any]:
        """Its name alone where it has no options."""
        dumped = parser.model_dump(mode="json")
        return parser.kind if len(dumped) == 1 else dumped


class GuardSpec(Frozen):
    """What a result must keep to before it is taken (docs/contracts/runs.md, *Guard*)."""

    syntax: bool = True
    """Whether changed files of Python, JavaScript, TypeScript, Go and Rust must parse; not in mode fast."""
    secrets: bool = True
    """Whether secrets of well-known formats in what a result adds end its run."""
    plan: bool = True
    """Whether files that neither an approved plan nor a review's findings name go back to the agent, once each."""
    exempt: Annotated[tuple[PathPattern, ...], Field(max_length=200)] = ()
    """Paths whose content is not looked at, as `name`, `folder/*.ext` or `folder/**`: samples wrong on purpose."""
    max_files: Annotated[int, Field(ge=1, le=1_000_000)] = 2000
    """Files that a result may change."""
    max_lines: Annotated[int, Field(ge=1, le=100_000_000)] = 100_000
    """Lines that a result may add."""
    max_file_mib: Annotated[int, Field(ge=1, le=2048)] = 20
    """The size of a file that a result adds or changes, in MiB."""


class ReviewerSpec(Frozen):
    """Who reads a result in mode full before it is published."""

    agent: Slug | None = None
    """Left out: another agent that is allowed here, else the one that made the result, with nothing remembered."""
    model: OwnName | None = None
    """The model that it uses, as the agent names it; left out, its own."""


class RepositorySpec(Frozen):
    """A repository by name. Exactly one of `path` and `address`."""

    name: Slug
    path: WrittenPath | None = None
    """A repository on this machine; results land there as branches."""
    address: Annotated[str, StringConstraints(max_length=2048)] | None = None
    """Where git clones from."""
    deploy_key: DeployKeySpec | None = None
    """The key for an ssh address; left out, what the bot's user has."""
    base: BranchName = "main"
    channel: str | None = None
    """The Discord channel that is bound to it, so that a prompt is enough there."""
    checks: tuple[CheckSpec, ...] = ()
    agents: tuple[Slug, ...] = ()
    """Agents allowed here; empty means all."""
    two_person: bool = False
    """Whether approvals need a person other than the requester of the run."""
    approvals: ApprovalRules = ApprovalRules()
    """Who decides on each risk class here; what is left out is as in the general `approvals`."""
    risk: RiskSpec = RiskSpec()
    """What this repository knows better about the risk of its commands."""
    branch_prefix: BranchPrefix = "ompycord/"
    max_iterations: Rounds | None = None
    """Rounds of work and verification of a run here; left out, `limits.max_iterations`."""
    plan_approval: Literal["person", "automatic"] = "person"
    """Whether a person decides on the plan of a run in mode full, or the work begins by any valid plan."""
    planning: PlanningSpec | None = None
    """Further passes over a plan, by models that Ompycord asks itself; left out, the agent's own plan is proposed."""
    reviewer: ReviewerSpec = ReviewerSpec()
    modes: tuple[ModeName, ...] = ()
    """Modes that a run here may have; empty means all."""
    guard: GuardSpec = GuardSpec()
    """What a result must keep to."""
    protected: Annotated[tuple[PathPattern, ...], Field(max_length=200)] = ()
    """Paths that no result may change, as `name`, `folder/*.ext` or `folder/**`."""
    setup: Annotated[tuple[SetupStep, ...], Field(max_length=20)] = ()
    """What makes its dependencies ready before an agent starts; kept until what a step reads changes."""
    services: Annotated[tuple[ServiceSpec, ...], Field(max_length=10)] = ()
    """What runs beside its checks and its agent, such as a database: empty at each start, and gone after it."""
    setup_hosts: Annotated[tuple[HostRule, ...], Field(max_length=100)] = ()
    """Names that set-up may reach by Ompycord's proxy, such as a package registry; none: it has no network."""
    secrets: dict[VariableName, SecretUse] = Field(default_factory=dict[str, SecretUse])
    """Variables of the bot's environment that programs of a run get, each with who: set-up, checks, the agent."""
    attached_secrets: AttachedSecrets = ()
    """Secrets that Ompycord's proxy adds to requests to one host each; the programs do not get them."""
    forge: ForgeSpec | None = None
    """Where a run that ends well opens a pull request; left out, its result is a branch alone."""
    publish: PublishSpec = PublishSpec()
    """What its pull requests get, who allows them, and what follows."""

    @field_validator("secrets")
    @classmethod
    def _none_of_the_bots_own(cls, secrets: dict[str, SecretUse]) -> dict[str, SecretUse]:
        if any(is_own_variable(name) for name in secrets):
            raise ValueError("a variable of the bot's own (DISCORD_, OMP_, OMPYCORD_) is never given to a run")
        return secrets

    @field_validator("services")
    @classmethod
    def _side_by_side(cls, services: tuple[ServiceSpec, ...]) -> tuple[ServiceSpec, ...]:
        if shared := required_to_differ(services):
            raise ValueError(shared)
        return services

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.address is None):
            raise ValueError("give either path or address")
        require_ssh(self.deploy_key, self.address)
        require_named(self.services, {check.name: check.services or () for check in self.checks})
        return self

    @property
    def remote(self) -> str:
        """Its path or address as `git fetch` takes it, without credentials: what may be shown."""
        return str(self.path) if self.path is not None else _CREDENTIALS.sub("", self.address or "")


class Sandbox(Frozen):
    """How well an agent must be confined."""

    minimum: ConfinementLevel = "files"
    """Below this level a run is refused: an agent runs unconfined only where configuration says so by name."""
    network: bool | Literal["gateway"] = "gateway"
    """Whether it may reach the network; *gateway*: Ompycord's own address alone, where it asks its models.

    Left out, an agent that is granted a key or a file has all of the network, which its own login needs.
    Where no level here can deny it, a run is refused with false; with *gateway* the network stays open there.
    """
    hosts: Annotated[tuple[HostRule, ...], Field(max_length=100)] = ()
    """With *gateway*: names that it may reach by Ompycord's proxy, as `name`, `*.name` or `name:port`."""
    max_processes: Processes = 512
    """How many processes the agent may be with all that it starts.

    More ends it, at every level; so for the two below.
    """
    max_memory_mib: Mebibytes = 8192
    """Their memory together, in MiB; what they share counts once."""
    max_disk_mib: Mebibytes = 10_240
    """What its run's folder may take of the disk, in MiB: clone, HOME and TMPDIR."""

    @model_validator(mode="after")
    def _hosts_need_proxy(self) -> Self:
        if self.hosts and self.network != "gateway":
            raise ValueError("hosts are reached by Ompycord's proxy: set network: gateway beside them")
        return self


class Grants(Frozen):
    """What an agent gets of its user's own, by name; nothing else of home is given."""

    files: tuple[WrittenPath, ...] = ()
    """Files or folders that it may read.

    Those below the user's home stand at the same place in the agent's own HOME.
    """
    variables: tuple[VariableName, ...] = ()
    """Variables of the bot's environment that it gets, never the bot's own."""

    @field_validator("variables")
    @classmethod
    def _none_of_the_bots_own(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if any(is_own_variable(name) for name in names):
            raise ValueError("a variable of the bot's own (DISCORD_, OMP_, OMPYCORD_) is never given to an agent")
        return names


class AgentSpec(Frozen):
    """An agent by name, as far as every kind has it; each kind's own options extend it (`agents/kind.py`)."""

    takes_model: ClassVar[bool] = False
    """Whether a task may choose its model."""
    asks_models: ClassVar[bool] = False
    """Whether Ompycord asks models for it, whatever network it has."""

    name: Slug
    kind: Slug
    """Which adapter runs it; the adapter's options know this name."""
    command: tuple[Argument, ...] = ()
    """An argument list, never a shell. Left out, it is the kind's own program where it has one."""
    env: dict[VariableName, str] = Field(default_factory=dict[str, str])
    """Variables set for the agent, in addition to the allow-list."""
    wall_s: Annotated[float, Field(gt=0, le=86_400)] = 3600
    idle_s: Annotated[float, Field(gt=0, le=86_400)] = 900
    sandbox: Sandbox = Sandbox()
    grants: Grants = Grants()
    models: Annotated[tuple[OwnName, ...], Field(max_length=MOST_MODELS)] = ()
    """Models that a task may choose, as the agent names them; none listed: any that the agent knows.

    An agent without a key asks Ompycord for these alone, by the provider's name of each, and is set to the first.
    """

    @property
    def key_variables(self) -> tuple[str, ...]:
        """The variables with keys of providers that the settings give it: then it is not pointed, and not metered."""
        return tuple(name for name in (*self.grants.variables, *self.env) if is_key_variable(name))
