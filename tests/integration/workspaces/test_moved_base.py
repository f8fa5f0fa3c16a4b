"""A result goes on a base that has moved, by real git; what both changed is named and nothing is lost."""

import os
import subprocess
from pathlib import Path

import pytest

from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import PutOnBase
from ompycord.workspaces.git import Git
from ompycord.workspaces.publishing.moved_base import MovedBases
from ompycord.workspaces.record import Folder, Record, Result
from tests.support.patience import patient

pytestmark = pytest.mark.posix


class Work:
    """The folder of a run: a `result.git` with a base, a result on it, and a base that has moved."""

    def __init__(self, folder: Path) -> None:
        self.runs = folder / "workspaces"
        self.run = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))
        self.folder = Folder(self.runs / self.run)
        self.folder.path.mkdir(parents=True)
        self.git("init", "-q", "--bare", "--initial-branch=main", str(self.folder.result), at=folder)
        self.base = self.commit({"a.txt": "1\n2\n3\n", "b.txt": "b\n"}, "base")
        self.moves = MovedBases(self.runs, git=Git(path=os.environ["PATH"]))

    def git(self, *words: str, at: Path | None = None, stdin: str | None = None, **env: str) -> str:
        who = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@x.example",
               "GIT_COMMITTER_NAME": "c", "GIT_COMMITTER_EMAIL": "c@x.example"}  # fmt: skip
        done = subprocess.run(
            ("git", *words), cwd=at or self.folder.result, check=True, capture_output=True, text=True, input=stdin,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **who, **env}, timeout=patient(30),
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, files: dict[str, str], words: str, *parents: str) -> str:
        """A commit with these files and no others."""
        lines = [
            f"100644 blob {self.git('hash-object', '-w', '--stdin', stdin=text)}\t{path}"
            for path, text in files.items()
        ]
        tree = self.git("mktree", stdin="\n".join(lines) + "\n")
        return self.git("commit-tree", tree, "-F", "-", *(w for p in parents for w in ("-p", p)), stdin=words)

    def files(self, commit: str) -> dict[str, str]:
        names = self.git("ls-tree", "--name-only", commit).splitlines()
        return {name: self.git("show", f"{commit}:{name}") for name in names}

    async def put(self, result: str, onto: str) -> PutOnBase:
        record = Record(
            repository="shop", base_commit=self.base, base_branch="main", objects=self.folder.result / "objects",
            result=Result(commit=result),
        )  # fmt: skip
        await self.folder.write(record)
        return await self.moves.put_on(self.run, onto=onto)


@pytest.fixture
def work(tmp_path: Path) -> Work:
    return Work(tmp_path)


async def test_every_commit_keeps_author_and_message_on_the_new_base(work: Work) -> None:
    one = work.commit({"a.txt": "1\n2\n3!\n", "b.txt": "b\n"}, "first\n\nCo-authored-by: B <b@x.example>", work.base)
    two = work.commit({"a.txt": "1\n2\n3!!\n", "b.txt": "b\n", "c.txt": "c\n"}, "second", one)
    onto = work.commit({"a.txt": "0\n1\n2\n3\n", "b.txt": "B\n"}, "moved", work.base)
    done = await work.put(two, onto)
    assert done.commit is not None
    assert work.files(done.commit) == {"a.txt": "0\n1\n2\n3!!", "b.txt": "B", "c.txt": "c"}
    log = work.git("log", "--reverse", "--format=%an|%ae|%s|%b", f"{onto}..{done.commit}").split()
    assert " ".join(log) == ("Ada|ada@x.example|first|Co-authored-by: B <b@x.example> Ada|ada@x.example|second|")
    record = work.folder.read()
    assert record is not None
    assert record.moved is not None
    assert (record.moved.commit, record.result) == (done.commit, Result(commit=two))


async def test_doing_it_again_finds_what_was_done(work: Work) -> None:
    result = work.commit({"a.txt": "1\n2\n3!\n", "b.txt": "b\n"}, "x", work.base)
    onto = work.commit({"a.txt": "1\n2\n3\n", "b.txt": "B\n"}, "moved", work.base)
    first = await work.put(result, onto)
    assert await work.moves.put_on(work.run, onto=onto) == first
    again = await work.put(result, onto)
    assert again == first, "a crash before the record was written makes the same commit"


async def test_a_conflict_names_its_files_and_changes_nothing(work: Work) -> None:
    result = work.commit({"a.txt": "1\nmine\n3\n", "b.txt": "b\n"}, "x", work.base)
    onto = work.commit({"a.txt": "1\ntheirs\n3\n", "b.txt": "B\n"}, "moved", work.base)
    assert await work.put(result, onto) == PutOnBase(commit=None, conflicts=("a.txt",))
    record = work.folder.read()
    assert record is not None
    assert record.moved is None


async def test_a_file_that_one_removed_and_the_other_changed_is_a_conflict(work: Work) -> None:
    result = work.commit({"a.txt": "1\n2\n3!\n", "b.txt": "b\n"}, "x", work.base)
    onto = work.commit({"b.txt": "b\n"}, "moved", work.base)
    assert (await work.put(result, onto)).conflicts == ("a.txt",)


async def test_a_driver_that_the_result_names_runs_nothing(work: Work, tmp_path: Path) -> None:
    work.git("config", "merge.evil.driver", f"touch {tmp_path}/ran")
    attributes = "* merge=evil filter=evil\n"
    result = work.commit({".gitattributes": attributes, "a.txt": "1\nmine\n3\n", "b.txt": "b\n"}, "x", work.base)
    onto = work.commit({"a.txt": "1\ntheirs\n3\n", "b.txt": "b\n"}, "moved", work.base)
    await work.put(result, onto)
    assert not (tmp_path / "ran").exists()


async def test_what_the_base_has_by_now_is_not_committed_again(work: Work) -> None:
    result = work.commit({"a.txt": "1\n2\n3!\n", "b.txt": "b\n"}, "x", work.base)
    onto = work.commit({"a.txt": "1\n2\n3!\n", "b.txt": "B\n"}, "somebody did the same", work.base)
    assert await work.put(result, onto) == PutOnBase(commit=None)
