"""Connections to forges as they are wired: one to propose results, one to follow what is open; both share breakers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from ompycord.app.wiring.forge_credentials import ForgeCredentials
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import Clock, ForgePort

if TYPE_CHECKING:
    from ompycord.forge.gitea.following import GiteaFollowing
    from ompycord.forge.github_following import GitHubFollowing, KnownAnswers

__all__ = ["ForgeConnections"]


class ForgeConnections:
    """One for the process. httpx is loaded with the first connection: where no forge is configured, never."""

    def __init__(self, credentials: ForgeCredentials, clock: Clock) -> None:
        self.credentials = credentials
        self.breakers = credentials.breakers
        self._clock = clock
        self._known: KnownAnswers | None = None
        """What was read before, kept between connections."""

    @asynccontextmanager
    async def proposing(self, spec: ForgeSpec) -> AsyncGenerator[ForgePort]:
        """Opens pull requests and marks them. Raises ForgeFailed for a credential that is not there."""
        from ompycord.forge.gitea.proposing import Gitea
        from ompycord.forge.github import GitHub

        identity = await self.credentials.identity(spec)
        breakers, trust = self.breakers, self.credentials.trust
        if spec.kind == "gitea":
            forge = Gitea(spec, token=identity.token, clock=self._clock, breakers=breakers, trust=trust)
        else:
            forge = GitHub(
                spec,
                token=identity.token,
                login=identity.login,
                missing=identity.missing,
                refused_paths=identity.refused_paths,
                clock=self._clock,
                breakers=breakers,
                trust=trust,
            )
        try:
            yield forge
        finally:
            await forge.close()

    @asynccontextmanager
    async def following(self, spec: ForgeSpec) -> "AsyncGenerator[GitHubFollowing | GiteaFollowing]":
        """Reads pull requests that are open, and answers there. Raises as `proposing`."""
        from ompycord.forge.gitea.following import GiteaFollowing
        from ompycord.forge.github_following import GitHubFollowing, KnownAnswers

        self._known = self._known or KnownAnswers()
        identity = await self.credentials.identity(spec)
        breakers, trust = self.breakers, self.credentials.trust
        if spec.kind == "gitea":
            forge = GiteaFollowing(spec, token=identity.token, clock=self._clock, breakers=breakers, trust=trust)
        else:
            forge = GitHubFollowing(
                spec,
                token=identity.token,
                login=identity.login,
                clock=self._clock,
                known=self._known,
                breakers=breakers,
                trust=trust,
            )
        try:
            yield forge
        finally:
            await forge.close()
