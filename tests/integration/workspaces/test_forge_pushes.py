"""A result goes to its forge by git with a token that nobody sees, and replaces nothing that others put there."""

import base64
import os
import shutil
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

from ompycord.domain.breakers.breaker import FAILURES
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import ProposedChange, PushRequest
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ForgeFailed
from ompycord.forge.breakers import REST_S, ForgeBreakers
from ompycord.testing import FakeClock
from ompycord.workspaces.git import Git
from ompycord.workspaces.publishing.forge_pushes import ForgePushes
from ompycord.workspaces.publishing.outgoing import LARGEST
from tests.support.forge_double import TOKEN, ForgeDouble, forge_double
from tests.support.forge_options import forge_options
from tests.support.patience import patient
from tests.support.prepared_run import commit_files
from tests.support.verified_run import make_repository

pytestmark = pytest.mark.posix

BRANCH = "ompycord/fix-7f3k2m"


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True, timeout=patient(30))
    return done.stdout.decode().strip()


class Shop:
    """A repository here with a result on top of `main`, and its forge."""

    def __init__(self, folder: Path, forge: ForgeDouble) -> None:
        self.path = folder / "shop"
        self.forge = forge
        self.run = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))
        self.token = folder / "token"
        self.token.write_text(f"{TOKEN}\n")
        self.base = git(self.path, "rev-parse", "main")
        self.commit = self.result("a result")
        self.largest = LARGEST
        self.clock = FakeClock()
        self.rests = ForgeBreakers(self.clock)
        self.web: str | None = None
        """Where git is sent instead."""
        self.operator = {"HOME": str(folder / "home")}
        (folder / "home").mkdir()

    def changed(self, parent: str, files: dict[str, bytes | None]) -> str:
        """A commit with these files; None takes one away."""
        index = {**os.environ, "GIT_INDEX_FILE": str(self.path / ".git/test-index")}

        def run(*words: str, stdin: bytes = b"") -> str:
            done = subprocess.run(
                ("git", *words), cwd=self.path, check=True, capture_output=True, env=index, input=stdin,
                timeout=patient(30),
            )  # fmt: skip
            return done.stdout.decode().strip()

        run("read-tree", parent)
        for name, content in files.items():
            if content is None:
                run("update-index", "--force-remove", name)
            else:
                blob = run("hash-object", "-w", "--stdin", stdin=content)
                run("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
        who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        return run(*who, "commit-tree", "-p", parent, "-m", "changed", run("write-tree"))

    def result(self, words: str, parent: str = "main") -> str:
        """A commit here, on no branch."""
        tree = git(self.path, "rev-parse", f"{parent}^{{tree}}")
        who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
        return git(self.path, *who, "commit-tree", "-p", parent, "-m", words, tree)

    @property
    def spec(self) -> RepositorySpec:
        return RepositorySpec.model_validate(
            {
                "name": "shop",
                "path": self.path,
                "forge": forge_options({**self.forge.settings, "token_file": self.token, "web": self.web}),
            }
        )

    @property
    def pushes(self) -> ForgePushes:
        return ForgePushes(
            repositories=self.path.parent / "caches",
            git=Git(path=os.environ["PATH"], operator=self.operator),
            token_file=lambda forge: nullcontext(self.token),
            rests=self.rests,
            largest=self.largest,
        )

    async def follow(self) -> None:
        await self.pushes.follow(self.run, self.spec, BRANCH)

    async def push(self, commit: str | None = None, *, refused: tuple[str, ...] = (), **more: str) -> ProposedChange:
        request = PushRequest(
            branch=more.get("branch", BRANCH),
            commit=commit or self.commit,
            base=more.get("base", "main"),
            base_commit=more.get("base_commit", self.base),
            refused_paths=refused,
        )
        return await self.pushes.push(self.run, self.spec, request)

    async def refused(self, commit: str | None = None, **more: str) -> ForgeFailed:
        with pytest.raises(ForgeFailed) as refusal:
            await self.push(commit, refused=(), **more)
        assert TOKEN not in str(refusal.value)
        return refusal.value

    def hook(self, *lines: str) -> None:
        """What the forge says to a push, which it refuses."""
        said = "".join(f"echo '{line}' >&2\n" for line in lines)
        hook = self.forge.git / "hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{said}exit 1\n")
        hook.chmod(0o755)


