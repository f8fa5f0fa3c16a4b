"""Vectors over HTTP: by the rules of every request to a model, and with a row for each in the ledger."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ompycord.conductor.budgeting import SharedAccounts
from ompycord.domain.budgets.accounts import AccountKey, AccountScope
from ompycord.domain.budgets.options import BudgetOptions
from ompycord.domain.budgets.periods import Period, span_of
from ompycord.domain.memory.vectors import EmbeddingCall
from ompycord.errors import EmbeddingFailed
from ompycord.model_gateway.embedding.embedder import GatewayEmbedder
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.model_gateway.own_requests import OwnTarget
from ompycord.model_gateway.price import Prices, TokenPrices
from ompycord.model_gateway.upstreams import Upstreams
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock, SequentialIds
from tests.integration.model_gateway.conftest import KEY, spec_of
from tests.support.made_vectors import embeddings_reply, made_vector
from tests.support.new_store import new_store
from tests.support.patience import patient, until
from tests.support.stub_provider import Reply, StubProvider

CALL = EmbeddingCall(texts=("the discount of the cart", "the tax"), model="small", guild="1", repository="shop")
PRICE = TokenPrices(input=Decimal("0.5"), output=Decimal(0))
WAIT_S = patient(20)


class World:
    """An embedder over the real store and client, and the provider that it asks."""

    def __init__(self, store: SqliteStore, provider: StubProvider, budgets: BudgetOptions | None = None) -> None:
        self.store = store
        self.provider = provider
        self.clock = FakeClock()
        self.price: TokenPrices | None = PRICE
        provider.replies = [embeddings_reply(8)]
        specs = (spec_of(provider),)
        self.gateway = ModelGateway(
            upstreams=Upstreams(providers=specs, keys={"first": [KEY]}, clock=self.clock),
            prices=Prices(own={}, listed=lambda kind, model: None),
        )
        target = OwnTarget(
            upstreams=Upstreams(providers=specs, keys={"first": [KEY]}, clock=self.clock),
            path="/v1/embeddings",
            price_of=lambda model: self.price,
        )
        self.accounts = SharedAccounts(options=budgets or BudgetOptions(), ledger=store)
        self.embedder = GatewayEmbedder(
            target=target, gateway=self.gateway, ledger=store.embedding_requests, accounts=self.accounts.of,
            ids=SequentialIds(self.clock),
        )  # fmt: skip

    async def embed(self, call: EmbeddingCall = CALL, timeout_s: float = WAIT_S) -> list[list[float]]:
        return [list(one) for one in await self.embedder.embed(call, timeout_s=timeout_s)]

    async def refused(self, timeout_s: float = WAIT_S) -> EmbeddingFailed:
        with pytest.raises(EmbeddingFailed) as refused:
            await self.embed(timeout_s=timeout_s)
        return refused.value

    async def rows(self) -> Sequence[dict[str, Any]]:
        sql = "SELECT * FROM embedding_requests ORDER BY id"
        return await self.store._database.readers.all(sql, (), dict)  # pyright: ignore[reportPrivateUsage]  # nothing in the product reads single rows


@pytest.fixture
async def store(tmp_path: Path) -> AsyncGenerator[SqliteStore]:
    async with new_store(tmp_path / "data" / "ompycord.db", clock=FakeClock(), ids=SequentialIds()) as opened:
        yield opened


@pytest.fixture
def budgets() -> BudgetOptions:
    return BudgetOptions()


@pytest.fixture
async def world(store: SqliteStore, provider: StubProvider, budgets: BudgetOptions) -> AsyncGenerator[World]:
    made = World(store, provider, budgets)
    async with asyncio.TaskGroup() as group:
        service = group.create_task(made.gateway.run())
        await until(lambda: made.gateway.own_client(made.gateway.upstreams) is not None)
        yield made
        service.cancel()


async def test_vectors_come_in_the_order_of_the_texts_and_are_paid_by_server_and_repository(world: World) -> None:
    assert await world.embed() == [list(made_vector(text, 8)) for text in CALL.texts]
    (asked,) = world.provider.asked
    assert (asked.path, asked.headers["authorization"]) == ("/v1/embeddings", f"Bearer {KEY}")
    (row,) = await world.rows()
    assert (row["guild"], row["repository"], row["provider"], row["model"]) == ("1", "shop", "first", "small")
    assert (row["tokens"], row["nano_usd"], row["exactness"], row["status"]) == (7, 3500, "exact", 200)
    span = span_of(Period.DAY, world.clock.now_ms(), "UTC")
    for scope, name in ((AccountScope.SERVER, ""), (AccountScope.REPOSITORY, "shop")):
        spent = await world.store.spent_by(AccountKey("1", scope, name), span)
        assert (spent.tokens, spent.nano_usd) == (7, 3500)
    assert (await world.store.spent_by(AccountKey("2", AccountScope.SERVER, ""), span)).tokens == 0
    assert [one.input for one in await world.store.model_totals()] == [7]


@pytest.mark.parametrize(
    ("reply", "words", "tokens"),
    [
        (Reply(parts=[b"<html>"]), "is no JSON", True),
        (Reply(parts=[json.dumps({"data": []}).encode()]), "0 vectors for 2 texts", True),
        (Reply(parts=[b'{"data": [{"embedding": [NaN]}, {"embedding": [1]}]}']), "cannot be compared", True),
        (Reply(parts=[b'{"data": ', b"["], breaks_after=1), "could not be reached", True),
        (
            Reply(parts=[b'{"error": {"message": "the discount of the cart"}}'], status=401),
            "401 .*: look at its key",
            False,
        ),
        (Reply(parts=[b"{}"], status=429), "429 .*takes no more for now", False),
        (Reply(parts=[b"{}"], status=503), "503", False),
        (Reply(parts=[b"{}"], status=302, headers={"location": "http://127.0.0.1:9/"}), "302", False),
    ],
)
async def test_what_is_no_answer_is_said_without_the_providers_words_and_charged_where_it_took_the_texts(
    world: World, reply: Reply, words: str, tokens: bool
) -> None:
    world.provider.replies = [reply]
    refused = await world.refused()
    assert refused.is_input is False
    assert "discount" not in str(refused)
    with pytest.raises(EmbeddingFailed, match=words):
        raise refused
    (row,) = await world.rows()
    assert (row["tokens"] > 0, row["settled_at"] is not None) == (tokens, True)
    assert row["exactness"] == ("estimated" if tokens else "exact")
    assert len(world.provider.asked) == 1, "nothing is tried again by itself"


async def test_texts_that_are_refused_are_told_apart(world: World) -> None:
    world.provider.replies = [Reply(parts=[b"{}"], status=413)]
    assert (await world.refused()).is_input is True


async def test_a_provider_that_says_nothing_is_left_in_time(world: World) -> None:
    world.provider.replies = [embeddings_reply(8, waits_after=0)]
    assert "did not answer within 0.05 s" in str(await world.refused(timeout_s=0.05))


async def test_a_provider_that_fails_again_and_again_rests_for_a_while(world: World) -> None:
    world.provider.replies = [Reply(parts=[b"{}"], status=503)]
    for _ in range(5):
        await world.refused()
    assert "is not asked for small now" in str(await world.refused())
    assert len(world.provider.asked) == 5
    world.provider.replies = [embeddings_reply(8)]
    world.clock.advance(31)
    assert len(await world.embed()) == 2


async def test_a_stop_of_all_models_stops_this_too(world: World) -> None:
    world.gateway.stop("An operator stopped all models.")
    assert str(await world.refused()) == "An operator stopped all models."
    world.gateway.resume()
    await world.embed()
    assert len(world.provider.asked) == 1


@pytest.mark.parametrize("budgets", [BudgetOptions.model_validate({"server": {"day_usd": "0.000005"}})])
async def test_a_budget_that_is_used_up_lets_nothing_out(world: World) -> None:
    world.price = TokenPrices(input=Decimal("0.01"), output=Decimal(0))
    await world.embed()
    world.price = PRICE
    refused = await world.refused()
    assert "budget" in str(refused).lower()
    assert len(world.provider.asked) == 1
    assert len(await world.rows()) == 1
    world.price = None
    assert "price" in str(await world.refused())


async def test_what_was_under_way_when_the_process_ended_is_charged_by_what_was_reserved(world: World) -> None:
    world.provider.replies = [embeddings_reply(8, waits_after=0)]
    async with asyncio.TaskGroup() as group:
        task = group.create_task(world.embed())
        await until(lambda: bool(world.provider.asked))
        (row,) = await world.rows()
        assert row["settled_at"] is None
        assert await world.store.embedding_requests.settle_open(at=9) == 1
        task.cancel()
    (row,) = await world.rows()
    assert (row["tokens"], row["nano_usd"]) == (row["reserved_tokens"], row["reserved_nano_usd"])
    assert (row["nano_usd"] > 0, row["settled_at"]) == (True, 9), "it is settled once"
