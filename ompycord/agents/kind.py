"""A kind of agent: its options, its adapter and the programs that run as it; every adapter's module ends with one.

Counterpart: `registry.py`, which finds them by the entry points of `ompycord.agents`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from inspect import get_annotations
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Generic, Literal, Protocol, Self, TypeVar, get_args, get_origin

from ompycord.domain.repository import AgentSpec

if TYPE_CHECKING:  # settings need the options of agents and start none of them
    from ompycord.domain.ports import AgentAdapter
    from ompycord.processes.launcher_port import Launcher

__all__ = ["AgentKind", "AgentOptions", "MakeAdapter", "RepositoryFiles"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositoryFiles:
    """What one agent program does with files of the repository (`repository_settings.py`)."""

    program: str
    files: tuple[str, ...] = ()
    """What it would read there, in addition to texts for its model."""
    could: str
    """What these could do if nothing disabled them."""
    variables: Mapping[str, str] = field(default_factory=dict[str, str])
    """Its switches. Every agent gets those of all programs that we know: the other programs ignore them."""
    shut_by: str
    """What disables them, as text; empty where the program has no such switch."""
    open: tuple[str, ...] = ()
    """Files that run code, inside our confinement, whatever we do."""


class AgentOptions(AgentSpec):
    """The options of one kind: it gives `kind` its one value and adds fields that `AgentSpec` has not."""

    programs: ClassVar[tuple[RepositoryFiles, ...]] = ()
    """What runs as this kind and what it takes from a repository; every kind has one at least."""

    @classmethod
    def of(cls, spec: AgentSpec) -> Self:
        """The options of `spec`. Raises TypeError for options of another kind: settings make them by their kind."""
        if not isinstance(spec, cls):
            raise TypeError(f"{spec.name} is of kind {spec.kind}, and these are not the options of {cls.__name__}")
        return spec

    def variables(self, home: Path) -> Mapping[str, str]:
        """What its program needs in its environment so that a repository's files cannot move it; `home` is its HOME."""
        return {}

    def is_notified_of_clone(self) -> bool:
        """Whether it is started in its HOME, and gets its clone by an argument or its protocol."""
        return False

    def terminal(self, session: str | None, tree: Path) -> tuple[str, ...] | None:
        """How a person continues in `session` at a terminal, in the clone `tree`: the agent's own program for people.

        None where no such program is known.
        """
        return None


O_co = TypeVar("O_co", bound=AgentOptions, covariant=True)
_REPLACED: Final = frozenset({"kind"})


class MakeAdapter(Protocol):
    """An adapter's class: it starts everything through `launcher`."""

    def __call__(self, *, launcher: "Launcher") -> "AgentAdapter": ...


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentKind(Generic[O_co]):
    """One kind of agent. Raises TypeError where its options are not what a kind needs."""

    options: type[O_co]
    adapter: MakeAdapter

    def __post_init__(self) -> None:
        own = self.options.__name__
        kind = self.options.model_fields["kind"]
        if get_origin(kind.annotation) is not Literal or get_args(kind.annotation) != (kind.default,):
            raise TypeError(f"{own}.kind must be a Literal of one name, which is its default")
        bases = (base for base in self.options.__mro__ if issubclass(base, AgentOptions))
        written = {name for base in bases for name in get_annotations(base)}
        twice = sorted(written & set(AgentSpec.model_fields) - _REPLACED)
        if twice:
            raise TypeError(f"{own} declares what every agent has already: {', '.join(twice)}")
        if not self.options.programs:
            raise TypeError(f"{own}.programs must say what the program takes from a repository")

    @property
    def name(self) -> str:
        """Its name in configuration: `agents.NAME.kind`."""
        return str(self.options.model_fields["kind"].default)
