"""Vectors of the memory as they are wired: who makes them, and what they are charged to."""

from collections.abc import Callable
from decimal import Decimal

from ompycord.app.wiring.models import key_lines
from ompycord.app.wiring.parts import Areas, Infrastructure
from ompycord.domain.memory.options import EmbeddingOptions
from ompycord.memory.vectors.filling import VectorFiller
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.embedding.embedder import EmbeddingTarget, GatewayEmbedder
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.model_gateway.listed_prices import listed_embedding_prices
from ompycord.model_gateway.price import TokenPrices
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.model_gateway.upstreams import Upstreams

__all__ = ["filler_of"]

_ENDING = "/embeddings"
_NAME = "embeddings"
"""Of an address of its own: as the ledger has it, and its file of secrets."""


def filler_of(infrastructure: Infrastructure, areas: Areas, gateway: ModelGateway) -> VectorFiller:
    """What makes vectors in the background; from now on `infrastructure.meaning` asks the same embedder."""
    options, embedder = infrastructure.settings.memory.embeddings, None
    if options is not None:
        embedder = GatewayEmbedder(
            target=_target_of(infrastructure, gateway, options),
            gateway=gateway,
            ledger=infrastructure.store.embedding_requests,
            accounts=areas.shared_budgets.accounts.of,
            ids=infrastructure.ids,
        )
        infrastructure.meaning.use(embedder)
    return VectorFiller(
        rows=infrastructure.store.vectors,
        options=options,
        embedder=embedder,
        clock=infrastructure.clock,
        redact=infrastructure.redact,
    )


def _target_of(infrastructure: Infrastructure, gateway: ModelGateway, options: EmbeddingOptions) -> EmbeddingTarget:
    if options.address is None:
        spec = infrastructure.settings.providers[options.provider or ""]
        keys, path = gateway.upstreams.keys.get(spec.name, ()), f"/v1{_ENDING}"
    else:
        spec = _spec_of(options, options.address.rstrip("/"))
        path = _ENDING if options.address.rstrip("/").endswith(_ENDING) else f"/v1{_ENDING}"
        keys = _keys_of_address(infrastructure, spec, options)
        infrastructure.known.add(keys)
    upstreams = Upstreams(
        providers=(spec,),
        keys={spec.name: keys},
        clock=infrastructure.clock,
        ledger=infrastructure.store,
        breakers=gateway.upstreams.breakers,
    )
    return EmbeddingTarget(upstreams=upstreams, path=path, price_of=_prices_of(spec))


def _spec_of(options: EmbeddingOptions, address: str) -> ProviderSpec:
    prices = {} if options.price is None else {options.model: TokenPrices(input=options.price, output=Decimal(0))}
    return ProviderSpec(
        name=_NAME,
        kind="compatible",
        base_url=address.removesuffix(_ENDING),
        dialects=(Dialect.CHAT,),
        prices=prices,
    )


def _keys_of_address(infrastructure: Infrastructure, spec: ProviderSpec, options: EmbeddingOptions) -> list[str]:
    if options.key_file is None:
        file = infrastructure.data.path / "secrets" / _NAME
        return key_lines(file, "memory.embeddings") if file.exists() else []
    return key_lines(infrastructure.data.path / options.key_file, "memory.embeddings.key_file")


def _prices_of(spec: ProviderSpec) -> Callable[[str], TokenPrices | None]:
    def price_of(model: str) -> TokenPrices | None:
        return spec.prices.get(model) or listed_embedding_prices(spec.kind, model)

    return price_of
