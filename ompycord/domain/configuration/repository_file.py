"""A repository's own file, `.ompycord.yml` of the base: what it may name, and how it narrows the settings; pure.

Commands that run confined are added to the operator's; all else only narrows. What would widen is a fault, and a run
with a fault does not start. Counterpart: `settings/repository_file.py`, which reads the text.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal, NamedTuple, Protocol, TypeVar

from pydantic import Field

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.attached_secrets import AttachedSecret
from ompycord.domain.configuration.services import ServiceSpec, ServiceUser, required_to_differ, used_by
from ompycord.domain.configuration.setup import SetupStep, User
from ompycord.domain.configuration.written import HostRule, Mebibytes, Processes, Rounds, Slug, VariableName
from ompycord.domain.repository import AgentSpec, CheckSpec, Grants, ModeName, PathPattern, RepositorySpec

__all__ = [
    "REPOSITORY_FILE",
    "REPOSITORY_SCHEMA",
    "Configured",
    "FileFault",
    "RepositoryFile",
    "RepositoryLimits",
    "agent_faults",
    "covers",
    "narrowed",
]

REPOSITORY_FILE: Final = ".ompycord.yml"
REPOSITORY_SCHEMA: Final = "ompycord/repository@1"
_BOUNDS: Final = ("max_processes", "max_memory_mib", "max_disk_mib")
_USUAL_PORTS: Final = frozenset({"", "80", "443"})

Seconds = Annotated[float, Field(gt=0, le=86_400)]


class RepositoryLimits(Frozen):
    """Less than the agent's own settings allow."""

    wall_s: Seconds | None = None
    idle_s: Seconds | None = None
    max_processes: Processes | None = None
    max_memory_mib: Mebibytes | None = None
    max_disk_mib: Mebibytes | None = None


_NO_LIMITS: Final = RepositoryLimits()


class RepositorySecrets(Frozen):
    """Which of the granted secrets each kind of programs gets; a kind that is left out gets what was granted."""

    setup: tuple[VariableName, ...] | None = None
    checks: tuple[VariableName, ...] | None = None
    agent: tuple[VariableName, ...] | None = None


class RepositoryFile(Frozen):
    """The file. A check's parser has the options of its kind (`settings/kinds.py`)."""

    schema_: Literal["ompycord/repository@1"] = Field(alias="schema")
    checks: Annotated[tuple[CheckSpec, ...], Field(max_length=50)] = ()
    """More checks, without a network. One of the operator's cannot be replaced."""
    setup: Annotated[tuple[SetupStep, ...], Field(max_length=20)] = ()
    """More steps of set-up, after the operator's."""
    services: Annotated[tuple[ServiceSpec, ...], Field(max_length=10)] = ()
    """More services, beside the operator's."""
    agents: tuple[Slug, ...] | None = None
    modes: tuple[ModeName, ...] | None = None
    hosts: Annotated[tuple[HostRule, ...], Field(max_length=100)] | None = None
    """Names that an agent may reach here; none: no name."""
    limits: RepositoryLimits = RepositoryLimits()
    max_iterations: Rounds | None = None
    secrets: RepositorySecrets = RepositorySecrets()
    protected: Annotated[tuple[PathPattern, ...], Field(max_length=200)] = ()
    """More paths that no result may change."""


class FileFault(NamedTuple):
    """Why the file is not taken."""

    key: str
    text: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A repository as one run uses it: the operator's settings, narrowed by the file of the run's base."""

    repository: RepositorySpec
    hosts: tuple[str, ...] | None = None
    """Names that an agent may reach; None: as its own settings say."""
    limits: RepositoryLimits = _NO_LIMITS
    max_iterations: Rounds | None = None
    names_commands: bool = False
    """Whether the file names commands of its own."""

    def secrets_of(self, user: User) -> tuple[str, ...]:
        """The variables that these programs get."""
        return tuple(name for name, users in self.repository.secrets.items() if user in users)

    def attached_to(self, user: User) -> tuple[AttachedSecret, ...]:
        """The secrets that requests of these programs get on their way."""
        return tuple(one for one in self.repository.attached_secrets if user in one.to)

    def attached_for(self, spec: AgentSpec) -> tuple[AttachedSecret, ...]:
        """Those that requests of this agent's programs get: of hosts that it reaches by Ompycord's proxy."""
        hosts = spec.sandbox.hosts if spec.sandbox.network == "gateway" else ()
        return tuple(one for one in self.attached_to("agent") if any(covers(rule, one.host) for rule in hosts))

    def services_of(self, user: ServiceUser, check: CheckSpec | None = None) -> tuple[ServiceSpec, ...]:
        """What is started beside these programs, or beside this check."""
        found = used_by(self.repository.services, user)
        wanted = None if check is None else check.services
        return found if wanted is None else tuple(one for one in found if one.name in wanted)

    def agent(self, spec: AgentSpec) -> AgentSpec:
        """The agent as it works here: with the repository's secrets, within its limits and hosts."""
        limits = self.limits.model_dump(exclude_none=True)
        clocks = {name: limits.pop(name) for name in ("wall_s", "idle_s") if name in limits}
        network = {} if self.hosts is None else _network(spec, self.hosts)
        sandbox = spec.sandbox.model_copy(update={**limits, **network})
        given = tuple(dict.fromkeys((*spec.grants.variables, *self.secrets_of("agent"))))
        grants = Grants(files=spec.grants.files, variables=given)
        return spec.model_copy(update={**clocks, "sandbox": sandbox, "grants": grants})


