"""A repository, a forge that has its branches, and a connection to that."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.forge.gitea.proposing import Gitea
from ompycord.forge.github import GitHub
from ompycord.testing import FakeClock
from tests.support.forge_double import TOKEN, ForgeDouble, forge_double
from tests.support.forge_options import forge_options
from tests.support.verified_run import make_repository


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with `main`, and a branch `ompycord/fix` that is one commit ahead."""
    folder = tmp_path / "shop"
    make_repository(folder, {"total.py": b"x = 1\n"})
    return folder


@pytest.fixture
def kind() -> str:
    """Which interface is asked; a module with cases of all kinds has its own."""
    return "github"


@pytest.fixture
async def forge(tmp_path: Path, shop: Path, kind: str) -> AsyncGenerator[ForgeDouble]:
    async with forge_double(tmp_path / "forge", shop, kind=kind) as double:
        double.git_line("update-ref", "refs/heads/ompycord/fix", _ahead(tmp_path, double))
        yield double


def _ahead(folder: Path, double: ForgeDouble) -> str:
    """A commit on top of `main`, in the forge's repository."""
    tree = double.git_line("rev-parse", "main^{tree}")
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    return double.git_line(*who, "commit-tree", "-p", "main", "-m", "fix", tree)


@pytest.fixture
def spec(forge: ForgeDouble, tmp_path: Path) -> ForgeSpec:
    return forge_options({**forge.settings, "token_file": tmp_path / "token"})


class HastyClock(FakeClock):
    """Time passes as soon as someone waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)


@pytest.fixture
def clock() -> HastyClock:
    return HastyClock()


@pytest.fixture
async def port(spec: ForgeSpec, clock: HastyClock, kind: str) -> AsyncGenerator[GitHub | Gitea]:
    """The kind that is asked."""
    made = (GitHub if kind == "github" else Gitea)(spec, token=lambda: TOKEN, clock=clock)
    yield made
    await made.close()


@pytest.fixture
async def github(spec: ForgeSpec, clock: HastyClock) -> AsyncGenerator[GitHub]:
    made = GitHub(spec, token=lambda: TOKEN, clock=clock)
    yield made
    await made.close()
