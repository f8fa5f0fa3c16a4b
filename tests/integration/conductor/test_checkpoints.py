"""A run pauses between rounds, lists what it can go back to, and goes on from the result of an earlier round."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.folds.checkpoints import roll_back_of
from ompycord.domain.ids import OMPYCORD, RunId
from ompycord.domain.ports import AgentCapabilities, AgentJob, AgentOutcome, Emit, Inbox
from ompycord.domain.refusals import RefusalCode
from ompycord.domain.run import RunState
from ompycord.errors import Refused
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, ScriptedAgent
from tests.integration.conductor.conftest import ADA, CATALOG, AppHarness
from tests.support.patience import patient
from tests.support.prepared_run import PreparedRun

RED = ev.CheckFinished(check="unit", status="failed", passed=3, failed=1, failing=("test_tax",))


class Repairs(ScriptedAgent):
    """Writes a file of its own in each start."""

    async def run(self, job: AgentJob, emit: Emit, inbox: Inbox) -> AgentOutcome:
        self.writes = {f"file{len(self.jobs) + 1}.txt": "x"}
        return await super().run(job, emit, inbox)


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    """Its check always fails."""
    made = AppHarness(store, tmp_path, FakeClock(), CATALOG, agent=Repairs())
    made.checks.results = {"unit": RED}
    return made


async def paused(harness: AppHarness, before: int, **changes: Any) -> str:
    """A run that stands before the round after that verification."""

    async def asks() -> None:
        if len(harness.agent.jobs) == before and not asked:
            asked.append(before)
            await harness.areas.checkpoints.pause(await harness.areas.record(run), ADA)

    asked: list[int] = []
    harness.checks.before = asks
    run = (await harness.submit(**changes)).id
    await harness.until(run, lambda snapshot: snapshot.state is RunState.SUSPENDED)
    return run


async def test_it_pauses_before_the_next_round_and_the_card_says_who_asked(harness: AppHarness) -> None:
    async with harness.running():
        run = await paused(harness, 1)
        snapshot = await harness.snapshots.of(RunId(run))
        assert snapshot is not None
        assert (snapshot.message or "").startswith("Paused before round 2, as Ada asked.")
        assert len(harness.agent.jobs) == 1


async def test_it_goes_on_from_an_earlier_round_told_so_and_without_what_came_after(harness: AppHarness) -> None:
    async with harness.running():
        run = await paused(harness, 2)
        known = await harness.areas.checkpoints.of(RunId(run))
        assert [(one.round, one.files, one.checks) for one in known] == [
            (1, 1, ("unit failed",)),
            (2, 2, ("unit failed",)),
        ]
        harness.checks.results = {}
        loaded = await harness.snapshots.load(await harness.areas.record(run))
        await harness.areas.checkpoints.roll_back(loaded, 1, ADA)
        snapshot = await harness.ended(run)
    assert [file.path for file in snapshot.files] == ["file1.txt", "file3.txt"]
    assert (snapshot.state, snapshot.round) == (RunState.COMPLETE, 2)
    prompt = harness.agent.jobs[-1].prompt
    assert "A person put the work back to how it stood after round 1 (unit failed)" in prompt
    (note,) = [note for note in snapshot.notes if note.startswith("Put back")]
    assert note.startswith("Put back by Ada to round 1 (1 file, unit failed). Left, and kept")
    assert f"{known[1].commit[:12]} of round 2" in note


async def test_a_follow_up_that_went_back_gets_a_session_that_knows_nothing_of_what_was_left(
    harness: AppHarness,
) -> None:
    harness.agent.capabilities = AgentCapabilities(can_resume=True, can_steer=True)
    harness.capabilities["command"] = harness.agent.capabilities
    harness.agent.script = (ev.SessionOpened(session="s-1"),)
    harness.checks.results = {}
    async with harness.running():
        first = await harness.ended((await harness.submit()).id)
        await harness.settled(first.run)
        harness.checks.results = {"unit": RED}
        run = await paused(harness, 2, prompt="Now the docs.", follows=first.run)
        harness.checks.results = {}
        loaded = await harness.snapshots.load(await harness.areas.record(run))
        await harness.areas.checkpoints.roll_back(loaded, 1, ADA)
        await harness.ended(run)
    assert [job.session for job in harness.agent.jobs] == [None, "s-1", None]
    prompt = harness.agent.jobs[-1].prompt
    assert "A person put the work back to how it stood after round 1" in prompt
    assert "> Fix the total." in prompt


async def test_what_is_not_there_is_refused_with_what_is(harness: AppHarness) -> None:
    async with harness.running():
        run = await paused(harness, 2)
        loaded = await harness.snapshots.load(await harness.areas.record(run))
        with pytest.raises(Refused) as refused:
            await harness.areas.checkpoints.roll_back(loaded, 7, ADA)
        assert refused.value.code is RefusalCode.NO_SUCH_ROUND
        assert "round 1: 1 file, unit failed; round 2: 2 files, unit failed" in str(refused.value.facts)
        await harness.areas.runs.resume(loaded, ADA)
        await harness.ended(run)
        with pytest.raises(Refused) as refused:
            await harness.areas.checkpoints.pause(await harness.areas.record(run), ADA)
        assert refused.value.code is RefusalCode.NO_NEXT_ROUND


def git_output(folder: Path, *words: str) -> str:
    ended = subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True, text=True, timeout=patient(30))
    return ended.stdout.strip()


FILES = {"app.py": "x = 1\n", "other.py": "y = 1\n"}
ROUNDS = (
    "cat >/dev/null; echo 'x = 2' >app.py; rm other.py",
    "cat >/dev/null; echo 'x = 3' >app.py; echo more >new.py",
)


async def test_with_git_the_clone_is_that_result_and_what_was_left_is_kept_by_a_ref(
    tmp_path: Path, store: SqliteStore
) -> None:
    run = PreparedRun(tmp_path, store, files=FILES)
    await run.prepare()
    for script in ROUNDS:
        await run.build(script)
        await run.collect()
    first, second = (body.commit for body in run.of(ev.FilesChanged))
    (run.clone / "junk").write_text("of nobody")
    moved = ev.RunStateChanged(state=RunState.BUILDING, previous=RunState.PRECHECK, cause="effect.finished")
    body = ev.RunRolledBack(by="Ada", round=1, commit=first)
    events = [
        ev.RunEvent(run=run.run, source=OMPYCORD, seq=n, at=n, body=one)
        for n, one in enumerate((moved, run.of(ev.FilesChanged)[0], body), start=1)
    ]
    run.put_back = roll_back_of(events)
    ended = await run.step(fx.RollBack(iteration=2))
    assert ended.outcome == "ok", ended.message
    again = await run.step(fx.RollBack(iteration=2))
    assert again.outcome == "ok", "done twice it has the same end"
    told = [note.text for note in run.of(ev.Note) if note.text.startswith("Put back: ")]
    assert len(set(told)) == 1, "what had no result is looked for once"
    assert told[0].startswith("Put back: what the agent changed since (4 files in all) (kept as refs/ompycord/left/")
    assert (run.clone / "app.py").read_text() == "x = 2\n"
    assert sorted(path.name for path in run.clone.iterdir()) == [".git", "app.py"]
    result = run.clone.parent / "result.git"
    assert git_output(result, "rev-parse", f"refs/ompycord/left/{second}") == second
    assert git_output(result, "show", f"{told[0].rpartition(' as ')[2].rstrip('.)')}:junk") == "of nobody"
    await run.build("cat >/dev/null; git log --format=%s | head -1 >seen.txt; echo 'x = 4' >app.py")
    await run.collect()
    assert sorted(file.path for file in run.of(ev.FilesChanged)[-1].files) == ["app.py", "other.py", "seen.txt"]
    last = run.of(ev.FilesChanged)[-1].commit
    log = git_output(result, "log", "--format=%H", last).split()
    assert first in log
    assert second not in log