def _network(spec: AgentSpec, hosts: tuple[str, ...]) -> dict[str, object]:
    """An agent with all of the network gets our address and these names instead."""
    return {"network": "gateway", "hosts": hosts} if spec.sandbox.network else {}


def narrowed(
    spec: RepositorySpec, file: RepositoryFile, *, rounds: int, agents: Iterable[str]
) -> tuple[Configured, list[FileFault]]:
    """`spec` with what the file says, and what of the file would widen it.

    `rounds` are those that the operator allows, `agents` those of the settings that may work in this repository.
    """
    known = tuple(agents)
    faults = [
        *_added("checks", spec.checks, file.checks),
        *_added("setup", spec.setup, file.setup),
        *_added("services", spec.services, file.services),
        *_ports(spec.services, file.services),
        *_checks(file.checks),
        *_known_services(file.checks, (*spec.services, *file.services)),
        *_setup(spec, file.setup),
        *_subset("agents", file.agents, known, f"repositories.{spec.name}.agents"),
        *_subset("modes", file.modes, spec.modes or None, f"repositories.{spec.name}.modes"),
        *_secrets(spec, file.secrets),
    ]
    if file.max_iterations is not None and file.max_iterations > rounds:
        faults.append(
            FileFault(
                "max_iterations", f"it is more than the {rounds} that the operator allows", f"Write {rounds} or less"
            )
        )
    repository = spec.model_copy(
        update={
            "checks": (
                *spec.checks,
                *(check.model_copy(update={"network": False, "hosts": ()}) for check in file.checks),
            ),
            "setup": (*spec.setup, *file.setup),
            "services": (*spec.services, *file.services),
            "agents": spec.agents if file.agents is None else file.agents,
            "modes": spec.modes if file.modes is None else file.modes,
            "secrets": _granted(spec, file.secrets),
            "attached_secrets": _attached(spec, file.secrets),
            "protected": tuple(dict.fromkeys((*spec.protected, *file.protected))),
        }
    )
    made = Configured(
        repository=repository,
        hosts=file.hosts,
        limits=file.limits,
        max_iterations=file.max_iterations,
        names_commands=bool(file.checks or file.setup or file.services),
    )
    return made, faults


def agent_faults(configured: Configured, spec: AgentSpec) -> list[FileFault]:
    """What of the file would widen what this agent may."""
    found: list[FileFault] = []
    for host in configured.hosts or ():
        is_open = spec.sandbox.network is True
        if not is_open and not any(covers(rule, host) for rule in spec.sandbox.hosts):
            found.append(
                FileFault(
                    "hosts",
                    f"the agent {spec.name} may not reach {host}",
                    f"Take it out, or add it to agents.{spec.name}.sandbox.hosts",
                )
            )
    allowed: dict[str, float] = {
        "wall_s": spec.wall_s,
        "idle_s": spec.idle_s,
        **{name: getattr(spec.sandbox, name) for name in _BOUNDS},
    }
    for name, wanted in configured.limits.model_dump(exclude_none=True).items():
        if wanted > allowed[name]:
            most = f"{allowed[name]:g}"
            found.append(
                FileFault(
                    f"limits.{name}", f"it is more than the {most} of the agent {spec.name}", f"Write {most} or less"
                )
            )
    return found


def covers(rule: str, wanted: str) -> bool:
    """Whether all that `wanted` names, as `name`, `*.name` or `name:port`, is named by `rule`."""
    name, _, port = rule.partition(":")
    inner, _, inner_port = wanted.partition(":")
    is_named = inner == name or (name.startswith("*.") and inner.endswith(name[1:]))
    return is_named and (port == inner_port or (not port and inner_port in _USUAL_PORTS))


