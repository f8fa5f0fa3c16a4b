"""Whom Ompycord asks for something of its own beside chats: a provider of the settings, or an address."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ompycord.app.wiring.models import key_lines
from ompycord.app.wiring.parts import Infrastructure
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.model_gateway.own_requests import OwnTarget
from ompycord.model_gateway.price import TokenPrices
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.model_gateway.upstreams import Upstreams

__all__ = ["OwnSource", "own_target"]


class OwnSource(NamedTuple):
    """Where it is, as the settings have it."""

    setting: str
    """By which messages name it, such as `memory.embeddings`."""
    secret: str
    """Its file below `secrets/` of the data folder, and its name in the ledger, where it is an address."""
    ending: str
    """Of the address, such as `/embeddings`."""
    provider: str | None
    address: str | None
    key_file: Path | None


def own_target(
    infrastructure: Infrastructure,
    gateway: ModelGateway,
    source: OwnSource,
    prices_of: Callable[[ProviderSpec, str], TokenPrices | None],
) -> OwnTarget:
    """`prices_of` a model there. The provider is one of the settings. Raises ConfigurationError for keys."""
    address = None if source.address is None else source.address.rstrip("/")
    if address is None:
        spec = infrastructure.settings.providers[source.provider or ""]
        keys, path = gateway.upstreams.keys.get(spec.name, ()), f"/v1{source.ending}"
    else:
        spec = ProviderSpec(
            name=source.secret,
            kind="compatible",
            base_url=address.removesuffix(source.ending),
            dialects=(Dialect.CHAT,),
        )
        path = source.ending if address.endswith(source.ending) else f"/v1{source.ending}"
        keys = _keys_of_address(infrastructure, source)
        infrastructure.known.add(keys)
    upstreams = Upstreams(
        providers=(spec,),
        keys={spec.name: keys},
        clock=infrastructure.clock,
        ledger=infrastructure.store,
        breakers=gateway.upstreams.breakers,
    )
    return OwnTarget(upstreams=upstreams, path=path, price_of=lambda model: prices_of(spec, model))


def _keys_of_address(infrastructure: Infrastructure, source: OwnSource) -> list[str]:
    if source.key_file is None:
        file = infrastructure.data.path / "secrets" / source.secret
        return key_lines(file, source.setting) if file.exists() else []
    return key_lines(infrastructure.data.path / source.key_file, f"{source.setting}.key_file")
