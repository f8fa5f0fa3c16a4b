"""Kills, failing disks and crashes between statements: what was acknowledged is there, once.

What was not is whole or absent.
"""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ompycord.domain import events as ev
from ompycord.domain.ids import RunId
from ompycord.domain.records import Commit, KeysEnd, OutboxKind, OutboxRow, Receipt
from ompycord.domain.run import RunState
from ompycord.store import open_store
from ompycord.store.sqlite import WRITES
from ompycord.store.writes import apply_commit
from tests.integration.store.world import NOW, CountingIds, HandClock, People, Sender

pytestmark = pytest.mark.posix

ROOT = Path(__file__).parents[3]
CHILD = [sys.executable, "-m", "tests.integration.store.store_under_load"]
MEGABYTE = 2**20


def start(path: Path, first: int, *, before: tuple[str, ...] = (), file_limit: int | None = None) -> list[list[str]]:
    """Run the child until it said enough, kill it, return what it said; with a limit it ends by itself."""

    def limit() -> None:
        if file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    said: list[list[str]] = []
    with subprocess.Popen(
        [*before, *CHILD, str(path), str(first)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=limit,  # noqa: PLW1509  # the child is started before any thread of ours exists
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            said.append(line.split())
            if len(said) == (1500 if not before and file_limit is None else 50_000):
                os.killpg(child.pid, signal.SIGKILL)
        child.wait(60)
    return said


async def require_kept(path: Path, said: list[list[str]]) -> None:
    """Every acknowledged fact is there; sent again it is known; nothing is there twice or in part."""
    ids = CountingIds(2**70)
    sender = Sender(ids)
    async with open_store(path, clock=HandClock(), ids=ids, readers=1) as store:
        posts = [
            sender.post(
                seq=int(seq),
                source=source_state,
                webhook_id=f"msg_{source_state}_{seq}",
                sent=f"{source_state} {seq}".encode(),
            )
            for _, source_state, seq in (words for words in said if words[0] == "event")
        ]
        for again in await store.append(posts):
            assert isinstance(again, Receipt)
            assert again.replayed
        for run_id in (words[1] for words in said if words[0] == "decision"):
            run = await store.run(RunId(run_id))
            assert run is not None
            assert run.task is not None
            assert await store.task(run.task) is not None
            assert await store.decision(RunId(run_id), "submit", "") is not None
        decided = sum(words[0] == "decision" for words in said)
        assert await store.verify_audit() >= decided


async def test_killed_under_load_it_keeps_what_it_acknowledged(path: Path) -> None:
    said: list[list[str]] = []
    for first in (1, 100_001):
        said += start(path, first)
    assert sum(words[0] == "event" for words in said) > 1000
    assert sum(words[0] == "decision" for words in said) > 10
    assert not [words for words in said if words[0] in {"refused", "failed"}]
    await require_kept(path, said)


async def test_a_full_disk_is_said_to_every_caller_and_loses_nothing(path: Path) -> None:
    said = start(path, 1, file_limit=MEGABYTE)
    failed = [words for words in said if words[0] == "failed"]
    assert len(failed) == 17  # each lane and the decider was told
    assert sum(words[0] == "event" for words in said) > 100
    await require_kept(path, said)


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace to make fsync fail")
async def test_a_failing_fsync_is_no_acknowledgement(path: Path) -> None:
    inject = (
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=fsync,fdatasync",
        "-e",
        "inject=fsync,fdatasync:error=EIO:when=48+",
    )
    try:
        said = start(path, 1, before=("strace", *inject))
    except PermissionError:
        pytest.skip("this machine lets nobody trace")
    if not said:
        pytest.skip("this machine lets nobody trace")
    assert len([words for words in said if words[0] == "failed"]) == 17
    assert sum(words[0] == "event" for words in said) > 100
    await require_kept(path, said)


async def test_a_crash_between_any_two_statements_of_a_commit_changes_nothing(path: Path) -> None:
    ids = CountingIds()
    people = People(ids)
    async with open_store(path, clock=HandClock(), ids=ids, readers=1) as store:
        run = await people.submit(store)
    task = people.task()
    other = people.run(task)
    commit = Commit(
        writes=(
            people.draft(other.id),
            task,
            other,
            people.decision(run.id, "stop"),
            people.decision(other.id),
            people.move(run.id, RunState.SUSPENDED),
            people.event(run.id, ev.RunStopped(by="Ada")),
            people.event(other.id, ev.RunSubmitted(task=task)),
            people.effect(run.id),
            OutboxRow(run=RunId(run.id), kind=OutboxKind.NOTICE, created_at=NOW),
            KeysEnd(run=RunId(run.id)),
        )
    )
    before = dump(path)
    survived = 0
    while crash(path, commit, after=survived):
        assert dump(path) == before
        survived += 1
    assert survived > 15
    assert dump(path) != before


def crash(path: Path, commit: Commit, *, after: int) -> bool:
    """Apply the commit in a forked process that dies after so many statements; False when it came to its end."""
    pid = os.fork()
    if pid == 0:
        left = after

        def count(statement: str) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(9)

        raw = sqlite3.connect(path, isolation_level=None)
        raw.row_factory = sqlite3.Row
        raw.set_trace_callback(count)
        raw.execute("BEGIN IMMEDIATE")
        apply_commit(raw, WRITES.prepare(commit), now=NOW)
        raw.execute("COMMIT")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 9


def dump(path: Path) -> list[str]:
    raw = sqlite3.connect(path)
    try:
        return list(raw.iterdump())
    finally:
        raw.close()
