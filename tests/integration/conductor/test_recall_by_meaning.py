"""Vectors of an address of the settings take part in what a run is given, and words alone do where it is down."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from ompycord.app.remembering.vectors import VectorState
from ompycord.app.remembering.wiring import filler_of
from ompycord.app.wiring.models import gateway_of
from ompycord.domain.memory.options import EmbeddingOptions
from ompycord.memory.vectors.filling import FIRST_S
from ompycord.memory.vectors.meaning import wanted_model
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import AppHarness
from tests.integration.conductor.test_recall import keep, ran
from tests.support.app_harness import AGENT_SECRET
from tests.support.made_vectors import embeddings_reply
from tests.support.patience import until
from tests.support.stub_provider import Reply, StubProvider, stub_provider

KEY = "canary-of-an-address-0001"


class VectorHarness(AppHarness):
    SERVICES = (*AppHarness.SERVICES, "vectors")

    async def status(self, **reindex: object) -> dict[str, Any]:
        if reindex:
            await self.parts.operations["memory.reindex"](dict(reindex))
        return await self.parts.operations["memory.status"]({})

    async def answers(self) -> bool:
        """Whether every item has its vector; time passes until then."""
        self.clock.advance(FIRST_S)
        return [one["answers"] for one in (await self.status())["spaces"]] == [True]


async def two_items(harness: AppHarness) -> tuple[list[str], str]:
    """Two that words find alike, as words order them, and a task whose meaning is nearer to the second one."""
    rebates = await keep(harness, "Cart tax discount early weekday winter")
    logins = await keep(harness, "Cart tax login late sunday summer")
    await keep(harness, "Cart rebate session parcels")  # near in meaning, with one word of the task
    by_words = sorted((rebates, logins))
    meant = "cheaper" if by_words[1] == rebates else "sign"
    return by_words, f"Make the cart {meant}, its tax {meant}, with {AGENT_SECRET}"


@pytest.fixture
async def provider() -> AsyncGenerator[StubProvider]:
    async with stub_provider() as made:
        made.replies = [embeddings_reply(256)]
        yield made


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path, provider: StubProvider) -> VectorHarness:
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "secrets/embeddings").write_text(f"{KEY}\n", encoding="utf-8")
    embeddings = {"address": f"{provider.url}/api/embeddings", "model": "small", "price": "1"}
    return VectorHarness(store, tmp_path, FakeClock(), memory={"hold_out": 0.0, "embeddings": embeddings})


async def test_what_is_near_comes_first_and_is_paid_and_nothing_secret_leaves(
    harness: VectorHarness, provider: StubProvider
) -> None:
    by_words, task = await two_items(harness)
    async with harness.running():
        _, (first,) = await ran(harness, task)
        assert [one.item for one in first.items] == by_words
        await until(harness.answers)
        text, (recalled,) = await ran(harness, task)
    assert [one.item for one in recalled.items] == by_words[::-1]
    assert text.count("Cart tax") == 2
    assert [one.path for one in provider.asked] == ["/api/embeddings"] * 2
    assert {one.headers["authorization"] for one in provider.asked} == {f"Bearer {KEY}"}
    assert provider.asked[-1].json["input"] == [task.replace(AGENT_SECRET, "[redacted]")]
    (totals,) = await harness.store.model_totals()
    assert (totals.provider, totals.exactness, totals.nano_usd) == ("embeddings", "exact", totals.input * 1000)
    assert harness.infrastructure.redact(f"it is {KEY}") == "it is [redacted]"


async def test_where_the_address_is_down_a_run_gets_what_words_find_and_health_says_so(
    harness: VectorHarness, provider: StubProvider
) -> None:
    by_words, task = await two_items(harness)
    async with harness.running():
        await until(harness.answers)
        provider.replies = [Reply(parts=[b"{}"], status=503)]
        _, (recalled,) = await ran(harness, task)
        assert [one.item for one in recalled.items] == by_words
        assert (await harness.status())["fault"] == "embeddings answered 503 when it was asked for vectors of small."
        provider.replies = [embeddings_reply(256)]
        status = await harness.status(embeddings=True)
        assert [(one["version"], one["answers"]) for one in status["spaces"]] == [(1, True), (2, False)]
        await until(harness.answers)
        (space,) = (await harness.status())["spaces"]
    assert (space["version"], space["vectors"], space["items"]) == (2, 3, 3)


async def test_health_has_a_line_only_where_vectors_are_wanted(harness: VectorHarness, tmp_path: Path) -> None:
    filler = filler_of(harness.infrastructure, harness.parts.areas, gateway_of(harness.infrastructure))
    state = VectorState(rows=harness.store.vectors, meaning=harness.infrastructure.meaning, filler=filler)
    (line,) = await state.lines()
    assert (line.name, line.is_ok, line.text) == ("Memory", True, "Things are found by words alone.")
    await keep(harness, "Round the cart tax early")
    await filler.fill()
    (line,) = await state.lines()
    assert (line.is_ok, line.text) == (False, "The model gateway is not running yet. Things are found by words alone.")
    space = await harness.store.vectors.space_of(wanted_model(EmbeddingOptions(address="http://x", model="m")), 8, at=1)
    (line,) = await state.lines()
    assert line.text.endswith("Things are found by words alone; 1 item without a vector of m yet.")
    await harness.store.vectors.finish(space, at=2)
    (line,) = await state.lines(is_counted=False)
    assert line.text.endswith("Vectors of m answer beside words; items without a vector of m yet.")
    off = AppHarness(harness.store, tmp_path, FakeClock()).infrastructure.meaning
    assert await VectorState(rows=harness.store.vectors, meaning=off, filler=filler).lines() == ()
