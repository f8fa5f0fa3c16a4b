"""Repositories as teams have them: each is worked on and published, or refused by name before anything ran.

Real git throughout; the forge takes pushes over smart HTTP.
"""

import os
import subprocess
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.ports import PushRequest
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.git import Git
from ompycord.workspaces.publishing.forge_pushes import ForgePushes
from ompycord.workspaces.service import GitWorkspaces
from tests.integration.workspaces.conftest import Shell
from tests.support.forge_double import TOKEN, ForgeDouble, forge_double
from tests.support.forge_options import forge_options
from tests.support.patience import patient

pytestmark = pytest.mark.posix


class Kind:
    """A repository here, and the forge that has it; a run of it is made, changed, collected, published and pushed."""

    def __init__(self, folder: Path, shell: Shell, workspaces: GitWorkspaces, run: RunId) -> None:
        self.folder = folder
        self.shell = shell
        self.run = run
        self.shop = folder / "shop"
        self.whole = self.shop
        """What the forge has."""
        self._workspaces = workspaces
        (folder / "token").write_text(TOKEN)

    def begin(self, branch: str = "main", **files: str) -> None:
        self.shop.mkdir()
        self.shell("init", "--quiet", f"--initial-branch={branch}", cwd=self.shop)
        (self.shop / "a.txt").write_text("one\n")
        for name, text in files.items():
            (self.shop / name).write_text(text)
        self.commit("base")

    def commit(self, words: str) -> None:
        self.shell("add", "--all", cwd=self.shop)
        self.shell("commit", "--quiet", "--allow-empty", "-m", words, cwd=self.shop)

    def spec(self, **more: Any) -> RepositorySpec:
        return RepositorySpec.model_validate({"name": "shop", "path": self.shop, **more})

    async def published(
        self, change: Callable[[Path], object], *, branch: str = "ompycord/fix-1", **more: Any
    ) -> "Published":
        """What the forge has of the run's result."""
        async with forge_double(self.folder / "forge", self.whole) as forge:
            spec = self.spec(forge=forge_options({**forge.settings, "token_file": self.folder / "token"}), **more)
            prepared = await self._workspaces.prepare(self.run, spec, base=None)
            change(prepared.path)
            collected = await self._workspaces.collect(self.run, spec, message="a result")
            assert collected.commit is not None
            here = await self._workspaces.publish(self.run, spec, branch=branch)
            assert here.branch is not None
            pushes = ForgePushes(
                repositories=self.folder / "caches", git=Git(path=os.environ["PATH"]),
                token_file=lambda forge: nullcontext(self.folder / "token"),
            )  # fmt: skip
            request = PushRequest(
                branch=here.branch, commit=collected.commit, base=spec.base, base_commit=prepared.base_commit
            )
            await pushes.push(self.run, spec, request)
            assert forge.branches()[here.branch] == collected.commit
            return Published(forge, here.branch, prepared.base_commit, tuple(one.path for one in collected.files))


class Published:
    """What it changed there, read before the forge goes."""

    def __init__(self, forge: ForgeDouble, branch: str, base: str, files: tuple[str, ...]) -> None:
        self.branch = branch
        self.files = files
        words = ("git", "diff-tree", "-r", "-z", "--name-only", base, branch)
        done = subprocess.run(words, cwd=forge.git, check=True, capture_output=True, timeout=patient(30))
        self.changed = [name for name in done.stdout.split(b"\0") if name]
        self._git = forge.git
        self.modes = {line.split("\t")[1]: line.split(" ")[0] for line in self._read("ls-tree", "-r", branch)}
        self.a = self._bytes("show", f"{branch}:a.txt")
        self.parents = [len(line.split()) - 1 for line in self._read("rev-list", "--parents", f"{base}..{branch}")]

    def _read(self, *words: str) -> list[str]:
        return self._bytes(*words).decode("utf-8", "replace").splitlines()

    def _bytes(self, *words: str) -> bytes:
        return subprocess.run(
            ("git", *words), cwd=self._git, check=True, capture_output=True, timeout=patient(30)
        ).stdout


@pytest.fixture
def kind(tmp_path: Path, shell: Shell, workspaces: GitWorkspaces, run: RunId) -> Kind:
    return Kind(tmp_path, shell, workspaces, run)


def more(name: str = "a.txt") -> Callable[[Path], object]:
    """Adds a line to a file."""

    def change(clone: Path) -> None:
        with (clone / name).open("ab") as file:
            file.write(b"more\n")

    return change


async def refused(kind: Kind, workspaces: GitWorkspaces, **settings: Any) -> str:
    with pytest.raises(WorkspaceError) as refusal:
        await workspaces.prepare(kind.run, kind.spec(**settings), base=None)
    assert not (kind.folder / "data/workspaces" / kind.run / "clone").exists(), "nothing ran"
    return str(refusal.value)


