"""Ports of set-up: the place where the dependencies of a repository are made, and where they are kept."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

from ompycord.domain.base import Frozen
from ompycord.domain.configuration.setup import SetupStep
from ompycord.domain.ids import RunId
from ompycord.domain.ports.agents import Listener

__all__ = ["ProxyListener", "SetUpEnd", "SetUpPlace", "SetUps"]


class SetUpEnd(Frozen):
    """How a step ended."""

    status: Literal["done", "failed", "timeout", "missing"]
    detail: str = ""
    """Why it is not done."""
    tail: tuple[str, ...] = ()
    """The last lines that it printed."""


class ProxyListener(Listener, Protocol):
    """A listener at which only names are reached, by a proxy."""

    @property
    def refused(self) -> tuple[str, ...]:
        """The hosts that were refused or could not be reached, in their order."""
        ...


class SetUpPlace(Protocol):
    """Where one set-up is made, or was made before. Every method raises WorkspaceError."""

    @property
    def is_kept(self) -> bool:
        """Whether all is there already, so that no step runs."""
        ...

    async def perform(self, step: SetupStep, listener: Listener) -> SetUpEnd:
        """Run one step, confined, with no network but `listener`. What it starts has ended when this returns."""
        ...

    async def keep(self) -> None:
        """Keep what the steps made; the rest of the place goes."""
        ...

    async def provide(self) -> str:
        """Give what is kept to the run's clone, and to every checkout of it from now on; its name. Idempotent."""
        ...


class SetUps(Protocol):
    """The set-ups that are kept."""

    def open(
        self, run: RunId, repository: str, steps: Sequence[SetupStep], secrets: Sequence[str]
    ) -> AbstractAsyncContextManager[SetUpPlace]:
        """The place of these steps for the base of the run, while no other run makes the same.

        `secrets` are names of variables of this process that the steps get. Raises WorkspaceError where the base lacks
        a file that a step reads.
        """
        ...
