"""What a person's repository may be: partial, with filters, cleaned up by git meanwhile, with branches in the way.

What a run cannot handle is refused by its name before anything ran.
"""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.preparing import clones
from ompycord.workspaces.service import GitWorkspaces

pytestmark = pytest.mark.posix

Shell = Callable[..., str]


def base_refs(shell: Shell, origin: Path) -> list[str]:
    return shell("for-each-ref", "--format=%(refname)", "refs/ompycord", cwd=origin).splitlines()


# -- filters -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "name"),
    [
        (".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n", "lfs"),
        ("deep/.gitattributes", "[attr]kept filter=crypt\nsecret.txt kept\n", "crypt"),
        (".git/info/attributes", "*.txt  filter=tidy\n", "tidy"),
    ],
)
async def test_a_filter_is_refused_by_its_name_before_anything_ran(
    workspaces: GitWorkspaces,
    repository: RepositorySpec,
    run: RunId,
    origin: Path,
    shell: Shell,
    run_folder: Path,
    file: str,
    text: str,
    name: str,
) -> None:
    (origin / file).parent.mkdir(exist_ok=True)
    (origin / file).write_text(text)
    shell("add", "--all", cwd=origin)
    shell("commit", "--quiet", "--allow-empty", "-m", "filtered", cwd=origin)
    with pytest.raises(
        WorkspaceError, match=rf"shop stores files by the git filter {name} \(.*on main\).* Nothing ran"
    ):
        await workspaces.prepare(run, repository, base=None)
    assert not run_folder.exists()
    assert base_refs(shell, origin) == []
    if not file.startswith(".git/"):
        assert (await workspaces.prepare(run, repository, base="next")).base_branch == "next"


@pytest.mark.parametrize(
    "text", ["# *.bin filter=lfs\n", "*.bin -filter\n", "*.bin !filter text\n", "nofilter=x.txt text\n"]
)
async def test_what_only_looks_like_a_filter_is_none(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell, text: str
) -> None:
    (origin / ".gitattributes").write_text(text)
    shell("add", "--all", cwd=origin)
    shell("commit", "--quiet", "-m", "attributes", cwd=origin)
    assert (await workspaces.prepare(run, repository, base=None)).path.is_dir()


# -- partial clones ----------------------------------------------------------------------------------------------------


async def test_a_partial_clone_that_lacks_the_base_is_named_with_the_command_that_mends_it(
    workspaces: GitWorkspaces, run: RunId, origin: Path, shell: Shell, tmp_path: Path
) -> None:
    shell("checkout", "--quiet", "next", cwd=origin)
    (origin / "next.txt").write_text("only on next\n")
    shell("add", "--all", cwd=origin)
    shell("commit", "--quiet", "-m", "next", cwd=origin)
    shell("checkout", "--quiet", "main", cwd=origin)
    shell("config", "uploadpack.allowFilter", "true", cwd=origin)
    shell("config", "uploadpack.allowAnySHA1InWant", "true", cwd=origin)
    partial = tmp_path / "partial"
    shell("clone", "--quiet", "--filter=blob:none", origin.as_uri(), str(partial), cwd=tmp_path)
    repository = RepositorySpec(name="shop", path=partial)

    assert (await workspaces.prepare(run, repository, base=None)).base_branch == "main"  # whose files are all there
    with pytest.raises(WorkspaceError, match="shop is a partial clone and lacks 1 objects of next") as caught:
        await workspaces.prepare(run, repository, base="next")

    commands = str(caught.value).partition("Fetch them: ")[2].partition(" Nothing ran")[0]
    for command in commands.split("; "):
        shell(*command.split()[1:], cwd=tmp_path)
    prepared = await workspaces.prepare(run, repository, base="next")
    assert (prepared.path / "next.txt").read_text() == "only on next\n"


# -- the base is kept --------------------------------------------------------------------------------------------------