@pytest.fixture
async def forge(tmp_path: Path):  # noqa: ANN201
    make_repository(tmp_path / "shop", {"total.py": b"x = 1\n"})
    async with forge_double(tmp_path / "forge", tmp_path / "shop") as double:
        yield double


@pytest.fixture
def shop(tmp_path: Path, forge: ForgeDouble) -> Shop:
    return Shop(tmp_path, forge)


async def test_a_file_that_is_too_large_is_named_before_the_push_though_a_later_commit_removed_it(shop: Shop) -> None:
    """It is sent with its commit all the same, and refused for its size: every commit is measured, not their sum."""
    added = shop.changed("main", {"data/big file.bin": os.urandom(2 * 1024 * 1024), "small.txt": b"x"})
    removed = shop.changed(added, {"data/big file.bin": None})
    shop.largest = 1024 * 1024
    with pytest.raises(ForgeFailed) as refusal:
        await shop.push(removed)
    assert refusal.value.fault == "size"
    assert f"data/big file.bin in commit {added[:7]}" in str(refusal.value)
    assert "has 2 MiB, and 1 is the most" in str(refusal.value)
    assert shop.forge.branches() == {"main": shop.base}
    shop.largest = 2 * 1024 * 1024
    await shop.push(removed)
    assert shop.forge.branches()[BRANCH] == removed


@pytest.mark.parametrize("undone", [False, True])
async def test_an_app_that_may_not_change_workflows_is_told_which_file_before_the_push(
    shop: Shop, undone: bool
) -> None:
    """Also where a later commit undoes it: the forge looks at each commit."""
    commit = shop.changed("main", {".github/workflows/ci.yml": b"on: push\n"})
    if undone:
        commit = shop.changed(commit, {".github/workflows/ci.yml": None})
    with pytest.raises(ForgeFailed) as refusal:
        await shop.push(commit, refused=(".github/workflows",))
    assert refusal.value.fault == "workflow"
    assert "the app may not change .github/workflows/ci.yml, so nothing was sent" in str(refusal.value)
    assert shop.forge.branches() == {"main": shop.base}
    other = shop.changed("main", {".github/CODEOWNERS": b"* @acme\n"})
    await shop.push(other, refused=(".github/workflows",))
    await shop.push(shop.changed(other, {".github/workflows/ci.yml": b"on: push\n"}))


async def test_a_result_comes_to_its_branch_and_main_stays(shop: Shop) -> None:
    assert (await shop.push()).behind == 0
    assert shop.forge.branches() == {"main": shop.base, BRANCH: shop.commit}
    assert (await shop.push()).behind == 0  # twice is once


async def test_the_base_that_moved_there_is_counted(shop: Shop) -> None:
    shop.forge.git_line("update-ref", "refs/heads/main", shop.forge.git_line(
        "-c", "user.name=a", "-c", "user.email=a@b.example", "commit-tree", "-p", "main", "-m", "m", "main^{tree}"
    ))  # fmt: skip
    assert (await shop.push()).behind == 1


async def test_what_a_branch_proposes_is_all_of_its_runs_and_nothing_of_the_base(shop: Shop) -> None:
    first = shop.changed("main", {"total.py": b"def total():\n    pass\n", "cart.py": b"y = 1\n"})
    follow_up = shop.changed(first, {"NOTES.md": b"- It adds.\n", "cart.py": b"y = 2\nz = 3\n"})
    theirs = shop.changed("main", {"theirs.py": b"x = 2\n"})
    git(shop.path, "push", "-q", str(shop.forge.git), f"{theirs}:refs/heads/main")
    await shop.push(first)
    pushed = await shop.push(follow_up)
    files = [(file.path, file.status, file.added, file.removed) for file in pushed.files]
    assert files == [("NOTES.md", "added", 1, 0), ("cart.py", "added", 2, 0), ("total.py", "modified", 2, 1)]
    assert (pushed.behind, pushed.total, pushed.names) == (1, 3, {})
    renamed = shop.changed(follow_up, {"total.py": b"def sum_of():\n    pass\n"})
    git(shop.path, "push", "-q", "-f", str(shop.forge.git), f"{first}:refs/heads/main")
    assert (await shop.push(renamed)).names == {"total.py": ("total",)}


