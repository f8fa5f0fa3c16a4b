"""Connections to forges as they are wired: one to propose results, one to follow what is open; both share breakers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from ompycord.app.forges.guarded import guarded
from ompycord.app.wiring.forge_credentials import ForgeCredentials
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import Clock
from ompycord.entry_points import OURS
from ompycord.forge.kind import ForgeConnection, ForgeKind
from ompycord.forge.made import FollowingForge, ProposingForge
from ompycord.forge.registry import FORGE_KINDS

__all__ = ["ForgeConnections"]


class ForgeConnections:
    """One for the process. httpx is loaded with the first connection: where no forge is configured, never."""

    def __init__(self, credentials: ForgeCredentials, clock: Clock) -> None:
        self.credentials = credentials
        self.breakers = credentials.breakers
        self._clock = clock
        self._kept: dict[str, dict[str, Any]] = {}
        """What was read before, by kind of forge, kept between connections."""

    @asynccontextmanager
    async def proposing(self, spec: ForgeSpec) -> AsyncGenerator[ProposingForge]:
        """Opens pull requests and marks them. Raises ForgeFailed for a credential that is not there."""
        kind, connection = await self._connection(spec)
        forge = guarded(lambda: kind.proposing(spec, connection), spec=spec, is_ours=_is_ours(spec), clock=self._clock)
        try:
            yield forge
        finally:
            await forge.close()

    @asynccontextmanager
    async def following(self, spec: ForgeSpec) -> AsyncGenerator[FollowingForge]:
        """Reads pull requests that are open, and answers there. Raises as `proposing`."""
        kind, connection = await self._connection(spec)
        forge = guarded(lambda: kind.following(spec, connection), spec=spec, is_ours=_is_ours(spec), clock=self._clock)
        try:
            yield forge
        finally:
            await forge.close()

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


def _is_ours(spec: ForgeSpec) -> bool:
    return FORGE_KINDS.distribution(spec.kind) == OURS