async def test_the_base_outlives_an_amended_history_until_the_run_is_cleaned_up(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell
) -> None:
    prepared = await workspaces.prepare(run, repository, base=None)
    assert base_refs(shell, origin) == [f"refs/ompycord/base/{run}"]
    (prepared.path / "a.txt").write_text("changed\n")
    shell("branch", "-D", "next", cwd=origin)
    (origin / "b.txt").write_text("other\n")
    shell("commit", "--quiet", "--all", "--amend", "-m", "amended", cwd=origin)
    shell("reflog", "expire", "--expire=now", "--all", cwd=origin)
    shell("gc", "--quiet", "--prune=now", cwd=origin)

    collected = await workspaces.collect(run, repository, message="m")

    assert [file.path for file in collected.files] == ["a.txt"]
    await workspaces.publish(run, repository, branch="ompycord/x")
    await workspaces.discard(run)
    assert base_refs(shell, origin) == []
    assert shell("show", "ompycord/x:a.txt", cwd=origin) == "changed"


async def test_a_clone_that_could_not_be_made_leaves_no_ref(
    workspaces: GitWorkspaces,
    repository: RepositorySpec,
    run: RunId,
    origin: Path,
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(record: object) -> bytes:
        raise OSError(errno.ENOSPC, "no")

    monkeypatch.setattr(clones, "source_exclude", refuse)
    with pytest.raises(WorkspaceError):
        await workspaces.prepare(run, repository, base=None)
    assert base_refs(shell, origin) == []


async def test_a_lock_that_we_left_on_that_ref_does_not_stay(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell
) -> None:
    lock = origin / f".git/refs/ompycord/base/{run}.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    await workspaces.prepare(run, repository, base=None)
    lock.touch()
    await workspaces.discard(run)
    assert base_refs(shell, origin) == []


async def test_a_repository_that_is_gone_hinders_no_clean_up(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, run_folder: Path
) -> None:
    await workspaces.prepare(run, repository, base=None)
    origin.rename(origin.with_name("elsewhere"))
    await workspaces.discard(run)
    assert not run_folder.exists()


# -- names of branches -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize(
    ("there", "published"),
    [("ompycord", "ompycord-team-x"), ("ompycord/team", "ompycord/team-x"), ("ompycord/team/x/y", "ompycord/team/x-2")],
)
async def test_a_branch_in_the_way_of_the_name_makes_it_another_name(
    workspaces: GitWorkspaces,
    repository: RepositorySpec,
    run: RunId,
    origin: Path,
    shell: Shell,
    there: str,
    published: str,
    *,
    is_packed: bool,
) -> None:
    shell("branch", there, cwd=origin)
    if is_packed:
        shell("pack-refs", "--all", cwd=origin)
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("changed\n")
    await workspaces.collect(run, repository, message="m")
    for _ in range(2):
        assert (await workspaces.publish(run, repository, branch="ompycord/team/x")).branch == published
    assert shell("show", f"{published}:a.txt", cwd=origin) == "changed"


@pytest.mark.parametrize(
    ("number", "advice"), [(errno.ENOSPC, "Free the disk"), (errno.ENOTDIR, "Fix the permissions")]
)
async def test_only_a_full_disk_is_told_to_be_freed(
    workspaces: GitWorkspaces,
    repository: RepositorySpec,
    run: RunId,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    advice: str,
) -> None:
    def refuse(record: object) -> bytes:
        raise OSError(number, "no")

    monkeypatch.setattr(clones, "source_exclude", refuse)
    with pytest.raises(WorkspaceError, match=f"cannot be written: no. {advice}"):
        await workspaces.prepare(run, repository, base=None)


# -- what broke a bound ------------------------------------------------------------------------------------------------


async def test_a_clone_that_was_set_aside_is_neither_collected_nor_removed(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, origin: Path, shell: Shell, run_folder: Path
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "large.bin").write_bytes(b"x" * 1000)
    before = shell("count-objects", cwd=origin)
    where = await workspaces.set_aside(run, "It filled more than 100 MiB of the disk.")
    assert f"workspaces/{run}/clone" in where
    with pytest.raises(WorkspaceError, match=r"was set aside\. It filled more than 100 MiB"):
        await workspaces.collect(run, repository, message="m")
    for _ in range(2):
        await workspaces.discard(run)
        assert (clone / "large.bin").is_file()
    assert {entry.name for entry in run_folder.iterdir()} == {"clone", "meta.json", "result.git"}
    assert shell("count-objects", cwd=origin) == before
    assert (await workspaces.publish(run, repository, branch="ompycord/x")).branch is None