async def test_what_others_put_on_the_branch_is_never_replaced(shop: Shop) -> None:
    await shop.push()
    theirs = shop.result("by a person", parent=shop.commit)
    git(shop.path, "push", "-q", str(shop.forge.git), f"{theirs}:refs/heads/{BRANCH}")
    refused = await shop.refused(shop.result("another result"))
    assert (refused.fault, "others moved" in str(refused)) == ("foreign", True)
    assert shop.forge.branches()[BRANCH] == theirs
    on_top = shop.result("on top of theirs", parent=theirs)
    await shop.push(on_top)
    assert shop.forge.branches()[BRANCH] == on_top


async def test_a_run_goes_on_from_what_others_put_on_top_and_adds_to_it(shop: Shop) -> None:
    """What a person pushed to our branch is never forced over."""
    git(shop.path, "branch", BRANCH, shop.commit)
    await shop.push()
    tree = shop.forge.git_line("rev-parse", "main^{tree}")
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    theirs = shop.forge.git_line(*who, "commit-tree", "-p", shop.commit, "-m", "by a person", tree)
    shop.forge.git_line("update-ref", f"refs/heads/{BRANCH}", theirs)
    await shop.follow()
    assert git(shop.path, "rev-parse", BRANCH) == theirs
    more = shop.result("more", parent=theirs)
    await shop.push(more)
    assert shop.forge.branches()[BRANCH] == more
    assert theirs in shop.forge.git_line("rev-list", BRANCH).split()


async def test_a_branch_that_went_another_way_there_stays_as_it_is_on_both_sides(shop: Shop) -> None:
    git(shop.path, "branch", BRANCH, shop.commit)
    shop.forge.git_line("update-ref", f"refs/heads/{BRANCH}", shop.base)
    await shop.follow()
    assert (git(shop.path, "rev-parse", BRANCH), shop.forge.branches()[BRANCH]) == (shop.commit, shop.base)
    git(shop.path, "checkout", "-q", BRANCH)
    assert git(shop.path, "for-each-ref", "refs/ompycord/forge") == ""


async def test_our_own_last_push_is_replaced_by_a_new_result(shop: Shop) -> None:
    await shop.push()
    another = shop.result("another result of the same run")
    await shop.push(another)
    assert shop.forge.branches()[BRANCH] == another


async def test_an_earlier_result_of_the_chain_never_takes_a_later_one_back(shop: Shop) -> None:
    """*Accept* on the card of a run that another one has gone on from publishes again."""
    await shop.push()
    later = shop.result("a follow-up", parent=shop.commit)
    await shop.push(later)
    refused = await shop.refused(shop.commit)
    assert (refused.fault, "a later result" in str(refused)) == ("followed", True)
    assert shop.forge.branches()[BRANCH] == later


async def test_commits_of_a_base_that_was_not_pushed_are_not_published_with_the_result(shop: Shop) -> None:
    commit_files(shop.path, {"private.py": b"secret = 1\n"})
    ahead = git(shop.path, "rev-parse", "main")
    refused = await shop.refused(shop.result("on top", parent="main"), base_commit=ahead)
    assert (refused.fault, "Push main first" in str(refused)) == ("base_ahead", True)
    assert BRANCH not in shop.forge.branches()


@pytest.mark.parametrize(
    ("lines", "fault", "words"),
    [
        (["error: GH006: Protected branch update failed for refs/heads/x."], "protected", "Set another branch_prefix"),
        (["error: GH013: Repository rule violations found for refs/heads/x.", "- Push cannot contain secrets"],
         "secrets", "push protection found a secret"),
        (["error: GH013: Repository rule violations found for refs/heads/x."], "rules", "GH013"),
        (["refusing to allow a Personal Access Token to create or update workflow `.github/workflows/ci.yml`"],
         "workflow", ".github/workflows/ci.yml"),
        (["error: GH001: Large files detected."], "size", "GH001"),
        (["ERROR: This repository was archived so it is read-only."], "archived", "Unarchive it"),
        (["No, thanks"], "declined", "No, thanks"),
    ],
    ids=["protected", "secrets", "rules", "workflow", "size", "archived", "hook"],
)  # fmt: skip
async def test_what_a_forge_refuses_is_said_with_what_to_do(
    shop: Shop, lines: list[str], fault: str, words: str
) -> None:
    shop.hook(*(line.replace("`", "") for line in lines))
    refused = await shop.refused()
    assert (refused.fault, words in str(refused)) == (fault, True), str(refused)


