"""Vectors of the memory as they are wired: who makes them, and what they are charged to."""

from decimal import Decimal

from ompycord.app.models.own_targets import OwnSource, own_target
from ompycord.app.wiring.parts import Areas, Infrastructure
from ompycord.domain.memory.options import EmbeddingOptions
from ompycord.memory.vectors.filling import VectorFiller
from ompycord.model_gateway.embedding.embedder import GatewayEmbedder
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.model_gateway.listed_prices import listed_embedding_prices
from ompycord.model_gateway.own_requests import OwnTarget
from ompycord.model_gateway.price import TokenPrices
from ompycord.model_gateway.provider_options import ProviderSpec

__all__ = ["filler_of"]


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


def _target_of(infrastructure: Infrastructure, gateway: ModelGateway, options: EmbeddingOptions) -> OwnTarget:
    def prices_of(spec: ProviderSpec, model: str) -> TokenPrices | None:
        if options.price is not None:
            return TokenPrices(input=options.price, output=Decimal(0))
        return spec.prices.get(model) or listed_embedding_prices(spec.kind, model)

    source = OwnSource(
        setting="memory.embeddings",
        secret="embeddings",  # noqa: S106  # a file's name
        ending="/embeddings",
        provider=options.provider,
        address=options.address,
        key_file=options.key_file,
    )
    return own_target(infrastructure, gateway, source, prices_of)
