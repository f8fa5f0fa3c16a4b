"""What `/omp health` and `ompycord gateway status` say of models."""

import pytest

from ompycord.agents.stream_json import StreamJsonOptions
from ompycord.app.health import model_lines
from ompycord.app.models.operations import ModelOperations
from ompycord.domain.catalog import Catalog
from ompycord.domain.repository import Grants
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.model_gateway.price import Prices
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.model_gateway.upstreams import FAILURES, REST_S, Upstreams
from ompycord.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def gateway(clock: FakeClock) -> ModelGateway:
    providers = (ProviderSpec(name="here", kind="anthropic"),)
    upstreams = Upstreams(providers=providers, keys={}, clock=clock)
    return ModelGateway(upstreams=upstreams, prices=Prices(own={}, listed=lambda kind, model: None))


async def test_a_provider_that_fails_rests_for_a_while_and_is_named(gateway: ModelGateway, clock: FakeClock) -> None:
    assert [(one.is_ok, one.text) for one in model_lines(gateway, Catalog())] == [(True, "0 requests under way")]
    breaker = gateway.upstreams.breaker("here", "m-1")
    for _ in range(FAILURES):
        breaker.failed(clock.monotonic_s())
    [line] = model_lines(gateway, Catalog())
    assert (line.is_ok, line.text) == (False, "0 requests under way, here is not asked for m-1")
    status = await ModelOperations(gateway).operations()["gateway.status"]({})
    assert status["resting"] == [{"provider": "here", "model": "m-1"}]
    clock.advance(REST_S)
    assert [one.is_ok for one in model_lines(gateway, Catalog())] == [True]
    breaker.succeeded()
    breaker.failed(clock.monotonic_s())
    assert not breaker.is_open(clock.monotonic_s())


def test_stopped_models_and_agents_that_hold_a_key_are_named(gateway: ModelGateway) -> None:
    gateway.stop("words")
    agent = StreamJsonOptions(name="claude", grants=Grants(variables=("ANTHROPIC_API_KEY",)))
    models, keys = model_lines(gateway, Catalog(agents=(agent,)))
    assert (models.is_ok, models.text) == (False, "0 requests under way, all models are stopped")
    assert keys.text == "claude: the agent holds your key; not metered"
