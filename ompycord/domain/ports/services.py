"""Port of a run's services before its agent starts; they are started with each program by the launcher.

`ompycord.testing` needs no double: without it a repository has none.
"""

from collections.abc import Sequence
from typing import Protocol

from ompycord.domain.configuration.services import ServiceSpec
from ompycord.domain.events import ServiceFailed, ServiceShown
from ompycord.domain.ids import RunId

__all__ = ["RunServices"]


class RunServices(Protocol):
    """The services of this machine."""

    async def versions(self, services: Sequence[ServiceSpec]) -> tuple[ServiceShown, ...]:
        """Each with the version that its program states."""
        ...

    async def try_out(self, run: RunId, services: Sequence[ServiceSpec]) -> ServiceFailed | None:
        """Start them once, empty and confined, and end them; what failed, None where all got ready.

        Raises WorkspaceError.
        """
        ...
