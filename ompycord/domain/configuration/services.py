"""What runs beside the checks and the agent of a run, such as a database, as settings write it.

Counterpart of `workspaces/services/`, which starts it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal, Self, get_args

from pydantic import Field, field_validator, model_validator

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.written import Argument, Slug, VariableName

__all__ = ["KnownService", "ServiceSpec", "ServiceUser", "require_named", "required_to_differ", "used_by"]

KnownService = Literal["postgres", "redis", "mariadb"]
"""Services that need no more than their name."""
ServiceUser = Literal["checks", "agent"]
_USUAL_PORTS: Final[dict[KnownService, int]] = {"postgres": 5432, "redis": 6379, "mariadb": 3306}
Port = Annotated[int, Field(ge=1, le=65_535)]
Words = Annotated[tuple[Argument, ...], Field(max_length=200)]


class ServiceSpec(Frozen):
    """One service. It is started empty for each check and for each start of the agent, and ends with it."""

    name: Slug
    """`postgres`, `redis` and `mariadb` need no more; any other needs `command` and `port`."""
    command: Words = ()
    """An argument list, never a shell. `{host}` and `{port}` are where it listens, `{data}` is a folder of its own."""
    port: Port | None = None
    """Where it listens where the run has a network of its own. Elsewhere it gets a free one: use `{port}`."""
    probe: Words = ()
    """A command that ends with 0 once it is ready; left out, it is ready once its port takes a connection."""
    ready_s: Annotated[float, Field(gt=0, le=600)] = 60
    """How long it may take to get ready."""
    variables: Annotated[dict[VariableName, Annotated[str, Field(max_length=4096)]], Field(max_length=50)] = Field(
        default_factory=dict[str, str]
    )
    """Variables by which agent and checks find it, such as `SEARCH_URL: "http://{host}:{port}"`."""
    used_by: Annotated[tuple[ServiceUser, ...], Field(min_length=1, max_length=2)] = get_args(ServiceUser)
    """For whom it is started."""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        return {"name": given} if isinstance(given, str) else given

    @field_validator("command", "probe")
    @classmethod
    def _installed(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        """A program of the repository would be another one on the base than in the result."""
        if words and "/" in words[0] and not words[0].startswith("/"):
            raise ValueError("the program is one of the PATH, or has a full path: none of the repository")
        return words

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.command and self.known is None:
            raise ValueError("give command and port, or name one of postgres, redis and mariadb")
        if self.command and self.port is None:
            raise ValueError("give the port on which the command listens")
        return self

    @property
    def known(self) -> KnownService | None:
        """Which of the known ones it is; None for a command."""
        return next((one for one in _USUAL_PORTS if one == self.name and not self.command), None)

    @property
    def own_port(self) -> int:
        """Its port where the run has a network of its own."""
        if self.port is not None:
            return self.port
        known = self.known
        if known is None:
            raise AssertionError(self.name)
        return _USUAL_PORTS[known]


def used_by(services: Iterable[ServiceSpec], user: ServiceUser) -> tuple[ServiceSpec, ...]:
    """Those that are started for these programs."""
    return tuple(one for one in services if user in one.used_by)


def require_named(services: Iterable[ServiceSpec], used: Mapping[str, Iterable[str]]) -> None:
    """`used`: services by the check that uses them. Raises ValueError for one that is not there."""
    known = {one.name for one in services}
    for check, names in used.items():
        if missing := [name for name in names if name not in known]:
            raise ValueError(f"the check {check} uses {missing[0]}, which services does not name")


def required_to_differ(services: Iterable[ServiceSpec]) -> str:
    """What two of them share and must not; empty where nothing."""
    listed = tuple(services)
    names = [name for name, times in Counter(one.name for one in listed).items() if times > 1]
    ports = [port for port, times in Counter(one.own_port for one in listed).items() if times > 1]
    if names:
        return f"the service {names[0]} is there twice"
    return f"two services listen on port {ports[0]}" if ports else ""
