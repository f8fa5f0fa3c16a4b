"""Results of one repository merged on trial, by real git: conflicts and mere neighbours are told apart."""

import os
import subprocess
from contextlib import nullcontext
from itertools import combinations
from pathlib import Path

import pytest

from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import MergedOnTrial, ResultPlace
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.workspaces.git import Git
from ompycord.workspaces.overlaps.trial_merges import GitTrialMerges
from ompycord.workspaces.publishing.forge_pushes import ForgePushes
from ompycord.workspaces.record import Folder, Record, Result
from tests.integration.workspaces.conftest import Shell
from tests.support.patience import patient

pytestmark = pytest.mark.posix

FILES = ("a.txt", "b.txt", "c.txt", "d.txt", "café/e.txt")
LINES = [f"line {number}\n" for number in range(1, 61)]


class Results:
    """A repository of five files, and results of runs on its `main`."""

    def __init__(self, folder: Path, shell: Shell) -> None:
        self.shop = folder / "shop"
        self.runs = folder / "workspaces"
        self.shell = shell
        self.shop.mkdir()
        self.runs.mkdir()
        shell("init", "--quiet", "--initial-branch=main", cwd=self.shop)
        for file in FILES:
            (self.shop / file).parent.mkdir(exist_ok=True)
            (self.shop / file).write_text("".join(LINES))
        shell("add", "--all", cwd=self.shop)
        shell("commit", "--quiet", "-m", "base", cwd=self.shop)
        self.base = shell("rev-parse", "main", cwd=self.shop)
        self.spec = RepositorySpec(name="shop", path=self.shop)
        git = Git(path=os.environ["PATH"])
        pushes = ForgePushes(repositories=folder / "caches", git=git, token_file=lambda forge: nullcontext(folder))
        self.merges = GitTrialMerges(self.runs, repositories=folder / "caches", git=git, pushes=pushes)

    async def result(self, files: dict[str, str | None], base: str | None = None) -> RunId:
        """A run whose result has these files; its objects are in its own folder alone."""
        run = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))
        folder = Folder(self.runs / run)
        folder.path.mkdir()
        tree = folder.path / "tree"
        self.shell("clone", "--quiet", "--shared", "--no-checkout", str(self.shop), str(tree), cwd=self.shop)
        self.shell("checkout", "--quiet", base or self.base, cwd=tree)
        for name, text in files.items():
            place = tree / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink() if text is None else place.write_text(text)
        self.shell("add", "--all", cwd=tree)
        self.shell("commit", "--quiet", "-m", "result", cwd=tree)
        commit = self.shell("rev-parse", "HEAD", cwd=tree)
        (tree / ".git").rename(folder.result)
        self.shell("config", "core.bare", "true", cwd=folder.result)
        record = Record(
            repository="shop", base_commit=self.base, base_branch="main", objects=self.shop / ".git/objects",
            result=Result(commit=commit),
        )  # fmt: skip
        await folder.write(record)
        return run

    async def merged(self, one: RunId, other: RunId) -> MergedOnTrial | None:
        places = [await self.merges.result(run) for run in (one, other)]
        first, second = places
        assert first is not None
        assert second is not None
        return await self.merges.merge(self.spec, first, second)

    def objects(self) -> list[str]:
        found = (*self.shop.glob(".git/objects/**/*"), *self.runs.glob("*/result.git/objects/**/*"))
        return sorted(str(path) for path in found)


def succeeds(words: tuple[str, ...], folder: Path) -> bool:
    return subprocess.run(words, check=False, cwd=folder, capture_output=True, timeout=patient(30)).returncode == 0


def changed(*numbers: int, by: str = "x") -> str:
    return "".join(f"{by} {line}" if at in numbers else line for at, line in enumerate(LINES, 1))


@pytest.fixture
def results(tmp_path: Path, shell: Shell) -> Results:
    return Results(tmp_path, shell)


async def test_a_conflict_a_neighbour_and_another_file_are_told_apart(results: Results) -> None:
    mine = await results.result({"café/e.txt": changed(10), "a.txt": changed(1)})
    conflict = await results.result({"café/e.txt": changed(10, by="y")})
    neighbour = await results.result({"café/e.txt": changed(40)})
    elsewhere = await results.result({"b.txt": changed(10)})
    before = results.objects()
    assert await results.merged(mine, conflict) == MergedOnTrial(both=("café/e.txt",), conflicts=("café/e.txt",))
    assert await results.merged(neighbour, mine) == MergedOnTrial(both=("café/e.txt",))
    assert await results.merged(mine, elsewhere) == MergedOnTrial()
    assert results.objects() == before, "nothing is written anywhere"
    assert not list(results.runs.glob("overlap-*"))


async def test_a_file_that_one_removed_and_one_that_became_a_folder_are_conflicts(results: Results) -> None:
    mine = await results.result({"a.txt": changed(3), "new": "a file\n"})
    removed = await results.result({"a.txt": None})
    folder = await results.result({"new/inside.txt": "a folder\n"})
    merged = await results.merged(mine, removed)
    assert merged is not None
    assert merged.conflicts == ("a.txt",)
    merged = await results.merged(mine, folder)
    assert merged is not None
    assert merged.conflicts, "neither has a path of the other, and yet they cannot be merged"


