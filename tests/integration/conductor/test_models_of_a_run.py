"""A run's agent asks models by the run's own listener: the card sums what was metered, and a limit pauses the run."""

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from ompycord.domain import events as ev
from ompycord.domain.catalog import Catalog
from ompycord.domain.repository import AgentSpec, Sandbox
from ompycord.domain.run import RunState, SuspendReason
from ompycord.model_gateway.dialects import Dialect
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import ADA, CATALOG, AppHarness
from tests.support.model_answers import Truth, answer
from tests.support.patience import patient, within
from tests.support.stub_provider import Reply, StubProvider, stub_provider

KEY = "sk-canary-of-the-operator-0001"
METERED = AgentSpec(
    name="metered", kind="command", command=("x",), models=("m-1",), sandbox=Sandbox(minimum="none", network="gateway")
)
PRICES = {"m-1": {"input": "5", "output": "15"}}


@pytest.fixture
async def provider() -> AsyncGenerator[StubProvider]:
    async with stub_provider() as made:
        made.replies = [Reply(parts=answer(Dialect.CHAT, Truth(input=1000, output=1000), ("words",)))]
        yield made


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path, provider: StubProvider) -> AppHarness:
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets/provider_here").write_text(f"{KEY}\n", encoding="utf-8")
    here = {
        "name": "here", "kind": "compatible", "base_url": provider.url, "dialects": ["chat"], "models": ["m-1"],
        "prices": PRICES,
    }  # fmt: skip
    catalog = Catalog(repositories=CATALOG.repositories, agents=(METERED,))
    return AppHarness(store, tmp_path, FakeClock(), catalog, providers={"here": here})


async def ask(harness: AppHarness, *, tokens: int = 1000) -> httpx.Response:
    """As the latest start of the agent would."""
    async with within(20):
        await harness.agent.began.wait()
    env = harness.agent.jobs[-1].env
    headers = {"authorization": f"Bearer {env['OMPYCORD_RUN_TOKEN']}"}
    body: dict[str, object] = {"model": "m-1", "stream": True, "messages": [], "max_tokens": tokens}
    async with httpx.AsyncClient(timeout=patient(20), trust_env=False) as client:
        return await client.post(f"{env['OMPYCORD_URL']}/v1/chat/completions", json=body, headers=headers)


async def test_the_card_sums_the_ledger_and_not_what_the_agent_claims(
    harness: AppHarness, provider: StubProvider
) -> None:
    harness.agent.hold()
    harness.agent.script = (ev.UsageUpdated(input=7, output=7, cost_usd=99.0),)
    async with harness.running():
        record = await harness.submit(agent="metered")
        assert (await ask(harness)).status_code == 200
        assert (await ask(harness)).status_code == 200
        harness.agent.release()
        snapshot = await harness.ended(record.id)
    assert (snapshot.usage.input, snapshot.usage.output) == (2000, 2000)
    assert snapshot.usage.cost_usd == pytest.approx(2 * 0.02)
    assert snapshot.usage.cost_complete
    assert snapshot.model == "m-1-dated"
    assert provider.asked[0].headers["authorization"] == f"Bearer {KEY}"
    job = harness.agent.jobs[0]
    assert KEY not in f"{job.env}"
    assert job.listener is not None
    assert dict(job.listener.dialects) == {"m-1": "chat"}


async def test_a_limit_of_tokens_pauses_the_run_and_says_what_to_do(
    store: SqliteStore, tmp_path: Path, provider: StubProvider
) -> None:
    (tmp_path / "secrets").mkdir(mode=0o700)
    here = {"name": "here", "kind": "compatible", "base_url": provider.url, "dialects": ["chat"]}
    limits = CATALOG.limits.model_copy(update={"run_tokens": 2001})  # the first answer leaves one
    catalog = Catalog(repositories=CATALOG.repositories, agents=(METERED,), limits=limits)
    harness = AppHarness(store, tmp_path, FakeClock(), catalog, providers={"here": here})
    harness.agent.hold()
    async with harness.running():
        record = await harness.submit(agent="metered")
        assert (await ask(harness)).status_code == 200
        assert (await ask(harness)).status_code == 402
        paused = await harness.until(record.id, lambda one: one.state is RunState.SUSPENDED)
        harness.agent.release()
    assert paused.reason is SuspendReason.BUDGET
    assert paused.message is not None
    assert "Its limit of 2,001 tokens is reached. An admin raises limits.run_tokens; then Resume." in paused.message


async def test_a_limit_pauses_the_run_and_a_higher_one_lets_it_go_on(
    harness: AppHarness, provider: StubProvider
) -> None:
    harness.agent.hold()
    async with harness.running():
        record = await harness.submit(agent="metered", budget_usd="0.021")
        assert (await ask(harness)).status_code == 200
        refused = await ask(harness)
        assert (refused.status_code, len(provider.asked)) == (402, 1)
        assert "limit of $0.02" in refused.json()["error"]["message"]
        paused = await harness.until(record.id, lambda one: one.state is RunState.SUSPENDED)
        assert paused.reason is SuspendReason.BUDGET
        loaded = await harness.areas.load(record.id)
        harness.agent.began.clear()
        await harness.areas.budgets.raise_budget(loaded, 1.0, ADA)
        await harness.until(record.id, lambda one: one.budget_usd == 1.0)
        assert (await ask(harness)).status_code == 200
        harness.agent.release()
        snapshot = await harness.ended(record.id)
    assert snapshot.usage.cost_usd == pytest.approx(2 * 0.02)


async def test_the_key_of_a_provider_is_taken_out_of_all_that_leaves(harness: AppHarness) -> None:
    assert harness.infrastructure.redact(f"it said {KEY} here") != f"it said {KEY} here"
    assert KEY not in repr(harness.infrastructure.settings)
