"""Sessions that are kept for follow-ups: at the same path, without what was granted, for a time and up to a size."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from ompycord.domain.folds.follow_up import Former, KeptSession
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import Prepared
from ompycord.domain.repository import RepositorySpec
from ompycord.errors import WorkspaceError
from ompycord.testing.clock import START_MS
from ompycord.workspaces.git import Git
from ompycord.workspaces.record import Folder
from ompycord.workspaces.service import GitWorkspaces
from ompycord.workspaces.session_limits import SessionLimits
from ompycord.workspaces.sessions import KeptSessions
from tests.integration.workspaces.conftest import Shell

DAY_MS = 24 * 60 * 60 * 1000
SECRET = "sk-granted-0123456789abcdef"


def new_run() -> RunId:
    return RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))


def holds_secret(text: str) -> str | None:
    return "KEY" if SECRET in text else None


class Runs:
    """Runs that change a file each, one after the other."""

    def __init__(self, workspaces: GitWorkspaces, repository: RepositorySpec) -> None:
        self.workspaces = workspaces
        self.repository = repository

    async def start(self, run: RunId, former: Former | None = None) -> Prepared:
        return await self.workspaces.prepare(run, self.repository, base=None, former=former)

    async def end(
        self, run: RunId, *, text: str = "", branch: str | None = None, at: int = START_MS, grants: Sequence[Path] = ()
    ) -> str | None:
        """Its agent has written `text` and ended; the commit. With a session, its HOME is there."""
        prepared = await self.workspaces.workspace(run)
        assert prepared is not None
        if text:
            (prepared.path / "a.txt").write_text(text)
        await self.workspaces.collect(run, self.repository, message="made by a run")
        published = await self.workspaces.publish(run, self.repository, branch=branch or f"ompycord/{run[-6:].lower()}")
        await self.workspaces.keep_session(run, grants=grants, granted=holds_secret, at=at)
        await self.workspaces.discard(run)
        return published.commit

    def home(self, prepared: Prepared) -> Path:
        home = prepared.path.parent / "home"
        home.mkdir(exist_ok=True)
        return home

    async def with_session(self, *, size: int = 10, at: int = START_MS) -> RunId:
        """A run that has ended, and whose session of so many bytes is kept."""
        run = new_run()
        (self.home(await self.start(run)) / "session.jsonl").write_bytes(b"s" * size)
        await self.end(run, text=run, at=at)
        return run


@pytest.fixture
def runs(workspaces: GitWorkspaces, repository: RepositorySpec) -> Runs:
    return Runs(workspaces, repository)


def after(run: RunId, **known: str) -> Former:
    return Former.model_validate({"run": run, "sessions": (KeptSession(run=run, session="s-1"),), **known})


async def is_kept(runs: Runs, run: RunId) -> bool:
    place = Folder(runs.workspaces.sessions._folder / run)  # pyright: ignore[reportPrivateUsage]  # where it lies
    return place.home.is_dir()


async def test_a_follow_up_works_at_the_path_that_its_session_knows(runs: Runs, shell: Shell) -> None:
    first, second, third = new_run(), new_run(), new_run()
    began = await runs.start(first)
    (runs.home(began) / "session.jsonl").write_text("what was said")
    branch = f"ompycord/{first[-6:].lower()}"
    commit = await runs.end(first, text="uno\n")
    assert commit is not None
    assert not began.path.exists()
    former = after(first, branch=branch, commit=commit, first_base=began.base_commit)
    again = await runs.start(second, former)
    assert (again.path, again.session, again.base_commit) == (began.path, "s-1", commit)
    assert (runs.home(again) / "session.jsonl").read_text() == "what was said"
    assert (again.path / "a.txt").read_text() == "uno\n"
    assert shell("branch", "--show-current", cwd=again.path) == branch
    assert await runs.end(second, text="due\n", branch=branch) is not None
    last = await runs.start(third, after(second, branch=branch, first_base=began.base_commit))
    assert (last.path, (last.path / "a.txt").read_text()) == (began.path, "due\n")
    for run, text in ((first, "uno\n"), (second, "due\n")):
        result = await runs.workspaces.result(run)
        assert result is not None
        assert result.diff is not None
        assert f"+{text}" in result.diff.read_text()


async def test_the_evidence_of_a_follow_up_is_the_first_runs_base(runs: Runs) -> None:
    first, second = new_run(), new_run()
    began = await runs.start(first)
    (began.path / "b.txt").unlink()
    branch = f"ompycord/{first[-6:].lower()}"
    await runs.end(first, text="one\n")
    await runs.start(second, Former(run=first, branch=branch, first_base=began.base_commit))
    await runs.end(second, text="two\n", branch=branch)
    trees = await runs.workspaces.trees(second)
    assert "b.txt" in trees.base
    assert "b.txt" not in trees.result
    assert trees.base["a.txt"] != trees.result["a.txt"]


async def test_without_the_first_runs_base_nothing_is_compared(runs: Runs) -> None:
    first, second = new_run(), new_run()
    await runs.start(first)
    branch = f"ompycord/{first[-6:].lower()}"
    await runs.end(first, text="one\n")
    await runs.start(second, Former(run=first, branch=branch, first_base="1" * 40))
    with pytest.raises(WorkspaceError, match=r"The commit 111111111111 .* is gone, so nothing"):
        await runs.workspaces.trees(second)


async def test_a_second_preparation_finds_the_session_again_and_no_other_run_does(runs: Runs) -> None:
    first = await runs.with_session()
    second = new_run()
    assert (await runs.start(second, after(first))).session == "s-1"
    assert (await runs.start(second, after(first))).session == "s-1"
    other = await runs.start(new_run(), after(first))
    assert (other.session, other.path.parent.name) == (None, other.path.parent.name)
    assert await is_kept(runs, first)


async def test_a_run_that_ended_before_it_made_anything_gives_the_session_back(runs: Runs) -> None:
    first = await runs.with_session()
    second = new_run()
    await runs.start(second, after(first))
    await runs.workspaces.discard(second)  # it was cancelled, or its clone could not be made
    assert (await runs.start(new_run(), after(first))).session == "s-1"


async def test_a_session_whose_record_was_lost_is_not_in_use_for_ever(runs: Runs, tmp_path: Path) -> None:
    first = await runs.with_session()
    second = new_run()
    await runs.workspaces.sessions.adopt(after(first), second, objects=(await objects(runs)))
    await runs.workspaces.discard(second)  # the process died between the adoption and the record
    assert (await runs.start(new_run(), after(first))).session == "s-1"


async def objects(runs: Runs) -> Path:
    run = new_run()
    await runs.start(run)
    record = Folder(runs.workspaces.sessions._folder / run).read()  # pyright: ignore[reportPrivateUsage]
    assert record is not None
    return record.objects


async def test_a_clone_that_was_set_aside_keeps_no_session(runs: Runs) -> None:
    run = new_run()
    runs.home(await runs.start(run))
    await runs.workspaces.set_aside(run, "It broke a bound.")
    assert not await runs.workspaces.keep_session(run, grants=(), granted=None, at=START_MS)
    await runs.workspaces.discard(run)
    assert not await is_kept(runs, run)


# -- what was granted --------------------------------------------------------------------------------------------------


async def test_what_was_granted_is_not_in_a_kept_session(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    granted = own / ".agent/auth.json"
    granted.parent.mkdir(parents=True)
    granted.write_text(SECRET)
    monkeypatch.setenv("HOME", str(own))
    run = new_run()
    home = runs.home(await runs.start(run))
    (home / ".agent").mkdir()
    (home / ".agent/auth.json").symlink_to(granted)
    (home / "copy.json").write_text(f'{{"key": "{SECRET}"}}')
    (home / "split.bin").write_bytes(b"x" * (4 * 1024 * 1024 - 5) + SECRET.encode())
    (home / "outside").symlink_to("/etc/hostname")
    (home / "inside").symlink_to(home / "session.jsonl")
    (home / "session.jsonl").write_text("what was said")
    (home / ".cache").mkdir()
    (home / ".cache/large").write_text("again")
    (home / "tool").write_bytes(b"\x7fELF" + b"0" * 10)
    os.mkfifo(home / "pipe")
    locked = home / "locked"
    locked.mkdir()
    (locked / "note.txt").write_text("kept")
    locked.chmod(0)
    await runs.end(run, text="one\n", grants=(granted,))
    left = sorted(
        path.relative_to(home).as_posix() for path in home.rglob("*") if not path.is_dir() or path.is_symlink()
    )
    assert left == ["inside", "locked/note.txt", "session.jsonl"]
    assert granted.read_text() == SECRET


async def test_a_copy_of_the_granted_file_under_its_own_name_goes_too(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("HOME", str(own))
    run = new_run()
    home = runs.home(await runs.start(run))
    (home / "auth.json").write_text("renewed by the agent's program")
    (home / "other.json").write_text("{}")
    await runs.end(run, text="one\n", grants=(own / "auth.json",))
    assert [path.name for path in home.iterdir()] == ["other.json"]


async def test_a_home_that_became_a_link_is_not_kept(runs: Runs, tmp_path: Path) -> None:
    run = new_run()
    prepared = await runs.start(run)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").write_text("x")
    (prepared.path / "a.txt").write_text("uno\n")
    await runs.workspaces.collect(run, runs.repository, message="made by a run")
    (prepared.path.parent / "home").rmdir()
    (prepared.path.parent / "home").symlink_to(elsewhere)
    assert not await runs.workspaces.keep_session(run, grants=(), granted=None, at=START_MS)
    await runs.workspaces.discard(run)
    assert (elsewhere / "mine").exists()
    assert not (prepared.path.parent / "home").exists()


# -- for how long, and how much ----------------------------------------------------------------------------------------


async def test_a_session_is_kept_for_its_days(runs: Runs) -> None:
    first = await runs.with_session()
    await runs.workspaces.sessions.prune(START_MS + 7 * DAY_MS - 1)
    assert await is_kept(runs, first)
    await runs.workspaces.sessions.prune(START_MS + 7 * DAY_MS)
    assert not await is_kept(runs, first)
    assert (await runs.start(new_run(), after(first))).session is None


async def test_the_days_count_from_the_end_of_the_last_run_in_it(runs: Runs) -> None:
    first = await runs.with_session()
    second = new_run()
    await runs.start(second, after(first))
    await runs.workspaces.sessions.prune(START_MS + 8 * DAY_MS)
    assert await is_kept(runs, first)  # it is in use
    await runs.end(second, text="two\n", at=START_MS + 8 * DAY_MS)
    await runs.workspaces.sessions.prune(START_MS + 14 * DAY_MS)
    assert await is_kept(runs, first)


async def test_the_oldest_goes_first_where_all_are_too_large(
    tmp_path: Path, git: Git, repository: RepositorySpec, workspaces: GitWorkspaces
) -> None:
    workspaces.sessions = KeptSessions(tmp_path / "data/workspaces", SessionLimits(sessions_mib=1))
    runs = Runs(workspaces, repository)
    made = [await runs.with_session(size=400 * 1024, at=START_MS + number) for number in range(4)]
    assert [await is_kept(runs, run) for run in made] == [False, False, True, True]


async def test_nothing_is_kept_where_no_days_are_wanted(
    tmp_path: Path, repository: RepositorySpec, workspaces: GitWorkspaces
) -> None:
    workspaces.sessions = KeptSessions(tmp_path / "data/workspaces", SessionLimits(sessions_days=0))
    runs = Runs(workspaces, repository)
    assert not await is_kept(runs, await runs.with_session())
