"""A kind of memory that another distribution adds: its options, and what it answers.

It finds candidates; Ompycord's own rows stay, and decide what is seen. Counterparts: `registry.py`, which finds kinds
by the entry points of `ompycord.memory`, and `app/remembering/backed_search.py`, which asks one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args, get_origin

from ompycord.domain.memory.backend import BackendItem, BackendQuery, BackendSpec

__all__ = ["MakeBackend", "MemoryBackend", "MemoryBackendKind"]


class MemoryBackend(Protocol):
    """Keeps items and finds them, for the life of the process, in an event loop of its own.

    Each call may raise anything, and may be repeated. Of `asyncio.to_thread` it has four threads, which nobody can end:
    give what waits there a timeout.
    """

    async def candidates(self, query: BackendQuery) -> Sequence[str]:
        """Ids of items that fit, the best first, `query.limit` at most; within `timeout_s` of its options.

        Of that server, and of that repository and channel or of all. What else it answers is left out.
        """
        ...

    async def known(self) -> Mapping[str, str]:
        """Every id that it keeps, with the stamp that it was given."""
        ...

    async def put(self, items: Sequence[BackendItem]) -> None:
        """Keep these, each in place of what was known by its id; 200 at most."""
        ...

    async def remove(self, ids: Sequence[str]) -> None:
        """Forget these wholly: they were dropped, or erased with a person. Ids that it does not know are no error."""
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...


O_contra = TypeVar("O_contra", bound=BackendSpec, contravariant=True)
OptionsT = TypeVar("OptionsT", bound=BackendSpec)


class MakeBackend(Protocol[O_contra]):
    """A memory's class."""

    def __call__(self, options: O_contra) -> MemoryBackend: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryBackendKind(Generic[OptionsT]):
    """One kind of memory. Raises TypeError where its options are not what a kind needs."""

    options: type[OptionsT]
    backend: MakeBackend[OptionsT]
    example: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Options with which `ompycord plugin check` makes one; `{folder}` in a text stands for an empty folder."""

    def __post_init__(self) -> None:
        own, kind = self.options.__name__, self.options.model_fields["kind"]
        if get_origin(kind.annotation) is not Literal or get_args(kind.annotation) != (kind.default,):
            raise TypeError(f"{own}.kind must be a Literal of one name, which is its default")

    @property
    def name(self) -> str:
        """Its name in configuration: `memory.backend.kind`."""
        return str(self.options.model_fields["kind"].default)
