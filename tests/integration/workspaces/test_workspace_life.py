"""From a clone to a branch, with real git and real processes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.domain.ids import RunId, short_id
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.service import GitWorkspaces

Shell = Callable[..., str]


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()} if folder.exists() else set()


async def test_changed_new_deleted_and_renamed_files_are_the_result(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell
) -> None:
    prepared = await workspaces.prepare(run, repository, base=None)
    clone = prepared.path
    (clone / "a.txt").write_text("one\nTWO\nthree\n")
    (clone / "b.txt").rename(clone / "c.txt")
    (clone / "new").mkdir()
    (clone / "new/blob").write_bytes(b"\0\1")
    (clone / "x.log").write_text("ignored")
    (clone / "näme\n.txt").write_text("odd name\n")

    collected = await workspaces.collect(run, repository, message="Cart: count the discount")

    assert [(one.path, one.status, one.added, one.removed) for one in collected.files] == [
        ("a.txt", "modified", 2, 1),
        ("c.txt", "renamed", 0, 0),
        ("new/blob", "added", None, None),
        ("näme\n.txt", "added", 1, 0),
    ]
    assert collected.total == 4
    assert collected.diff is not None
    assert "+TWO" in collected.diff.read_text()
    published = await workspaces.publish(run, repository, branch="ompycord/x1")
    assert published.branch == "ompycord/x1"
    assert published.commit == collected.commit
    assert shell("show", "ompycord/x1:a.txt", cwd=origin) == "one\nTWO\nthree"
    assert shell("log", "-1", "--format=%an %s", "ompycord/x1", cwd=origin) == "Ompycord Cart: count the discount"
    assert shell("rev-parse", "main", cwd=origin) == prepared.base_commit
    refs = ("for-each-ref", "--format=%(refname)", "refs/ompycord")
    assert shell(*refs, cwd=origin) == f"refs/ompycord/base/{run}"  # which is for this run alone
    await workspaces.discard(run)
    assert shell(*refs, cwd=origin) == ""


async def test_the_agents_own_commits_are_kept_and_what_it_left_uncommitted_is_added(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("committed\n")
    shell("commit", "--quiet", "-am", "mine", cwd=clone)
    (clone / "d.txt").write_text("left\n")

    collected = await workspaces.collect(run, repository, message="the rest")
    await workspaces.publish(run, repository, branch="ompycord/x2")

    assert {one.path for one in collected.files} == {"a.txt", "d.txt"}
    assert shell("log", "--format=%s", "main..ompycord/x2", cwd=origin).splitlines() == ["the rest", "mine"]


async def test_a_commit_of_everything_needs_no_other(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, shell: Shell
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("committed\n")
    shell("commit", "--quiet", "-am", "mine", cwd=clone)

    collected = await workspaces.collect(run, repository, message="unused")

    assert collected.commit == shell("rev-parse", "HEAD", cwd=clone)


@pytest.mark.parametrize("is_committed", [False, True])
async def test_a_co_author_stands_on_the_last_commit_once_whoever_made_it(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell, is_committed: bool
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("changed\n")
    if is_committed:
        mine = "Mine\n\nBecause.\n\nSigned-off-by: A <a@example.com>"
        author = "--author=Agent <agent@example.com>"
        shell("commit", "--quiet", "-am", mine, author, "--date=2026-01-02T03:04:05+0100", cwd=clone)

    first = await workspaces.collect(run, repository, message="Title\n\nOf a run.", co_author="Mo <mo@example.com>")
    again = await workspaces.collect(run, repository, message="Title\n\nOf a run.", co_author="Mo <mo@example.com>")
    await workspaces.publish(run, repository, branch="ompycord/x")

    told = shell("log", "-1", "--format=%B", "ompycord/x", cwd=origin)
    trailer = "Co-authored-by: Mo <mo@example.com>"
    own = f"Mine\n\nBecause.\n\nSigned-off-by: A <a@example.com>\n{trailer}"
    assert told == (own if is_committed else f"Title\n\nOf a run.\n\n{trailer}")
    if is_committed:
        who = shell("log", "-1", "--format=%an %ae %aI", "ompycord/x", cwd=origin)
        assert who == "Agent agent@example.com 2026-01-02T03:04:05+01:00"
    assert shell("rev-list", "--count", "main..ompycord/x", cwd=origin) == "1"
    assert again.commit == first.commit


async def test_nothing_changed_gives_no_commit_and_no_branch(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell
) -> None:
    prepared = await workspaces.prepare(run, repository, base=None)
    (prepared.path / "x.log").write_text("ignored")

    collected = await workspaces.collect(run, repository, message="m")
    published = await workspaces.publish(run, repository, branch="ompycord/x3")

    assert (collected.commit, collected.files, collected.diff) == (None, (), None)
    assert published.branch is None
    assert "x3" not in shell("branch", "--list", "--all", cwd=origin)
    async with workspaces.checkout(run, repository) as tree:
        assert (tree / "a.txt").read_text() == "one\ntwo\n"


async def test_a_change_taken_back_takes_its_result_back(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("changed\n")
    first = await workspaces.collect(run, repository, message="m")
    (clone / "a.txt").write_text("one\ntwo\n")

    second = await workspaces.collect(run, repository, message="m")

    assert first.commit is not None
    assert second.commit is None
    assert first.diff is not None
    assert not first.diff.exists()


async def test_the_checkout_is_the_result_without_git_and_goes_away(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, run_folder: Path
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("changed\n")
    (clone / ".gitattributes").write_text("b.txt export-ignore\na.txt filter=evil -diff\n")
    collected = await workspaces.collect(run, repository, message="m")
    (clone / "a.txt").write_text("changed after the harvest\n")

    assert collected.diff is not None
    assert "+changed" in collected.diff.read_text()

    async with workspaces.checkout(run, repository) as tree:
        assert {entry.name for entry in tree.iterdir()} == {"a.txt", "b.txt", ".gitignore", ".gitattributes"}
        assert (tree / "a.txt").read_text() == "changed\n"
        (tree / "litter").mkdir()
        (tree / "litter/deep").write_text("x")

    assert not {name for name in names(run_folder) if name.startswith("checkout-")}


@pytest.mark.parametrize("name", ["next", "feature/#12-fix", "a/-x", "user@host", "é/日本", "$(x)'y", "x+y"])
async def test_a_run_starts_from_the_branch_it_names(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell, name: str
) -> None:
    shell("checkout", "--quiet", *(() if name == "next" else ("-b",)), name, cwd=origin)
    (origin / "next.txt").write_text("n\n")
    shell("add", "--all", cwd=origin)
    shell("commit", "--quiet", "-m", "next", cwd=origin)

    prepared = await workspaces.prepare(run, repository, base=name)

    assert prepared.base_branch == name
    assert (prepared.path / "next.txt").exists()
    assert shell("rev-parse", "--abbrev-ref", "HEAD", cwd=prepared.path) == f"ompycord/{short_id(run)}"
    assert shell("remote", cwd=prepared.path) == ""


@pytest.mark.parametrize("name", ["-x", "a..b", "a@{1}", "x.lock", "a/.b", "", "a b", "--upload-pack=x", "nowhere"])
async def test_a_bad_base_is_refused_by_name(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, name: str, run_folder: Path
) -> None:
    with pytest.raises(WorkspaceError, match=r"no name of a branch|has no branch nowhere"):
        await workspaces.prepare(run, repository.model_copy(update={"base": name}), base=None)
    assert names(run_folder) == set()


async def test_results_go_beside_a_branch_that_holds_other_work(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell
) -> None:
    shell("branch", "ompycord/x", "main", cwd=origin)
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("changed\n")
    await workspaces.collect(run, repository, message="m")

    first = await workspaces.publish(run, repository, branch="ompycord/x")
    again = await workspaces.publish(run, repository, branch="ompycord/x")

    assert first == again
    assert first.branch == "ompycord/x-2"
    assert shell("rev-parse", "ompycord/x", cwd=origin) == shell("rev-parse", "main", cwd=origin)


async def test_our_own_branch_moves_on_with_a_new_result_unless_somebody_works_there(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    for number in (1, 2):
        (clone / "a.txt").write_text(f"changed {number}\n")
        await workspaces.collect(run, repository, message="m")
        assert (await workspaces.publish(run, repository, branch="ompycord/x")).branch == "ompycord/x"
    shell("checkout", "--quiet", "ompycord/x", cwd=origin)
    (clone / "a.txt").write_text("changed 3\n")
    await workspaces.collect(run, repository, message="m")

    third = await workspaces.publish(run, repository, branch="ompycord/x")

    assert third.branch == "ompycord/x-2"
    assert shell("status", "--porcelain", cwd=origin) == ""
    assert (origin / "a.txt").read_text() == "changed 2\n"


async def test_a_result_never_goes_to_the_base_branch(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId
) -> None:
    clone = (await workspaces.prepare(run, repository, base="next")).path
    (clone / "a.txt").write_text("changed\n")
    await workspaces.collect(run, repository, message="m")
    for base in ("main", "next"):
        with pytest.raises(WorkspaceError, match=f"{base} is the base branch"):
            await workspaces.publish(run, repository, branch=base)
    with pytest.raises(WorkspaceError, match="no name of a branch"):
        await workspaces.publish(run, repository, branch="../main")


async def test_an_address_is_cached_and_its_results_lie_in_the_cache(
    workspaces: GitWorkspaces, origin: Path, run: RunId, shell: Shell, tmp_path: Path
) -> None:
    repository = RepositorySpec(name="far", address=origin.as_uri())
    for number in (1, 2):  # the second time the cache is there, and the origin has moved
        (origin / "b.txt").write_text(f"{number}\n")
        shell("commit", "--quiet", "-am", "more", cwd=origin)
        clone = (await workspaces.prepare(run, repository, base=None)).path
        assert (clone / "b.txt").read_text() == f"{number}\n"
    (clone / "a.txt").write_text("changed\n")
    await workspaces.collect(run, repository, message="m")

    published = await workspaces.publish(run, repository, branch="ompycord/x")

    cache = tmp_path / "data/repositories/far.git"
    assert shell("rev-parse", "refs/heads/ompycord/x", cwd=cache) == published.commit
    assert shell("branch", "--list", "ompycord/*", cwd=origin) == ""


@pytest.mark.parametrize(
    "address", ["ext::sh -c true", "https://user:hunter22@127.0.0.1:1/x.git", "--upload-pack=touch x"]
)
async def test_an_address_that_fails_is_not_repeated(workspaces: GitWorkspaces, run: RunId, address: str) -> None:
    with pytest.raises(WorkspaceError, match="far could not be fetched") as caught:
        await workspaces.prepare(run, RepositorySpec(name="far", address=address), base=None)
    assert "hunter22" not in str(caught.value)
    assert "://" not in str(caught.value)


async def test_discarding_keeps_the_result_and_nothing_of_the_agents(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, run_folder: Path
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("changed\n")
    collected = await workspaces.collect(run, repository, message="m")

    await workspaces.discard(run)
    await workspaces.discard(run)

    assert names(run_folder) == {"result.git", "diff.patch", "meta.json"}
    assert await workspaces.workspace(run) is None
    assert await workspaces.collect(run, repository, message="other") == collected
    async with workspaces.checkout(run, repository) as tree:
        assert (tree / "a.txt").read_text() == "changed\n"


async def test_discarding_without_a_result_leaves_nothing(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, run_folder: Path
) -> None:
    await workspaces.prepare(run, repository, base=None)
    await workspaces.discard(run)
    assert names(run_folder) == set()
    with pytest.raises(WorkspaceError, match="no workspace"):
        await workspaces.collect(run, repository, message="m")


async def test_five_hundred_files_are_listed_and_all_are_counted(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    for number in range(612):
        (clone / f"f{number:04}.txt").write_text("x\n")

    collected = await workspaces.collect(run, repository, message="m")

    assert len(collected.files) == 500
    assert collected.total == 612


async def test_a_machine_that_refuses_is_put_in_words(
    repository: RepositorySpec, run: RunId, tmp_path: Path, workspaces: GitWorkspaces
) -> None:
    nowhere = tmp_path / "bin"
    nowhere.mkdir()
    launcher = UnconfinedLauncher(path=str(nowhere))
    bare = GitWorkspaces(
        folder=tmp_path / "w", repositories=tmp_path / "r", git=Git(path=str(nowhere)), launcher=launcher
    )
    with pytest.raises(WorkspaceError, match="git was not found"):
        await bare.prepare(run, repository, base=None)
    (tmp_path / "data").write_text("a file in the folder's place")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        await workspaces.prepare(run, repository, base=None)


@pytest.mark.parametrize("name", [".git", ".GIT"])
@pytest.mark.parametrize("is_committed", [True, False])
async def test_a_repository_that_the_agent_made_within_is_taken_as_files(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, shell: Shell, name: str, *, is_committed: bool
) -> None:
    """Git itself would store a bare number for it: whatever `npm create` or `rails new` made would be lost."""
    clone = (await workspaces.prepare(run, repository, base=None)).path
    app = clone / "app"
    app.mkdir()
    shell("init", "--quiet", cwd=app)
    (app / "main.js").write_text("code\n")
    if is_committed:
        shell("add", ".", cwd=app)
        shell("commit", "--quiet", "-m", "first", cwd=app)
    (app / ".git").rename(app / name)

    collected = await workspaces.collect(run, repository, message="app")
    assert [(one.path, one.status) for one in collected.files] == [("app/main.js", "added")]
    assert (app / name / "HEAD").is_file()  # the agent finds it where it was
