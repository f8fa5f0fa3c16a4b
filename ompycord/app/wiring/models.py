"""The model gateway as it is wired: providers and their keys, what runs may spend, what a run's listener serves."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from ompycord.app.known_secrets import KnownSecrets
from ompycord.app.wiring.budgets import GatewaySpending
from ompycord.app.wiring.parts import Areas, Infrastructure
from ompycord.conductor import BudgetKeeper, Snapshots
from ompycord.conductor.budgets import Shortage
from ompycord.domain.ids import RunId
from ompycord.domain.ports.models import Models
from ompycord.domain.repository import AgentSpec
from ompycord.errors import ConfigurationError
from ompycord.http.run_listeners import Served
from ompycord.http.run_token import RunToken
from ompycord.llm import GatewayModels, KeptAnswers
from ompycord.model_gateway.gateway import ModelGateway, RunModels
from ompycord.model_gateway.listed_prices import listed_prices, load_list
from ompycord.model_gateway.price import Prices
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.model_gateway.spending import RunSpending
from ompycord.model_gateway.tapes.recorder import TapeRecorder
from ompycord.model_gateway.upstreams import Upstreams
from ompycord.settings import Settings
from ompycord.store import SqliteStore

__all__ = ["gateway_of", "key_lines", "keys_of", "listener_serves"]


def keys_of(spec: ProviderSpec, secrets: Path) -> list[str]:
    """The keys of a provider, in their order; none where it has no file. Raises ConfigurationError."""
    if spec.key_files:
        return [line for file in spec.key_files for line in key_lines(file, f"providers.{spec.name}")]
    file = secrets / f"provider_{spec.name}"
    return key_lines(file, f"providers.{spec.name}") if file.exists() else []


def key_lines(file: Path, setting: str) -> list[str]:
    """The keys in a file, a line each. Raises ConfigurationError, which names the setting."""
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{setting}: a file with its key cannot be read") from None
    return [line.strip() for line in lines if line.strip()]


def gateway_of(infrastructure: Infrastructure) -> ModelGateway:
    """The gateway with the providers of the settings. Their keys are known as secrets before it is used."""
    settings: Settings = infrastructure.settings
    providers = tuple(settings.providers.values())
    keys = {spec.name: keys_of(spec, infrastructure.data.path / "secrets") for spec in providers}
    _learn(infrastructure.known, keys)
    own = {(spec.name, model): prices for spec in providers for model, prices in spec.prices.items()}
    upstreams = Upstreams(providers=providers, keys=keys, clock=infrastructure.clock, ledger=infrastructure.store)
    return ModelGateway(
        upstreams=upstreams, prices=Prices(own=own, listed=listed_prices, load=load_list), trust=infrastructure.trust
    )


def _learn(known: KnownSecrets, keys: dict[str, list[str]]) -> None:
    for found in keys.values():
        known.add(found)


class _RunLimits:
    """Implements `SpendingLimits` by the run's snapshot, and by its task before there is one."""

    def __init__(
        self, *, store: SqliteStore, snapshots: Snapshots, keeper: BudgetKeeper, run_tokens: int | None
    ) -> None:
        self.run_tokens = run_tokens
        self._store = store
        self._snapshots = snapshots
        self._keeper = keeper

    async def budget_usd(self, run: RunId) -> float | None:
        snapshot = await self._snapshots.of(run)
        if snapshot is not None:
            return snapshot.budget_usd
        record = await self._store.run(run)
        task = None if record is None or record.task is None else await self._store.task(record.task)
        return None if task is None else task.budget_usd

    async def used_up(self, run: RunId, spent_usd: float, *, usd: float | None, tokens: int | None) -> None:
        await self._keeper.pause(run, Shortage(spent_usd=spent_usd, usd=usd, tokens=tokens))


def _own_models(
    infrastructure: Infrastructure, areas: Areas, gateway: ModelGateway, run: RunId, own: RunModels, kept: KeptAnswers,
    token: str,
) -> Models:  # fmt: skip
    """Models that we ask ourselves for a run: by the gateway, inside of this process, with the run's own token."""
    return GatewayModels(
        gateway=gateway.served_to(own, nothing),
        token=token,
        names=gateway.names(by_cost=own.is_by_cost),
        dialect_of=gateway.upstreams.dialect_of,
        record=partial(areas.recorder.record, run),
        kept=kept,
    )


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers every other path."""
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def listener_serves(
    infrastructure: Infrastructure,
    areas: Areas,
    gateway: ModelGateway,
    recorder_of: Callable[[RunId], TapeRecorder],
    rest: Callable[[], ASGIApp],
) -> Callable[[RunId, RunToken, AgentSpec], Served]:
    """What each run's listener serves: models where providers are configured, and the sidecar's routes."""
    limits = _RunLimits(
        store=infrastructure.store,
        snapshots=infrastructure.snapshots,
        keeper=areas.budget_keeper,
        run_tokens=infrastructure.settings.limits.run_tokens,
    )

    shared = GatewaySpending(infrastructure.store, areas.shared_budgets)
    kept = KeptAnswers()

    def serve(run: RunId, token: RunToken, spec: AgentSpec) -> Served:
        if not gateway.upstreams.providers:
            return Served(rest())
        spending = RunSpending(
            run=run,
            ledger=infrastructure.store,
            limits=limits,
            record=areas.recorder.record,
            wake=infrastructure.wake_projector,
            clock=infrastructure.clock,
            ids=infrastructure.ids,
            shared=shared,
        )
        models = RunModels(token=token, spec=spec, spending=spending, recorder=recorder_of(run))
        own = models.for_ompycord(by_cost=infrastructure.settings.own_models.by_cost)
        found = {model: gateway.upstreams.dialect_of(model) for model in spec.models}
        dialects = {model: str(dialect) for model, dialect in found.items() if dialect is not None}
        return Served(
            gateway.served_to(models, rest()),
            has_models=True,
            dialects=dialects,
            provider_waits=models.provider_waits,
            models_with=partial(_own_models, infrastructure, areas, gateway, run, own, kept),
        )

    return serve
