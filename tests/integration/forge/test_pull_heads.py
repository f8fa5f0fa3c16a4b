"""Heads of open pull requests come here from their forge by one fetch, with real git, and go with them."""

import os
import subprocess
from contextlib import nullcontext
from pathlib import Path

import pytest

from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ForgeFailed
from ompycord.workspaces.git import Git
from ompycord.workspaces.publishing.forge_pushes import ForgePushes
from tests.support.forge_double import TOKEN, ForgeDouble
from tests.support.forge_options import forge_options
from tests.support.patience import patient

pytestmark = pytest.mark.posix
REFS = "refs/ompycord/forge/pulls/"


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True, timeout=patient(30))
    return done.stdout.decode().strip()


async def test_only_what_is_open_is_kept_and_only_what_is_new_is_fetched(
    tmp_path: Path, shop: Path, forge: ForgeDouble
) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    spec = RepositorySpec.model_validate(
        {"name": "shop", "path": shop, "forge": forge_options({**forge.settings, "token_file": token})}
    )
    pushes = ForgePushes(
        repositories=tmp_path / "caches", git=Git(path=os.environ["PATH"]), token_file=lambda forge: nullcontext(token)
    )
    head = forge.git_line("rev-parse", "ompycord/fix")
    assert await pushes.heads(spec, {1: head, 2: git(shop, "rev-parse", "main")}) == {1, 2}
    assert git(shop, "log", "-1", "--format=%s", f"{REFS}1") == "fix"
    fetched = len(forge.pushed)
    assert await pushes.heads(spec, {1: head}) == {1}
    assert len(forge.pushed) == fetched, "what is here is not asked for again"
    assert git(shop, "for-each-ref", "--format=%(refname)", REFS) == f"{REFS}1"
    with pytest.raises(ForgeFailed):
        await pushes.heads(spec, {3: "d" * 40})
