"""What an agent was granted never leaves with its result: in no file, name or message, nor in a commit in between."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from ompycord.domain.ids import RunId
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import ResultWithheld
from ompycord.text.known_values import KnownValues
from ompycord.workspaces.guarding import granted
from ompycord.workspaces.service import GitWorkspaces

pytestmark = pytest.mark.posix
Shell = Callable[..., str]
KEY = "sk-" + "proj-" + "aB3xY9" * 6
GRANTED = KnownValues([("MODEL_KEY", KEY), ("the file ~/.netrc", "pass/word-of-netrc")]).first


def in_a_file(clone: Path, shell: Shell) -> str:
    (clone / "notes/a b.txt").parent.mkdir()
    (clone / "notes/a b.txt").write_text(f"the key is {KEY}\n")
    return "notes/a b.txt holds a secret of MODEL_KEY"


def in_base64(clone: Path, shell: Shell) -> str:
    (clone / "b.txt").write_bytes(base64.encodebytes(b"x" * 50 + KEY.encode()))
    return "b.txt holds a secret of MODEL_KEY"


def in_utf_16(clone: Path, shell: Shell) -> str:
    (clone / "wide.txt").write_text(KEY, encoding="utf-16")
    return "wide.txt holds a secret of MODEL_KEY"


def behind_what_nobody_sees(clone: Path, shell: Shell) -> str:
    (clone / "thin.txt").write_text("\u200b".join(KEY))
    return "thin.txt holds a secret of MODEL_KEY"


def in_a_binary_file(clone: Path, shell: Shell) -> str:
    (clone / "x.bin").write_bytes(bytes(range(256)) + KEY.encode() + b"\0\xff\x80")
    return "x.bin holds a secret of MODEL_KEY"


def in_a_large_file(clone: Path, shell: Shell) -> str:
    (clone / "large").write_bytes(b"a line of text\n" * 80_000 + KEY.encode() + b"\n" * 40_000)
    return "large holds a secret of MODEL_KEY"


def in_a_name(clone: Path, shell: Shell) -> str:
    (clone / KEY).write_text("nothing")
    return "the name of a file holds a secret of MODEL_KEY"


def in_a_path(clone: Path, shell: Shell) -> str:
    (clone / "pass").mkdir()
    (clone / "pass/word-of-netrc").write_text("nothing")
    return "the name of a file holds a secret of the file ~/.netrc"


def in_a_path_of_a_known_file(clone: Path, shell: Shell) -> str:
    (clone / "pass").mkdir()
    (clone / "b.txt").rename(clone / "pass/word-of-netrc")
    return "the name of a file holds a secret of the file ~/.netrc"


def in_a_link(clone: Path, shell: Shell) -> str:
    (clone / "link").symlink_to(KEY)
    return "link holds a secret of MODEL_KEY"


def in_a_message(clone: Path, shell: Shell) -> str:
    (clone / "a.txt").write_text("three\n")
    shell("commit", "--quiet", "--all", "-m", f"use {KEY}", cwd=clone)
    return "the message of a commit holds a secret of MODEL_KEY"


def in_a_commit_in_between(clone: Path, shell: Shell) -> str:
    (clone / "gone.txt").write_text(KEY)
    shell("add", "gone.txt", cwd=clone)
    shell("commit", "--quiet", "-m", "one", cwd=clone)
    (clone / "gone.txt").unlink()
    (clone / "a.txt").write_text("three\n")
    shell("commit", "--quiet", "--all", "-m", "two", cwd=clone)
    return "gone.txt holds a secret of MODEL_KEY"


def in_a_name_in_between(clone: Path, shell: Shell) -> str:
    shell("mv", "b.txt", KEY, cwd=clone)
    shell("commit", "--quiet", "-m", "one", cwd=clone)
    shell("mv", KEY, "c.txt", cwd=clone)
    shell("commit", "--quiet", "-m", "two", cwd=clone)
    return "the name of a file holds a secret of MODEL_KEY"


PLACES = (
    in_a_file, in_base64, in_utf_16, behind_what_nobody_sees, in_a_binary_file, in_a_large_file, in_a_name, in_a_path,
    in_a_path_of_a_known_file,
    in_a_link, in_a_message, in_a_commit_in_between, in_a_name_in_between,
)  # fmt: skip


@pytest.mark.parametrize("leak", PLACES, ids=lambda leak: leak.__name__)
async def test_a_result_that_holds_a_granted_value_is_held_back(
    leak: Callable[[Path, Shell], str],
    workspaces: GitWorkspaces,
    repository: RepositorySpec,
    run: RunId,
    run_folder: Path,
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(granted, "_BATCH", 300_000)  # so that the large file is one that is read from the disk
    monkeypatch.setattr(granted, "_STEP", 100_000)
    clone = (await workspaces.prepare(run, repository, base=None)).path
    where = leak(clone, shell)
    with pytest.raises(ResultWithheld) as caught:
        await workspaces.collect(run, repository, message="m", granted=GRANTED)
    assert where in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(str(caught.value)) <= 200
    assert await workspaces.result(run) is None
    assert (await workspaces.publish(run, repository, branch="ompycord/x")).branch is None
    assert shell("for-each-ref", "--format=%(refname)", cwd=run_folder / "result.git") == "refs/ompycord/base"
    assert not (run_folder / "bundle").exists()
    assert not (run_folder / "diff.patch").exists()


async def test_once_it_is_taken_out_the_result_is_taken(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, shell: Shell
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text(f"{KEY}\n")
    with pytest.raises(ResultWithheld):
        await workspaces.collect(run, repository, message="m", granted=GRANTED)
    (clone / "a.txt").write_text("the key is in MODEL_KEY\n")
    collected = await workspaces.collect(run, repository, message="m", granted=GRANTED)
    assert [file.path for file in collected.files] == ["a.txt"]
    assert (await workspaces.publish(run, repository, branch="ompycord/x")).branch == "ompycord/x"


async def test_what_the_base_holds_already_holds_nothing_back(
    workspaces: GitWorkspaces, repository: RepositorySpec, origin: Path, run: RunId, shell: Shell
) -> None:
    (origin / "known.txt").write_text(f"{KEY}\n")
    shell("add", "--all", cwd=origin)
    shell("commit", "--quiet", "-m", f"everybody knows {KEY}", cwd=origin)
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("three\n")
    (clone / "known.txt").rename(clone / "moved.txt")
    assert (await workspaces.collect(run, repository, message="m", granted=GRANTED)).total == 2


async def test_an_earlier_result_stays(
    workspaces: GitWorkspaces, repository: RepositorySpec, run: RunId, shell: Shell
) -> None:
    clone = (await workspaces.prepare(run, repository, base=None)).path
    (clone / "a.txt").write_text("three\n")
    first = await workspaces.collect(run, repository, message="m", granted=GRANTED)
    (clone / "a.txt").write_text(KEY)
    with pytest.raises(ResultWithheld):
        await workspaces.collect(run, repository, message="m", granted=GRANTED)
    assert await workspaces.result(run) == first
