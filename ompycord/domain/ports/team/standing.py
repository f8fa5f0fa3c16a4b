"""What people decided about calls before, and the permissions that still stand; implemented by the store."""

from typing import Protocol

from ompycord.domain.base import Millis
from ompycord.domain.risk.standing import CallDecision

__all__ = ["CallDecisions"]


class CallDecisions(Protocol):
    """Kept by server and repository: nothing of another one is found. Written by a commit, with the decision."""

    async def decided_before(
        self, guild: str, repository: str, shown: str, *, before: Millis, limit: int
    ) -> list[CallDecision]:
        """What was decided about exactly this call here before a moment, the newest first."""
        ...

    async def standing_for(
        self, guild: str, repository: str, channel: str, shown: str, *, now: Millis
    ) -> list[CallDecision]:
        """Permissions for exactly this call in this channel, neither revoked nor ended, the newest first."""
        ...

    async def standing(self, guild: str, *, now: Millis, limit: int) -> list[CallDecision]:
        """All permissions of a server that were neither revoked nor ended, the newest first."""
        ...

    async def revoke_standing(self, guild: str, id: str, *, by: str, by_name: str, at: Millis) -> bool:  # noqa: A002  # the field's name
        """End one, with a row of the audit; False where it had ended, or is another server's. Raises StorageError."""
        ...
