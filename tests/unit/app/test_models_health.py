"""What `/omp health` and `ompycord gateway status` say of models."""

from pathlib import Path

import pytest

from ompycord.agents.stream_json import StreamJsonOptions
from ompycord.app.health import model_lines
from ompycord.app.models.operations import ModelOperations
from ompycord.domain.breakers.breaker import FAILURES, REST_S
from ompycord.domain.catalog import Catalog
from ompycord.domain.repository import Grants
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.model_gateway.price import Prices
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.model_gateway.upstreams import Upstreams
from ompycord.render.phrases import clock as utc
from ompycord.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def gateway(clock: FakeClock) -> ModelGateway:
    providers = (ProviderSpec(name="here", kind="anthropic"),)
    upstreams = Upstreams(providers=providers, keys={}, clock=clock)
    return ModelGateway(upstreams=upstreams, prices=Prices(own={}, listed=lambda kind, model: None))


async def test_a_provider_that_fails_rests_for_a_while_and_is_named(
    gateway: ModelGateway, clock: FakeClock, tmp_path: Path
) -> None:
    assert [(one.is_ok, one.text) for one in model_lines(gateway, Catalog())] == [(True, "0 requests under way")]
    breaker = gateway.upstreams.breaker("here", "m-1")
    for _ in range(FAILURES):
        breaker.failed(clock.now_ms())
    until = clock.now_ms() + round(REST_S * 1000)
    words = f"0 requests under way, here is not asked for m-1 until {utc(until)}: it failed"
    [line] = model_lines(gateway, Catalog())
    assert (line.is_ok, line.text) == (False, words)
    models = ModelOperations(gateway, data=tmp_path)
    status = await models.operations()["gateway.status"]({})
    assert status["resting"] == [{"provider": "here", "model": "m-1", "until": until}]
    assert (models.rests("here", "m-1"), models.rests("here", "m-2"), models.rests(None, None)) == (True, False, False)
    clock.advance(REST_S)
    assert [one.is_ok for one in model_lines(gateway, Catalog())] == [True]
    breaker.succeeded()
    breaker.failed(clock.now_ms())
    assert not breaker.is_open(clock.now_ms())


async def test_a_stop_outlives_the_process_until_models_are_resumed(gateway: ModelGateway, tmp_path: Path) -> None:
    ModelOperations(gateway, data=tmp_path).stop("Ada")
    gateway.resume()  # another process, which knows nothing of it
    again = ModelOperations(gateway, data=tmp_path)
    assert again.state().is_stopped
    assert again.resume("Ada")
    ModelOperations(gateway, data=tmp_path)
    assert not gateway.is_stopped


def test_stopped_models_and_agents_that_hold_a_key_are_named(gateway: ModelGateway) -> None:
    gateway.stop("words")
    agent = StreamJsonOptions(name="claude", grants=Grants(variables=("ANTHROPIC_API_KEY",)))
    models, keys = model_lines(gateway, Catalog(agents=(agent,)))
    assert (models.is_ok, models.text) == (False, "0 requests under way, all models are stopped")
    assert keys.text == "claude: the agent holds your key; not metered"
