"""The line about a repository's forge: reached, the credential valid and for how long, what it lacks."""

from collections.abc import AsyncIterator

from ompycord.app.forges import inspect_access
from ompycord.app.forges.access import OpenForge
from ompycord.app.precheck.lines import failing, fine, warning
from ompycord.domain.base import Millis
from ompycord.domain.events import PrecheckLine
from ompycord.domain.repository import RepositorySpec

__all__ = ["forge_lines"]


async def forge_lines(repository: RepositorySpec, open_forge: OpenForge, now: Millis) -> AsyncIterator[PrecheckLine]:
    """None for a repository without a forge. One that does not answer now may do so when the run has ended."""
    if repository.forge is None:
        return
    judged = await inspect_access(open_forge, repository.forge, now=now, branch_prefix=repository.branch_prefix)
    if judged.status == "ok":
        yield fine("forge", judged.text)
    else:
        yield (warning if judged.status == "warn" else failing)("forge", judged.text, judged.fix)
