"""A machine with nothing but a key: a whole run by the built-in agent, planned, built, reviewed, and its cost."""

import asyncio
import os
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ompycord.agents.native import NativeAgent, NativeOptions
from ompycord.app.wiring.parts import Workers
from ompycord.checks.local import LocalChecks
from ompycord.domain.catalog import Catalog
from ompycord.domain.events import ToolFinished
from ompycord.domain.folds.snapshot import Verification
from ompycord.domain.ids import RunId
from ompycord.domain.repository import ReviewerSpec, Sandbox
from ompycord.domain.run import RunOutcome, RunState
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from ompycord.workspaces.artifacts import Artifacts
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.sample import make_sample
from ompycord.workspaces.service import GitWorkspaces
from tests.integration.conductor.conftest import ADA, AP, AppHarness
from tests.integration.conductor.test_modes import block, loaded, waits
from tests.support.scripted_model import INPUT, Script, ScriptedModel
from tests.support.stub_provider import StubProvider, stub_provider

pytestmark = pytest.mark.posix
KEY = "sk-canary-of-the-operator-0002"
PLAN = {
    "summary": "The discount has to count every piece of a line.",
    "steps": [{"title": "Fix the discount", "files": ["cart/total.py"]}],
    "files": [
        {"path": "cart/total.py", "change": "modify", "why": "the discount"},
        {"path": "tests/test_total.py", "change": "modify", "why": "a test that fails before"},
    ],
    "checks": ["unittest"],
}
REVIEW: dict[str, Any] = {"summary": "It does what was asked for.", "findings": []}
TEST = """

class DiscountOnQuantityTest(unittest.TestCase):
    def test_the_discount_counts_every_piece(self) -> None:
        lines = [Line("mug", Decimal("10.00"), quantity=3)]
        self.assertEqual(total(lines, percent=Decimal(10)), Decimal("27.00"))
"""
SCRIPTS: dict[str, Script] = {
    "Make a plan for the task below": [("read", {"path": "cart/total.py"}), block(PLAN)],
    "Review the result of another agent": [("search", {"pattern": "def total"}), block(REVIEW)],
    "Answer the question below": ["It is made in `cart/total.py:1`."],
    "You work alone on a task": [
        ("read", {"path": "cart/total.py"}),
        ("run", {"command": f"cat >> tests/test_total.py <<'END'\n{TEST}END"}),
        ("edit", {"path": "cart/total.py", "old": "line.price * percent", "new": "line.cost * percent"}),
        ("run", {"command": "python3 -m unittest"}),
        "The discount counts every piece now; a test that failed before shows it.",
    ],
}


@pytest.fixture
async def provider() -> AsyncGenerator[StubProvider]:
    async with stub_provider() as made:
        yield made


@pytest.fixture
async def harness(store: SqliteStore, tmp_path: Path, provider: StubProvider) -> AppHarness:
    provider.replies = [ScriptedModel(SCRIPTS).reply()]
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets/provider_here").write_text(f"{KEY}\n", encoding="utf-8")
    path = os.environ["PATH"]
    launcher, git = UnconfinedLauncher(path=path), Git(path=path)
    sample = await make_sample(tmp_path / "sample", git=git)
    sample = sample.model_copy(update={"reviewer": ReviewerSpec(agent="reader")})
    spec = NativeOptions(name="native", sandbox=Sandbox(minimum="none", network="gateway"))
    reader = spec.model_copy(update={"name": "reader", "model": "m-2"})
    workspaces = GitWorkspaces(
        folder=tmp_path / "runs", repositories=tmp_path / "repositories", git=git, launcher=launcher
    )
    native = NativeAgent(launcher=launcher)
    workers = Workers(
        launcher=launcher,
        workspaces=workspaces,
        takeovers=workspaces,
        results=workspaces,
        artifacts=Artifacts(folder=tmp_path / "artifacts", workspaces=workspaces),
        adapters={"native": native},
        capabilities={"native": native.capabilities},
        checks=LocalChecks(launcher=launcher),
        kill_strays=_kill_strays,
    )
    here = {
        "name": "here", "kind": "compatible", "base_url": provider.url, "dialects": ["chat"], "models": ["m-1", "m-2"],
        "prices": {name: {"input": "3", "output": "15"} for name in ("m-1", "m-2")},
    }  # fmt: skip
    catalog = Catalog(repositories=(sample,), agents=(spec, reader))
    return AppHarness(store, tmp_path, FakeClock(), catalog, workers=workers, providers={"here": here})


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout


