"""Which providers may be asked for a model, in which order, with which key; and which rest because they fail.

A breaker is for one model at one provider, and all runs share it; one that is open is kept over a restart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from ompycord.domain.breakers.breaker import FAILURES, Breaker
from ompycord.domain.ports import Clock, ModelLedger
from ompycord.domain.ports.model_ledger import ModelBreaker
from ompycord.domain.records import Commit
from ompycord.errors import StorageError
from ompycord.model_gateway.dialects import Dialect
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.telemetry import get_logger

__all__ = ["Breaker", "Upstream", "Upstreams"]

_PREFIXES: Final = ("/v1beta", "/v1")
log = get_logger(__name__)
_KEPT_QUERIES: Final = frozenset({"beta=true", "alt=sse"})


class Upstream(NamedTuple):
    """A provider with one of its keys. Never shown: its text hides the key."""

    spec: ProviderSpec
    key: str

    def __repr__(self) -> str:
        return f"Upstream({self.spec.name})"

    def url(self, path: str, query: str) -> str:
        """Where a request to `path` of ours goes; a version that the address has already is not repeated."""
        kept = "&".join(one for one in query.split("&") if one in _KEPT_QUERIES)
        for prefix in _PREFIXES:
            if self.spec.address.endswith(prefix) and path.startswith(f"{prefix}/"):
                path = path.removeprefix(prefix)
        return f"{self.spec.address}{path}{'?' if kept else ''}{kept}"

    def authorization(self, dialect: Dialect) -> dict[str, str]:
        """The header with the key, as this provider wants it; nothing where it needs none."""
        if not self.key:
            return {}
        if self.spec.kind == "azure":
            return {"api-key": self.key}
        match dialect:
            case Dialect.ANTHROPIC:
                return {"x-api-key": self.key}
            case Dialect.GEMINI:
                return {"x-goog-api-key": self.key}
            case Dialect.CHAT | Dialect.RESPONSES:
                return {"authorization": f"Bearer {self.key}"}


@dataclass(slots=True, kw_only=True)
class Upstreams:
    """All providers of the settings."""

    providers: Sequence[ProviderSpec]
    keys: Mapping[str, Sequence[str]]
    """By the provider's name, in their order; a provider without one is asked without."""
    clock: Clock
    ledger: ModelLedger | None = None
    """Where open breakers are kept; None: nowhere."""
    breakers: dict[tuple[str, str], Breaker] = field(default_factory=dict[tuple[str, str], Breaker])

    def of(
        self, dialect: Dialect, model: str, *, cost: Callable[[Upstream], Decimal] = lambda upstream: Decimal(0)
    ) -> list[Upstream]:
        """Who may be asked for it, by `cost` and then in their order; those that rest come last."""
        found = [
            Upstream(spec, key)
            for spec in self.providers
            if spec.offers(dialect, model)
            for key in (self.keys.get(spec.name) or ("",))
        ]
        now = self.clock.now_ms()
        return sorted(found, key=lambda one: (self.breaker(one.spec.name, model).is_open(now), cost(one)))

    def breaker(self, provider: str, model: str) -> Breaker:
        """That of a model at a provider."""
        return self.breakers.setdefault((provider, model), Breaker())

    def resting(self) -> list[ModelBreaker]:
        """Providers and models that are not asked now."""
        now = self.clock.now_ms()
        return [_kept(name, one) for name, one in sorted(self.breakers.items()) if one.is_open(now)]

    def failing(self) -> list[ModelBreaker]:
        """Providers and models that failed several times and have not answered since."""
        return [_kept(name, one) for name, one in sorted(self.breakers.items()) if one.failures >= FAILURES]

    async def load(self) -> None:
        """Take up the breakers that were open when the process ended. Raises StorageError."""
        for one in [] if self.ledger is None else await self.ledger.model_breakers():
            self.breakers[one.provider, one.model] = Breaker(one.failures, one.until)

    async def failed(self, provider: str, model: str) -> None:
        """It answered with an error of its own, or not at all."""
        if self.breaker(provider, model).failed(self.clock.now_ms()):
            log.warning("models.rests", provider=provider, model=model, failures=FAILURES)
            await self._keep(provider, model)

    async def succeeded(self, provider: str, model: str) -> None:
        """It answered."""
        if self.breaker(provider, model).succeeded():
            await self._keep(provider, model)

    async def _keep(self, provider: str, model: str) -> None:
        """A database that does not take it keeps it in memory only."""
        if self.ledger is None:
            return
        try:
            await self.ledger.commit(Commit(writes=(_kept((provider, model), self.breaker(provider, model)),)))
        except StorageError as error:
            log.warning("models.unkept", provider=provider, model=model, cause=str(error))

    def dialect_of(self, model: str) -> Dialect | None:
        """A dialect in which this model can be asked: chat completions where it can; None where no provider has it."""
        for dialect in (Dialect.CHAT, Dialect.ANTHROPIC, Dialect.RESPONSES, Dialect.GEMINI):
            if any(spec.offers(dialect, model) for spec in self.providers):
                return dialect
        return None

    @property
    def models(self) -> list[str]:
        """All models that the settings name."""
        return list(dict.fromkeys(model for spec in self.providers for model in spec.models))


def _kept(name: tuple[str, str], breaker: Breaker) -> ModelBreaker:
    return ModelBreaker(provider=name[0], model=name[1][:128], failures=breaker.failures, until=breaker.until)
