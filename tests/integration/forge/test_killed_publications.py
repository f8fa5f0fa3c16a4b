"""A publication killed with -9 at each of its points, and at two of them: nothing is twice there, nothing is missing.

The forge and its git are real processes that go on; who published is gone.
"""

import json
import os
import random
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from ompycord.domain.ids import new_ulid
from tests.support.forge_double import TOKEN, ForgeDouble, forge_double
from tests.support.patience import patient, within
from tests.support.verified_run import make_repository
from tests.support.warm_start import start_module

pytestmark = [pytest.mark.posix, pytest.mark.long, pytest.mark.timeout(900)]

SEEDS = 200
SHARDS = 10
WHO = ("-c", "user.name=a", "-c", "user.email=a@b.example")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True, timeout=patient(30))
    return done.stdout.decode().strip()


class Place:
    """A repository here and its forge; each publication is of a run and a branch of its own."""

    def __init__(self, folder: Path, forge: ForgeDouble) -> None:
        self.folder = folder
        self.forge = forge
        self.shop = folder / "shop"
        self.base = git(self.shop, "rev-parse", "main")
        (folder / "token").write_text(TOKEN)

    def publication(self, number: int) -> Path:
        """A folder with what is to be published."""
        folder = self.folder / f"publication-{number}"
        folder.mkdir()
        tree = git(self.shop, "rev-parse", "main^{tree}")
        publish = {"labels": ["agent"], "reviewers": ["anna"], "assignee": "anna"}
        forge = {**self.forge.settings, "token_file": str(self.folder / "token")}
        given = {
            "run": new_ulid(now_ms=0, entropy=os.urandom(10)),
            "branch": f"ompycord/fix-{number}",
            "commit": git(self.shop, *WHO, "commit-tree", "-p", "main", "-m", f"fix {number}", tree),
            "base": self.base,
            "repository": {"name": "shop", "path": str(self.shop), "forge": forge, "publish": publish},
        }
        (folder / "publication.json").write_text(json.dumps(given))
        return folder

    async def attempt(self, folder: Path, *, point: int) -> int:
        """How many points it had; 0 where it was killed at the one that was wanted."""
        process = await start_module(
            "tests.support.publication_process", str(folder), str(point), cwd=Path.cwd(),
            env={**os.environ, "PYTHONPATH": str(Path.cwd())}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        async with within(120):
            out, errors = await process.communicate()
        assert process.returncode in {0, -9}, errors.decode()
        return int(out) if process.returncode == 0 else 0

    def judge(self, folder: Path, *, after: object) -> None:
        """One push of one commit, one pull request, one comment, one status, its labels and its reviewers."""
        branch = json.loads((folder / "publication.json").read_text())["branch"]
        assert f"{branch}-2" not in self.forge.branches(), after
        assert self.forge.git_line("rev-list", "--count", f"main..{branch}") == "1", after
        pulls = [one for one in self.forge.pulls if one["head"]["ref"] == branch]
        assert len(pulls) == 1, after
        [pull] = pulls
        assert not pull["draft"], after
        assert [one["name"] for one in pull["labels"]] == ["agent"], after
        assert [one["login"] for one in pull["requested_reviewers"]] == ["anna"], after
        place = f"/issues/{pull['number']}"
        comments = [one for one in self.forge.comments if one["issue_url"].endswith(place)]
        assert len(comments) == 1, after
        commit = self.forge.branches()[branch]
        statuses = [one for one in self.forge.statuses if one["url"].endswith(commit)]
        assert {one["state"] for one in statuses} == {"success"}, after
        last = (folder / "facts").read_text().splitlines()[-1]
        assert json.loads(last)["number"] == pull["number"], after
        assert json.loads(last)["comment"] == comments[0]["id"], after


@pytest.fixture
def kind() -> str:
    return "github"


@pytest.fixture
async def place(tmp_path: Path, kind: str) -> AsyncGenerator[Place]:
    make_repository(tmp_path / "shop", {"total.py": b"x = 1\n"})
    async with forge_double(tmp_path / "forge", tmp_path / "shop", kind=kind) as forge:
        yield Place(tmp_path, forge)


@pytest.mark.parametrize("kind", ["github", pytest.param("gitea", marks=pytest.mark.soak)])
async def test_killed_at_every_point_nothing_is_there_twice(place: Place) -> None:
    whole = place.publication(0)
    points = await place.attempt(whole, point=0)
    place.judge(whole, after="no kill")
    assert points > 30
    for point in range(1, points + 1):
        folder = place.publication(point)
        await place.attempt(folder, point=point)
        assert await place.attempt(folder, point=0), point
        place.judge(folder, after=point)


@pytest.mark.parametrize("shard", [0, *(pytest.param(one, marks=pytest.mark.soak) for one in range(1, SHARDS))])
async def test_killed_twice_at_seeded_points_nothing_is_there_twice(place: Place, shard: int) -> None:
    points = await place.attempt(place.publication(0), point=0)
    for seed in range(shard, SEEDS, SHARDS):
        chance = random.Random(seed)
        kills = [chance.randint(1, points) for _ in range(2)]
        folder = place.publication(seed + 1)
        for point in kills:
            await place.attempt(folder, point=point)
        assert await place.attempt(folder, point=0), (seed, kills)
        place.judge(folder, after=(seed, kills))
