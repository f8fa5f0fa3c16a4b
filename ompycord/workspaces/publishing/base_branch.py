"""Keeps a repository here and its forge at one base: what either has more, the other gets, and nothing is replaced.

For the playground's sample alone: a base of other repositories is its people's to push and to pull.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ForgeFailed
from ompycord.workspaces.git import Git
from ompycord.workspaces.publishing.forge_pushes import ForgeGit
from ompycord.workspaces.remote import RemoteGit

__all__ = ["share_base"]

_MARKER: Final = "sample.base"
_FETCHED: Final = "refs/ompycord/forge/sample"


async def share_base(repository: RepositorySpec, *, git: Git, token_file: Callable[[ForgeSpec], Path]) -> None:
    """Push the base where the forge lacks it, follow the forge where it is ahead.

    Raises ForgeFailed, WorkspaceError.
    """
    forge, folder = repository.forge, repository.path
    if forge is None or folder is None:
        raise ForgeFailed("settings", f"{repository.name} names no forge and no path.")
    base = repository.base
    reach = ForgeGit(git, RemoteGit(git), forge, folder, token_file(forge), _MARKER)
    here = await git.line("rev-parse", "--verify", f"refs/heads/{base}", cwd=folder)
    there = await reach.tip(base)
    if there is None or (there != here and await reach.is_within(there, here)):
        pushed = await reach.attempt("push", "--quiet", "--", forge.git_address, f"{here}:refs/heads/{base}")
        if not pushed.is_success:
            raise reach.fault(pushed, base)
    elif there != here:
        await _follow(reach, git, folder, base)


async def _follow(reach: ForgeGit, git: Git, folder: Path, base: str) -> None:
    """What was merged there comes here, as `git pull --ff-only` does; work that is not committed keeps it away."""
    words = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc")
    fetched = await reach.attempt(*words, "--", reach.forge.git_address, f"+refs/heads/{base}:{_FETCHED}")
    if not fetched.is_success:
        raise reach.fault(fetched, base)
    checked_out = await git.line("symbolic-ref", "--quiet", "HEAD", cwd=folder)
    if checked_out == f"refs/heads/{base}":
        await git.attempt("merge", "--quiet", "--ff-only", _FETCHED, cwd=folder, marker=_MARKER)