async def test_what_goes_on_from_a_result_does_not_overlap_with_it(results: Results) -> None:
    first = await results.result({"a.txt": changed(3)})
    place = await results.merges.result(first)
    assert place is not None
    results.shell("fetch", "--quiet", str(results.runs / first / "result.git"), place.commit, cwd=results.shop)
    later = await results.result({"a.txt": changed(3, 4)}, base=place.commit)
    assert await results.merged(first, later) == MergedOnTrial()


async def test_a_driver_that_a_result_names_runs_nothing(results: Results, tmp_path: Path) -> None:
    results.shell("config", "merge.evil.driver", f"touch {tmp_path}/ran", cwd=results.shop)
    mine = await results.result({".gitattributes": "* merge=evil filter=evil\n", "a.txt": changed(3)})
    other = await results.result({"a.txt": changed(3, by="y")})
    merged = await results.merged(mine, other)
    assert merged is not None
    assert merged.conflicts == ("a.txt",)
    assert not (tmp_path / "ran").exists()


async def test_a_history_that_is_not_whole_is_no_conflict(results: Results) -> None:
    """Of a shallow clone nothing is common to both: that says nothing about their files."""
    mine = await results.result({"a.txt": changed(3)})
    tree = results.shell("rev-parse", "main^{tree}", cwd=results.shop)
    alone = results.shell("commit-tree", tree, "-m", "no parent is here", cwd=results.shop)
    place = await results.merges.result(mine)
    assert place is not None
    assert await results.merges.merge(results.spec, place, ResultPlace(alone)) is None


async def test_a_run_whose_folder_is_gone_has_no_result(results: Results) -> None:
    gone = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))
    assert await results.merges.result(gone) is None
    mine = await results.result({"a.txt": changed(3)})
    place = await results.merges.result(mine)
    assert place is not None
    assert await results.merges.merge(results.spec, place, ResultPlace(place.commit, gone)) is None


@pytest.mark.parametrize("gone", ["git", "the folder of runs"])
async def test_a_machine_on_which_nothing_can_be_merged_is_an_error_in_words(
    results: Results, tmp_path: Path, gone: str
) -> None:
    """Any other error would end more than this look."""
    git = Git(path=str(tmp_path / "nowhere") if gone == "git" else os.environ["PATH"])
    pushes = ForgePushes(repositories=tmp_path, git=git, token_file=lambda forge: nullcontext(tmp_path))
    merges = GitTrialMerges(tmp_path / "gone", repositories=tmp_path, git=git, pushes=pushes)
    head = ResultPlace(results.base)
    with pytest.raises(WorkspaceError, match="git could not merge on trial"):
        await merges.merge(results.spec, head, head)


async def test_what_a_crash_left_goes_with_the_next_merge(results: Results) -> None:
    (results.runs / "overlap-abc/pack").mkdir(parents=True)
    one, other = await results.result({"a.txt": changed(3)}), await results.result({"a.txt": changed(9)})
    await results.merged(one, other)
    assert not list(results.runs.glob("overlap-*"))


@pytest.mark.long
async def test_ten_results_over_five_files_agree_with_merges_by_git_itself(results: Results, tmp_path: Path) -> None:
    """Each pair is also merged in a work tree, as a person would: what that says is what is true."""
    edits = [
        {"a.txt": changed(5)}, {"a.txt": changed(5, by="y")}, {"a.txt": changed(30)},
        {"b.txt": changed(10), "c.txt": changed(10)}, {"c.txt": changed(11, by="y")}, {"c.txt": changed(50)},
        {"d.txt": None}, {"d.txt": changed(20)}, {"café/e.txt": changed(1), "b.txt": changed(12)},
        {"café/e.txt": changed(59), "a.txt": changed(4)},
    ]  # fmt: skip
    runs = [await results.result(dict(files)) for files in edits]
    person = tmp_path / "person"
    results.shell("clone", "--quiet", str(results.shop), str(person), cwd=tmp_path)
    commits: dict[RunId, str] = {}
    for run in runs:
        place = await results.merges.result(run)
        assert place is not None
        commits[run] = place.commit
        results.shell("fetch", "--quiet", str(results.runs / run / "result.git"), place.commit, cwd=person)
    kinds = {"conflict": 0, "neighbour": 0, "apart": 0}
    for (at, one), (to, other) in combinations(enumerate(runs), 2):
        merged = await results.merged(one, other)
        assert merged is not None
        results.shell("checkout", "--quiet", "--force", "--detach", commits[one], cwd=person)
        words = ("git", "-c", "user.name=p", "-c", "user.email=p@x.example", "merge", "--quiet", commits[other])
        is_clean = succeeds(words, person)
        assert (not merged.conflicts) == is_clean, (edits[at], edits[to])
        assert merged.both == tuple(sorted(edits[at].keys() & edits[to].keys()))
        results.shell("reset", "--quiet", "--hard", cwd=person)
        kinds["conflict" if merged.conflicts else "neighbour" if merged.both else "apart"] += 1
    assert all(kinds.values()), kinds
