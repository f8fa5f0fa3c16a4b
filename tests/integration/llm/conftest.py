"""The real gateway over the real store, and our own calls through it to a provider whose answers the tests script."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from ompycord.domain.repository import AgentSpec
from ompycord.llm import GatewayModels, KeptAnswers
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.gateway import RunModels
from tests.integration.model_gateway.conftest import Way, spec_of, way_of
from tests.support.scripted_model import Script, ScriptedModel
from tests.support.stub_provider import stub_provider

AGENT = AgentSpec(name="a", kind="native", models=("another",))
"""Its own models do not bind ours."""
Calling = Callable[..., AbstractAsyncContextManager[tuple[GatewayModels, Way, ScriptedModel]]]


@pytest.fixture
def calling(tmp_path: Path) -> Calling:
    """Our own models for a run, the run's way, and the scripted model."""

    @asynccontextmanager
    async def open_(
        *script: object, dialect: Dialect = Dialect.CHAT, scripts: dict[str, Script] | None = None
    ) -> AsyncGenerator[tuple[GatewayModels, Way, ScriptedModel]]:
        model = ScriptedModel(scripts or {"": script})  # pyright: ignore[reportArgumentType]  # steps, as tests write them
        async with stub_provider() as provider:
            provider.replies = [model.reply()]
            spec = spec_of(provider).model_copy(update={"dialects": (dialect,), "models": ("m-1",)})
            async with way_of(tmp_path, provider, spec) as way:
                own = RunModels(token=way.run_token, spec=AGENT, spending=way.spending).for_ompycord()
                yield (
                    GatewayModels(
                        gateway=way.gateway.served_to(own, way.app),
                        token=way.token,
                        names=("m-1",),
                        dialect_of=way.gateway.upstreams.dialect_of,
                        record=lambda *bodies: way.record(way.run, *bodies),
                        kept=KeptAnswers(),
                    ),
                    way,
                    model,
                )

    return open_
