"""Whether pull requests can be opened: each forge is asked for its repository, with its token."""

from pathlib import Path
from typing import Final

from ompycord.app.findings import Finding, fail, ok, warn
from ompycord.app.system import SystemClock
from ompycord.app.wiring.forges import open_forge
from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import ForgeAccess
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ForgeFailed
from ompycord.render.phrases import count
from ompycord.settings import Settings

__all__ = ["forges"]

_SOON_MS: Final = 7 * 24 * 3600 * 1000
_DAY_MS: Final = 24 * 3600 * 1000


async def forges(settings: Settings, folder: Path) -> list[Finding]:
    """A line for each repository with a forge; `folder` is the data folder."""
    return [
        await _forge(repository, repository.forge, folder)
        for repository in settings.catalog.repositories
        if repository.forge is not None
    ]


async def _forge(repository: RepositorySpec, spec: ForgeSpec, folder: Path) -> Finding:
    name = f"Forge {repository.name}"
    clock = SystemClock()
    try:
        async with open_forge(folder, clock, lambda values: None, spec) as forge:
            access = await forge.examine()
    except ForgeFailed as error:
        text, _, remedy = str(error).partition(". ")
        return fail(name, f"{text.removesuffix('.')}.", remedy)
    return _judged(name, repository, spec, access, now=clock.now_ms())


def _judged(name: str, repository: RepositorySpec, spec: ForgeSpec, access: ForgeAccess, *, now: int) -> Finding:
    where = f"{spec.repository} as {access.login}"
    if access.is_archived:
        return fail(name, f"{where}: it is archived.", f"Unarchive it, or take forge out of {repository.name}.")
    if not access.may_push:
        return fail(name, f"{where}: the token may not push.", "Give it Contents and Pull requests, read and write.")
    if access.repository.lower() != spec.repository.lower():
        return warn(name, f"{where}: it is {access.repository} now.", "Set forge.repository to that.")
    if access.expires_at is not None and access.expires_at - now < _SOON_MS:
        days = max(0, (access.expires_at - now) // _DAY_MS)
        text = f"{where}: the token expires in {count(days, 'day')}."
        return warn(name, text, "Make a new one, and put it into the file of forge.token_file.")
    return ok(name, f"{where}, the token may push")