async def _kill_strays(run: RunId) -> None:
    """Nothing of another process is left here."""


async def test_it_fixes_the_samples_failing_test_planned_built_reviewed_with_its_cost(
    harness: AppHarness, provider: StubProvider, tmp_path: Path
) -> None:
    async with harness.running():
        record = await harness.submit(mode="full", repository="sample", agent="native", prompt="Fix the discount.")
        await waits(harness, record.id)
        await harness.areas.plans.approve(await loaded(harness, record.id), ADA)
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.verification) == (RunState.COMPLETE, Verification.VERIFIED), snapshot.message
    assert snapshot.review is not None
    assert (snapshot.review.by, snapshot.review.summary) == ("reader", "It does what was asked for.")
    assert len(provider.asked) == 9
    assert snapshot.usage.input == 9 * INPUT
    assert snapshot.usage.cost_usd == pytest.approx(9 * 0.0045)
    assert snapshot.usage.cost_complete
    assert {one.json["model"] for one in provider.asked} == {"m-1", "m-2"}
    assert {one.headers["authorization"] for one in provider.asked} == {f"Bearer {KEY}"}
    changed = {file.path for file in snapshot.files}
    assert changed == {"cart/total.py", "tests/test_total.py"}
    branches = await asyncio.to_thread(git, tmp_path / "sample", "branch", "--list", "ompycord/*")
    assert "fix-the-discount" in branches


async def test_it_asks_for_a_secret_waits_and_has_it_in_the_start_that_follows(
    harness: AppHarness, provider: StubProvider
) -> None:
    value = "npm-canary-of-a-person-0042"
    script: Script = [
        ("request_secret", {"name": "NPM_TOKEN", "why": "to publish it"}),
        ("run", {"command": 'printf %s "$NPM_TOKEN" | wc -c; echo "$NPM_TOKEN"'}),
        "It is published.",
    ]
    provider.replies = [ScriptedModel({"You work alone on a task": script}).reply()]
    requests = harness.parts.areas.secret_requests
    async with harness.running():
        run = RunId((await harness.submit(repository="sample", agent="native", prompt="Publish it.")).id)
        waiting = await harness.until(run, lambda one: bool(one.open_questions) and one.state is RunState.SUSPENDED)
        assert waiting.open_questions[0].text == "It needs the secret NPM_TOKEN: to publish it"
        given = await loaded(harness, run)
        await requests.give(given, "NPM_TOKEN", SecretStr(value), AP, way="at a terminal")
        await harness.ended(run)
    messages = provider.asked[-1].json["messages"]
    told = [one["content"] for one in messages if one.get("role") == "tool"]
    assert told[-2].startswith("NPM_TOKEN is in your environment.")
    assert told[-1].startswith(str(len(value)))
    events = await harness.store.events_of(run)
    ran = [one.body for one in events if isinstance(one.body, ToolFinished) and one.body.tool == "run"]
    assert len(ran) == 1, "what it asks people is no use of a tool of its program"
    assert value not in repr(events)


async def test_it_answers_a_question_with_places(harness: AppHarness) -> None:
    async with harness.running():
        record = await harness.submit(mode="ask", repository="sample", agent="native", prompt="Where is the total?")
        snapshot = await harness.ended(record.id)
    assert (snapshot.state, snapshot.outcome) == (RunState.COMPLETE, RunOutcome.ANSWERED), snapshot.message
    assert snapshot.answer is not None
    assert snapshot.answer.struck == 0
