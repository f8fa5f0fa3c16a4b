"""The logs of red checks, as far as a task has room for them."""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.ports.following import PullRequestForge
from ompycord.domain.pull_requests.seen import SeenCheck

__all__ = ["logs_of"]

_LOGS: Final = 3


async def logs_of(forge: PullRequestForge, checks: Sequence[SeenCheck]) -> list[tuple[SeenCheck, str | None]]:
    """The first of the red checks with the ends of their logs."""
    return [(one, await forge.log_of(one.job) if one.job is not None else None) for one in checks[:_LOGS]]