class _Named(Protocol):
    """A check, or a step of set-up."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=_Named)


def _added(key: str, theirs: Iterable[N], ours: Iterable[N]) -> Iterator[FileFault]:
    """A name that stands there twice, or that is the operator's."""
    taken = {one.name for one in theirs}
    seen: set[str] = set()
    for one in ours:
        if one.name in taken:
            yield FileFault(
                f"{key}.{one.name}",
                "the operator's settings have this name, and what they name cannot be replaced",
                "Give it another name",
            )
        elif one.name in seen:
            yield FileFault(f"{key}.{one.name}", "the name is there twice", "Give one of them another name")
        seen.add(one.name)


def _known_services(checks: Iterable[CheckSpec], services: Iterable[ServiceSpec]) -> Iterator[FileFault]:
    known = {one.name for one in services}
    for check in checks:
        for name in check.services or ():
            if name not in known:
                yield FileFault(f"checks.{check.name}.services", f"there is no service {name}", "Add it to services")


def _ports(theirs: tuple[ServiceSpec, ...], ours: tuple[ServiceSpec, ...]) -> Iterator[FileFault]:
    """A port that two services share; a name that they share is told already."""
    named = {one.name: one for one in (*ours, *theirs)}
    if shared := required_to_differ(named.values()):
        yield FileFault("services", shared, "Give one of them another port")


def _checks(checks: Iterable[CheckSpec]) -> Iterator[FileFault]:
    for check in checks:
        if (check.network and "network" in check.model_fields_set) or check.hosts:
            yield FileFault(
                f"checks.{check.name}.network",
                "a check of the repository's own file has no network",
                "Take the line out, or have the operator name this check in ompycord.yml",
            )
        yield from _bounds(f"checks.{check.name}", check)


def _setup(spec: RepositorySpec, steps: Iterable[SetupStep]) -> Iterator[FileFault]:
    for step in steps:
        for host in step.hosts:
            if not any(covers(rule, host) for rule in spec.setup_hosts):
                yield FileFault(
                    f"setup.{step.name}.hosts",
                    f"set-up may not reach {host}",
                    f"Take it out, or add it to repositories.{spec.name}.setup_hosts",
                )
        yield from _bounds(f"setup.{step.name}", step)


def _bounds(key: str, given: CheckSpec | SetupStep) -> Iterator[FileFault]:
    for name in _BOUNDS:
        most: int = type(given).model_fields[name].default
        if getattr(given, name) > most:
            yield FileFault(
                f"{key}.{name}", f"it is more than {most}, which only the operator can allow", f"Write {most} or less"
            )


def _subset(key: str, wanted: Iterable[str] | None, allowed: Iterable[str] | None, setting: str) -> Iterator[FileFault]:
    known = None if allowed is None else frozenset(allowed)
    for name in wanted or ():
        if known is not None and name not in known:
            yield FileFault(key, f"the operator does not allow {name} here", f"Take it out, or add it to {setting}")


def _secrets(spec: RepositorySpec, wanted: RepositorySecrets) -> Iterator[FileFault]:
    attached = {(user, one.secret) for one in spec.attached_secrets for user in one.to}
    for user, names in _by_user(wanted):
        for name in names or ():
            if user not in spec.secrets.get(name, ()) and (user, name) not in attached:
                yield FileFault(
                    f"secrets.{user}",
                    f"{name} is not granted to {user}",
                    f"Take it out, or add {user} to repositories.{spec.name}.secrets.{name}",
                )


def _granted(spec: RepositorySpec, wanted: RepositorySecrets) -> dict[str, tuple[User, ...]]:
    kept = {name: _kept(name, users, wanted) for name, users in spec.secrets.items()}
    return {name: users for name, users in kept.items() if users}


def _attached(spec: RepositorySpec, wanted: RepositorySecrets) -> tuple[AttachedSecret, ...]:
    kept = ((one, _kept(one.secret, one.to, wanted)) for one in spec.attached_secrets)
    return tuple(one.model_copy(update={"to": users}) for one, users in kept if users)


def _kept(name: str, users: Iterable[User], wanted: RepositorySecrets) -> tuple[User, ...]:
    """Those of the users that still get the secret of this name."""
    named = dict(_by_user(wanted))
    return tuple(user for user in users if (names := named[user]) is None or name in names)


def _by_user(wanted: RepositorySecrets) -> tuple[tuple[User, tuple[str, ...] | None], ...]:
    return ("setup", wanted.setup), ("checks", wanted.checks), ("agent", wanted.agent)
