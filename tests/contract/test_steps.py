"""What every step owes an engine: it is done from its order alone.

Which travels as JSON, in a process that knows nothing else.
"""

import ast
import json
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ompycord.engines.steps
from ompycord.agents.command import CommandOptions
from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.catalog import Catalog
from ompycord.domain.effects import Effect, StepOrder, effect_key
from ompycord.domain.folds.follow_up import Former
from ompycord.domain.ids import RunId, new_ulid, short_id
from ompycord.domain.repository import Sandbox
from ompycord.domain.task import Origin, Task
from ompycord.engines.steps import STEPS
from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample
from tests.support.patience import patient, within
from tests.support.warm_start import start_module

ROOT = Path(__file__).parents[2]
KINDS = sorted(STEPS, key=lambda kind: kind.__name__)
FIX = "cat >/dev/null; echo more >>README.md; echo new >new.txt; echo done"


def new_id() -> str:
    return new_ulid(now_ms=0, entropy=os.urandom(10))


class Folder:
    """All that the processes share; the test holds no object of theirs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run, self.task = RunId(new_id()), new_id()

    def order(self, kind: type[Effect], *, iteration: int = 1, attempt: int = 1) -> StepOrder:
        effect = kind(iteration=iteration)
        return StepOrder(run=self.run, key=effect_key(effect), effect=effect, task=self.task, attempt=attempt)

    async def perform(self, order: StepOrder) -> tuple[list[str], ev.EffectFinished]:
        """In a fresh process: the types of the facts that it stored, and its end."""
        process = await start_module(
            "tests.support.step_process", str(self.path), cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        async with within(60):
            out, errors = await process.communicate(order.model_dump_json().encode())
        assert process.returncode == 0, errors.decode()
        *facts, end = out.decode().splitlines()
        types = [json.loads(line.split(" ", 1)[1])["type"] for line in facts]
        return types, ev.EffectFinished.model_validate_json(end.removeprefix("end "))

    def follow(self, former: Former) -> None:
        """From now on the run is one that follows up the one until now."""
        before = json.loads((self.path / f"task-{self.task}.json").read_text())
        self.run, self.task = RunId(new_id()), new_id()
        task = Task.model_validate({**before, "id": self.task, "follows": former.run})
        (self.path / f"task-{self.task}.json").write_text(task.model_dump_json())
        (self.path / f"former-{self.run}.json").write_text(former.model_dump_json())

    def git(self, *arguments: str) -> str:
        command = ("git", "-C", str(self.path / "sample"), *arguments)
        return subprocess.run(command, capture_output=True, check=True, timeout=patient(30), text=True).stdout


@pytest.fixture
async def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    sample = await make_sample(tmp_path / "sample", git=Git(path=os.environ["PATH"]))
    agent = CommandOptions(name="script", command=("sh", "-c", FIX), sandbox=Sandbox(minimum="none"))
    catalog = Catalog(repositories=(sample,), agents=(agent,))
    (tmp_path / "catalog.json").write_text(catalog.model_dump_json())
    task = Task(
        id=made.task, prompt="Fix it.", title="Fix it", repositories=(sample.name,), agent="script", origin=Origin()
    )
    (tmp_path / f"task-{made.task}.json").write_text(task.model_dump_json())
    return made


async def test_every_step_of_a_run_is_done_in_a_process_of_its_own(folder: Folder) -> None:
    facts, end = await folder.perform(folder.order(fx.PrepareWorkspace))
    assert (facts, end.outcome, end.key) == ([], "ok", "prepare:1")
    branch = f"ompycord/fix-it-{short_id(folder.run)}"
    assert end.facts == {"base": folder.git("rev-parse", "main").strip(), "branch": branch}
    facts, end = await folder.perform(folder.order(fx.RunAgent))
    assert end.facts == {"claim": True}
    assert facts[0] == "run.started"
    assert "message" in facts
    facts, end = await folder.perform(folder.order(fx.Collect))
    assert (facts, end.facts) == (["result.guarded", "files.changed"], {"changed": 2})
    facts, end = await folder.perform(folder.order(fx.RunChecks))
    assert facts == ["check.started", "check.finished", "check.proved"]
    assert "passed" in end.facts
    facts, end = await folder.perform(folder.order(fx.Publish))
    assert (facts, end.facts) == (["files.changed"], {"branch": branch})
    assert folder.git("show", f"{branch}:new.txt") == "new\n"
    facts, end = await folder.perform(folder.order(fx.CleanUp))
    assert (facts, end.outcome, end.facts) == ([], "ok", {})
    assert not (folder.path / "workspaces" / folder.run / "clone").exists()


async def test_a_follow_up_is_done_in_processes_of_its_own_on_the_branch_of_the_run_before(folder: Folder) -> None:
    steps = (fx.PrepareWorkspace, fx.RunAgent, fx.Collect, fx.RunChecks, fx.Publish, fx.CleanUp)
    ends = [(await folder.perform(folder.order(kind)))[1] for kind in steps]
    branch, base = f"ompycord/fix-it-{short_id(folder.run)}", str(ends[0].facts["base"])
    commit = folder.git("rev-parse", branch).strip()
    former = Former(run=folder.run, branch=branch, commit=commit, first_base=base)
    folder.follow(former)
    facts, end = await folder.perform(folder.order(fx.PrepareWorkspace))
    assert (facts, end.facts) == (["note"], {"base": commit, "first_base": base})
    ends = [(await folder.perform(folder.order(kind)))[1] for kind in steps[1:]]
    assert ends[3].facts == {"branch": branch}
    assert folder.git("show", f"{branch}:new.txt") == "new\n"
    assert folder.git("rev-parse", f"{branch}~1").strip() == commit


async def test_a_run_that_began_before_branches_had_a_slug_keeps_the_name_of_its_branch(folder: Folder) -> None:
    await folder.perform(folder.order(fx.PrepareWorkspace))
    base = folder.git("rev-parse", "main").strip()
    (folder.path / f"prepared-{folder.run}.json").write_text(json.dumps({"base": base}))
    for kind in (fx.RunAgent, fx.Collect):
        await folder.perform(folder.order(kind))
    branch = f"ompycord/{short_id(folder.run)}"
    assert (await folder.perform(folder.order(fx.Publish)))[1].facts == {"branch": branch}
    assert (await folder.perform(folder.order(fx.PrepareWorkspace)))[1].facts == {"base": base, "branch": branch}


@pytest.mark.parametrize(
    "kind", [fx.PrepareWorkspace, fx.Collect, fx.Publish, fx.CleanUp], ids=lambda kind: kind.__name__
)
async def test_a_step_that_may_be_repeated_ends_the_same_in_the_next_process(
    folder: Folder, kind: type[Effect]
) -> None:
    for before in (fx.PrepareWorkspace, fx.RunAgent, fx.Collect, fx.Publish):
        await folder.perform(folder.order(before))
        if before is kind:
            break
    again = [await folder.perform(folder.order(kind, attempt=attempt)) for attempt in (2, 3)]
    assert again[0] == again[1]
    assert again[0][1].outcome == "ok"


async def test_a_step_whose_task_is_gone_says_so(folder: Folder) -> None:
    (folder.path / f"task-{folder.task}.json").unlink()
    _, end = await folder.perform(folder.order(fx.PrepareWorkspace))
    assert (end.outcome, end.message) == ("failed", "Its task is gone.")


@given(st.sampled_from(KINDS), st.integers(1, 10_000), st.integers(1, 99), st.integers(0, 2**40))
def test_an_order_comes_out_as_it_went_in(kind: type[Effect], iteration: int, attempt: int, epoch: int) -> None:
    effect = kind(iteration=iteration)
    order = StepOrder(
        run=RunId(new_id()), key=effect_key(effect), effect=effect, task=new_id(), attempt=attempt, lease_epoch=epoch
    )
    assert StepOrder.model_validate_json(order.model_dump_json()) == order


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_step_is_a_plain_function_that_closes_over_nothing(kind: type[Effect]) -> None:
    step = STEPS[kind]
    assert getattr(step, "__closure__", None) is None
    assert getattr(step, "__self__", None) is None
    assert "<locals>" not in step.__qualname__


def test_a_step_is_a_file_and_its_module_holds_no_changing_state() -> None:
    folder = Path(ompycord.engines.steps.__path__[0])
    files = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    assert len(files) == len(STEPS)
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text())
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal)], path
