"""`ompycord repository add`: a real repository, its section in the user's file, and the look at it."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from ompycord.app.repositories.adding import add_repository
from ompycord.errors import ConfigurationError, RefusedInWords
from ompycord.workspaces.git import Git
from tests.integration.cli.harness import ompycord
from tests.support.patience import patient
from tests.support.verified_run import make_repository

pytestmark = pytest.mark.posix

FILE = "# mine\nrepositories:\n  other:\n    path: /other   # theirs\n\nlog: {level: info}\n"


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    subprocess.run(("git", *who, *words), cwd=folder, check=True, capture_output=True, timeout=patient(30))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    make_repository(
        tmp_path / "shop", {"total.py": b"x = 1\n", "tests/__init__.py": b"", "tests/test_x.py": b"import unittest\n"}
    )
    return tmp_path / "shop"


async def added(given: object, folder: Path, **more: bool) -> str:
    found = await add_repository(
        str(given), name=None, folder=folder, environ={}, git=Git(path=os.environ["PATH"]), **more
    )
    return found.section


async def test_a_repository_is_written_and_looked_at_and_the_rest_of_the_file_stays(tmp_path: Path, shop: Path) -> None:
    (tmp_path / "ompycord.yml").write_text(FILE)
    environ = {"OMPYCORD_DATA_DIR": str(tmp_path / "data")}
    done = await ompycord("repository", "add", str(shop), folder=tmp_path, environ=environ)
    assert done.code == 0, done.out + done.err
    assert "Languages: Python" in done.out
    assert "shop is ready" in done.out
    text = (tmp_path / "ompycord.yml").read_text()
    start, _, end = FILE.partition("\nlog:")
    assert text.startswith(start.rstrip("\n"))
    assert text.endswith(f"\nlog:{end}")
    found = yaml.safe_load(text)["repositories"]["shop"]
    assert found == {
        "path": str(shop), "checks": [{"name": "unittest", "command": ["{python}", "-m", "unittest"]}]
    }  # fmt: skip


async def test_an_address_is_read_and_its_own_base_is_taken(tmp_path: Path, shop: Path) -> None:
    git(shop, "branch", "-m", "main", "trunk/one")
    section = await added(f"file://{shop}", tmp_path, is_trial=True)
    found = yaml.safe_load(section)["shop"]
    assert (found["address"], found["base"]) == (f"file://{shop}", "trunk/one")
    assert not (tmp_path / "ompycord.yml").exists()


async def test_what_cannot_be_a_repository_is_refused_with_what_to_do(tmp_path: Path, shop: Path) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    git(shop, "checkout", "-q", "--detach")
    for given, words in {
        tmp_path / "none": "is no folder",
        tmp_path / "plain": "Run `git init` there",
        tmp_path / "empty": "commit something",
        shop: "Check out the one",
        f"file://{tmp_path}/none": "cannot be read: there is no repository at its address",
        "https://me:pw@git.example/x.git": "holds a password",
        f"https://ghp_{'pw1' * 12}@git.example/x.git": "or a token",
    }.items():
        with pytest.raises(RefusedInWords, match=words) as refused:
            await added(given, tmp_path)
        assert "pw" not in str(refused.value)


async def test_settings_that_were_wrong_before_are_put_back_byte_by_byte(tmp_path: Path, shop: Path) -> None:
    before = b"log: {level: loud}\r\n"
    (tmp_path / "ompycord.yml").write_bytes(before)
    with pytest.raises(ConfigurationError):
        await added(shop, tmp_path)
    assert (tmp_path / "ompycord.yml").read_bytes() == before