async def test_submodules_stay_as_they_are(kind: Kind) -> None:
    kind.begin()
    inner = kind.folder / "inner"
    kind.shell("clone", "--quiet", str(kind.shop), str(inner), cwd=kind.folder)
    added = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "lib")
    kind.shell(*added, cwd=kind.shop)
    kind.commit("with a submodule")
    done = await kind.published(more())
    assert done.changed == [b"a.txt"]
    assert done.modes["lib"] == "160000"


async def test_symbolic_links_are_links_in_the_result(kind: Kind) -> None:
    kind.begin()
    (kind.shop / "link").symlink_to("a.txt")
    kind.commit("a link")

    def change(clone: Path) -> None:
        assert (clone / "link").is_symlink()
        (clone / "second").symlink_to("link")

    done = await kind.published(change)
    assert (done.changed, done.modes["second"]) == ([b"second"], "120000")


@pytest.mark.parametrize("attributes", ["", "* text=auto eol=crlf\n"], ids=["as it is", "by attributes"])
async def test_ends_of_lines_are_no_change(kind: Kind, attributes: str) -> None:
    kind.begin(**({".gitattributes": attributes} if attributes else {}))
    (kind.shop / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    (kind.shop / "b.txt").write_bytes(b"bee\r\n")
    kind.commit("as Windows writes it")

    def change(clone: Path) -> None:
        (clone / "a.txt").write_bytes((clone / "a.txt").read_bytes() + b"three\r\n")

    done = await kind.published(change)
    assert done.changed == [b"a.txt"]
    expected = b"one\ntwo\nthree\n" if attributes else b"one\r\ntwo\r\nthree\r\n"
    assert done.a == expected


async def test_names_that_are_no_text_keep_their_bytes(kind: Kind) -> None:
    kind.begin()
    name = os.fsdecode(b"caf\xe9.txt")
    (kind.shop / name).write_text("latin\n")
    kind.commit("a name of another time")

    def change(clone: Path) -> None:
        more(name)(clone)
        (clone / os.fsdecode(b"\xff new.txt")).write_text("new\n")
        (clone / "caf\u00e9").mkdir()
        (clone / "caf\u00e9/.env.sample").write_text("A=\n")

    done = await kind.published(change)
    assert sorted(done.changed) == [b"caf\xc3\xa9/.env.sample", b"caf\xe9.txt", b"\xff new.txt"]
    assert "caf\u00e9/.env.sample" in done.files, "the true name, and not git's quotation"
    assert len(done.files) == 3


async def test_a_repository_without_a_commit_is_refused_by_name(kind: Kind, workspaces: GitWorkspaces) -> None:
    kind.shop.mkdir()
    kind.shell("init", "--quiet", "--initial-branch=main", cwd=kind.shop)
    assert await refused(kind, workspaces) == "shop has no branch main with a commit. Name another base."


async def test_a_default_branch_of_another_name_is_named_in_the_settings(kind: Kind, workspaces: GitWorkspaces) -> None:
    kind.begin(branch="trunk")
    assert "shop has no branch main with a commit" in await refused(kind, workspaces)
    done = await kind.published(more(), base="trunk")
    assert done.changed == [b"a.txt"]


async def test_branches_with_slashes_and_letters_of_any_script(kind: Kind) -> None:
    kind.begin(branch="release/\u00fcnterwegs-1")
    branch = "gr\u00f6\u00dfe/\u4fee\u6b63-7f3k2m"
    done = await kind.published(more(), branch=branch, base="release/\u00fcnterwegs-1")
    assert (done.branch, done.changed) == (branch, [b"a.txt"])


async def test_a_history_stays_linear_where_its_agent_kept_it_so(kind: Kind) -> None:
    """One commit an iteration, and no merge of ours: a rule that wants a linear history has nothing against it."""
    kind.begin()

    def change(clone: Path) -> None:
        more()(clone)
        kind.shell("commit", "--quiet", "--all", "-m", "the agent's own", cwd=clone)
        more()(clone)

    done = await kind.published(change)
    assert done.parents == [1, 1]


async def test_lfs_is_refused_by_name(kind: Kind, workspaces: GitWorkspaces) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"
    kind.begin(**{".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "big.bin": pointer})
    words = await refused(kind, workspaces)
    assert words.startswith("shop stores files by the git filter lfs (.gitattributes on main)")
    assert words.endswith("Nothing ran.")


async def test_a_shallow_clone_is_worked_on_and_published(kind: Kind) -> None:
    """Its result stands on the commits that are here, which the forge has, too."""
    kind.begin()
    for number in range(3):
        (kind.shop / "a.txt").write_text(f"{number}\n")
        kind.commit(f"commit {number}")
    kind.whole = kind.shop.rename(kind.folder / "whole")
    kind.shell("clone", "--quiet", "--depth=1", f"file://{kind.whole}", str(kind.shop), cwd=kind.folder)
    assert kind.shell("rev-parse", "--is-shallow-repository", cwd=kind.shop) == "true"
    done = await kind.published(more())
    assert done.changed == [b"a.txt"]