async def test_a_token_that_is_refused_and_one_that_may_not_push_are_told_apart(shop: Shop) -> None:
    shop.forge.may_push = False
    assert (await shop.refused()).fault == "permission"
    shop.token.write_text("github_pat_an_expired_one")
    assert (await shop.refused()).fault == "authentication"
    assert (await shop.refused(base="gone")).fault == "authentication"


async def test_a_base_that_is_not_there_is_named(shop: Shop) -> None:
    refused = await shop.refused(base="trunk")
    assert (refused.fault, "has no branch trunk" in str(refused)) == ("base", True)


async def test_the_token_is_in_no_argument_no_environment_and_no_file_of_the_repository(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git in front of git notes what each git gets; the operator's own helper is neither asked nor told."""
    notes = tmp_path / "notes"
    real = shutil.which("git")
    front = tmp_path / "front/git"
    front.parent.mkdir()
    front.write_text(
        f'#!{sys.executable}\nimport os, sys\nopen({str(notes)!r}, "a").write(repr((sys.argv, dict(os.environ))))\n'
        f"os.execv({real!r}, ['git', *sys.argv[1:]])\n"
    )
    front.chmod(0o755)
    told = tmp_path / "told"
    helper = f"[credential]\n\thelper = !tee -a {told} >&2; true\n"
    (tmp_path / "home/.gitconfig").write_text(helper)
    monkeypatch.setenv("PATH", f"{front.parent}:{os.environ['PATH']}")
    await shop.push()
    assert shop.forge.branches()[BRANCH] == shop.commit
    assert {base64.b64decode(one.removeprefix("Basic ")) for one in shop.forge.pushed if one} == {
        f"x-access-token:{TOKEN}".encode()
    }, "git came with the token"
    assert notes.read_text().count("http.followRedirects=false") >= 3
    assert TOKEN not in notes.read_text()
    assert not told.exists()
    for file in shop.path.rglob("*"):
        assert not file.is_file() or TOKEN.encode() not in file.read_bytes(), file


async def test_git_asks_a_forge_that_rests_for_nothing_and_its_failures_count(shop: Shop) -> None:
    """The same breaker as for every other request, with the same words."""
    shop.web = "http://127.0.0.1:9"
    forge = shop.spec.forge
    assert forge is not None
    for _ in range(FAILURES - 1):  # of requests
        shop.rests.failed(forge)
    assert (await shop.refused()).fault == "unreachable"
    paused = await shop.refused()
    assert paused.fault == "paused"
    assert "127.0.0.1:9 failed several times, so it is not asked until " in str(paused)
    shop.web = None
    await shop.push()
    assert shop.forge.branches()[BRANCH] == shop.commit, "another host is asked"
    shop.web = "http://127.0.0.1:9"
    shop.clock.advance(REST_S)
    assert (await shop.refused()).fault == "unreachable", "after its rest it is asked again"


async def test_what_a_forge_refuses_git_is_an_answer(shop: Shop) -> None:
    shop.hook("GH006: Protected branch update failed")
    forge = shop.spec.forge
    assert forge is not None
    for base, fault in (("main", "protected"), ("no/such", "base")):
        for _ in range(FAILURES - 1):
            shop.rests.failed(forge)
        assert (await shop.refused(base=base)).fault == fault
    shop.rests.failed(forge)
    assert shop.rests.until(forge) is None


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Gitea: branch ompycord/fix-7f3k2m is protected from force push", "protected"),
        ("Gitea: Not allowed to push to protected branch ompycord/fix-7f3k2m", "protected"),
        ("Gitea: branch ompycord/fix-7f3k2m is protected from unverified commit", "rules"),
    ],
)
async def test_what_gitea_says_to_a_push_is_understood(shop: Shop, line: str, fault: str) -> None:
    shop.hook(line)
    assert (await shop.refused()).fault == fault
