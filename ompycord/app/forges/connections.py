"""Connections to forges as they are wired: one to propose results, one to follow what is open; both share breakers."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from ompycord.app.forges.guarded import F, guarded
from ompycord.app.wiring.forge_credentials import ForgeCredentials
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import Clock
from ompycord.entry_points import OURS
from ompycord.forge.kind import ForgeConnection, ForgeKind
from ompycord.forge.made import FollowingForge, ProposingForge
from ompycord.forge.registry import FORGE_KINDS
from ompycord.plugins.calls import PluginCalls

__all__ = ["ForgeConnections"]


class ForgeConnections:
    """One for the process. httpx is loaded with the first connection: where no forge is configured, never."""

    def __init__(self, credentials: ForgeCredentials, clock: Clock) -> None:
        self.credentials = credentials
        self.breakers = credentials.breakers
        self._clock = clock
        self._kept: dict[str, dict[str, Any]] = {}
        """What was read before, by kind of forge, kept between connections."""
        self._calls: dict[tuple[str, str], PluginCalls] = {}
        """By kind and repository: what makes the calls of its newest connection."""

    def proposing(self, spec: ForgeSpec) -> AbstractAsyncContextManager[ProposingForge]:
        """Opens pull requests and marks them. Raises ForgeFailed for a credential that is not there."""
        return self._opened(spec, lambda kind, connection: kind.proposing(spec, connection))

    def following(self, spec: ForgeSpec) -> AbstractAsyncContextManager[FollowingForge]:
        """Reads pull requests that are open, and answers there. Raises as `proposing`."""
        return self._opened(spec, lambda kind, connection: kind.following(spec, connection))

    @asynccontextmanager
    async def _opened(self, spec: ForgeSpec, make: Callable[[ForgeKind[Any], ForgeConnection], F]) -> AsyncGenerator[F]:
        kind, connection = await self._connection(spec)
        forge = guarded(lambda: make(kind, connection), spec=spec, calls=self._calls_of(spec))
        try:
            yield forge
        finally:
            await forge.close()

    def _calls_of(self, spec: ForgeSpec) -> PluginCalls | None:
        """What makes the calls of a connection to a forge of a package: those of the last one, while one goes on."""
        if FORGE_KINDS.distribution(spec.kind) == OURS:
            return None
        place = (spec.kind, spec.repository)
        earlier = self._calls.get(place)
        if earlier is None or not earlier.is_busy:
            self._calls[place] = PluginCalls(f"forge {spec.kind}", clock=self._clock)
        return self._calls[place]

    async def _connection(self, spec: ForgeSpec) -> tuple[ForgeKind[Any], ForgeConnection]:
        """Raises ForgeFailed for a credential that is not there."""
        identity = await self.credentials.identity(spec)
        return FORGE_KINDS.get(spec.kind), ForgeConnection(
            token=identity.token,
            clock=self._clock,
            rests=self.breakers,
            trust=self.credentials.trust,
            kept=self._kept.setdefault(spec.kind, {}),
            login=identity.login,
            missing=identity.missing,
            refused_paths=identity.refused_paths,
        )
