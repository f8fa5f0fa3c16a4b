"""Where people and agents reach Ompycord: the bot, the sidecar, the MCP tools, and the keys for them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from ompycord import __version__
from ompycord.app.access_keys.key_manager import KeyManager
from ompycord.app.access_keys.key_secrets import KeySecrets
from ompycord.app.forges.resting import resting_forge
from ompycord.app.health import Health
from ompycord.app.models.operations import ModelOperations
from ompycord.app.pausing.control import Pausing
from ompycord.app.report import HealthReport
from ompycord.app.secret_requests.wiring import secret_mounts_of
from ompycord.app.sidecar import create_sidecar
from ompycord.app.system import settle_process
from ompycord.app.wiring.bot_stores import bot_stores
from ompycord.app.wiring.memory import memory_book_of, opinions_of
from ompycord.app.wiring.parts import Areas, Infrastructure, Secrets, Workers
from ompycord.app.wiring.schedules import forecasts_of, schedule_book_of
from ompycord.app.wiring.upkeep import person_data_of, record_view_of
from ompycord.bot.bot import Bot
from ompycord.bot.lookups import Lookups
from ompycord.bot.options import BotOptions
from ompycord.conductor import (
    Projector,
)
from ompycord.conductor.secret_requests import SecretPages
from ompycord.domain.ids import RunId
from ompycord.domain.ports import SpokenTasks, TeamIssueCalls, WorkResults
from ompycord.http import Mount, Sidecar
from ompycord.mcp_server import McpMount, ToolService
from ompycord.mcp_server.memory_tools import MemoryTools
from ompycord.schedules.triggers.triggers import Triggers
from ompycord.settings import Settings
from ompycord.text import Redactor
from ompycord.webhook import Probe, Streams
from ompycord.webhook.forge_routes import ForgeHooks
from ompycord.workspaces.artifacts import Artifacts

__all__ = ["bot_of", "bot_options", "key_manager_of", "lookups_of", "mcp_of", "sidecar_of"]


def key_manager_of(
    infrastructure: Infrastructure, secrets: KeySecrets, shared_secret: str, sidecar_address: Callable[[], str]
) -> KeyManager:
    """The manager of keys; they are read with its first `refresh`."""
    return KeyManager(
        store=infrastructure.store,
        secrets=secrets,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        shared_secret=shared_secret,
        sidecar_address=sidecar_address,
        learn=infrastructure.known.add,
        refusals=infrastructure.refusals,
    )


def bot_of(infrastructure: Infrastructure, areas: Areas, lookups: Lookups, secrets: Secrets) -> Bot:
    """The bot with the ports of its parts; it connects once it runs."""
    return Bot(
        options=bot_options(infrastructure.settings),
        token=secrets.bot_token,
        catalog=infrastructure.settings.catalog,
        runs=areas.runs,
        messages=areas.messages,
        approvals=areas.approvals,
        plans=areas.plans,
        pull_requests=areas.pull_requests,
        overlaps=areas.overlaps,
        checkpoints=areas.checkpoints,
        typed_answers=areas.typed_answers,
        budgets=areas.budgets,
        snapshots=infrastructure.snapshots,
        stores=bot_stores(infrastructure.store),
        bus=infrastructure.bus,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        mac_key=secrets.component_key.encode(),
        refusals=infrastructure.refusals,
        redact=infrastructure.redact,
        lookups=lookups,
    )


def bot_options(settings: Settings) -> BotOptions:
    """The section `discord`, and the configured roles. Raises ValidationError where no server is named."""
    return BotOptions(**dict(settings.discord), access=settings.access)


def lookups_of(
    infrastructure: Infrastructure,
    areas: Areas,
    workers: Workers,
    health: Health,
    models: ModelOperations,
    triggers: Triggers,
    issue_calls: TeamIssueCalls,
    voice: SpokenTasks | None = None,
) -> Lookups:
    """What the bot asks of this machine. Files come redacted: nobody looks through them once they are attached."""
    return Lookups(
        health=health.lines,
        diff=_diff_of(workers.results),
        confinement=workers.launcher.level,
        mode=infrastructure.mode.words,
        slots=infrastructure.slots,
        artifact=_artifact_of(workers.artifacts, infrastructure.known.redactor),
        keep_file=workers.artifacts.keep,
        memory=memory_book_of(infrastructure),
        offers_decisions=infrastructure.settings.memory.offer_decisions,
        opinions=opinions_of(infrastructure),
        voice=voice,
        lessons=areas.lessons,
        secret_pages=areas.secret_pages,
        schedules=schedule_book_of(infrastructure),
        triggers=triggers,
        issue_calls=issue_calls,
        forecast=forecasts_of(infrastructure).forecast,
        roles=infrastructure.roles,
        members=infrastructure.members,
        people=person_data_of(infrastructure),
        record=record_view_of(infrastructure),
        models=models,
        pausing=Pausing(
            mode=infrastructure.mode,
            store=infrastructure.store,
            clock=infrastructure.clock,
            kill=workers.kill_strays,
        ),
        paused_by=lambda: infrastructure.mode.paused_by,
        forge_rests=partial(resting_forge, infrastructure.settings.catalog, infrastructure.forges.breakers),
        shortage=lambda: infrastructure.mode.shortage,
    )


def _diff_of(results: WorkResults) -> Callable[[RunId], Awaitable[bytes | None]]:
    async def diff(run: RunId) -> bytes | None:
        result = await results.result(run)
        return None if result is None or result.diff is None else await asyncio.to_thread(result.diff.read_bytes)

    return diff


def _artifact_of(artifacts: Artifacts, redactor: Redactor) -> Callable[[RunId, str], Awaitable[bytes | None]]:
    async def artifact(run: RunId, digest: str) -> bytes | None:
        data = await artifacts.read(run, digest)
        return None if data is None else await asyncio.to_thread(redactor.redact_file, data)

    return artifact


def mcp_of(infrastructure: Infrastructure, areas: Areas, workers: Workers, key_manager: KeyManager) -> McpMount:
    """The tools of agents, behind the keys of their runs."""
    tool_service = ToolService(
        recorder=areas.recorder,
        messages=areas.messages,
        snapshots=infrastructure.snapshots,
        bus=infrastructure.bus,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        attach=workers.artifacts.attach,
        slots=infrastructure.slots,
        inboxes=areas.inboxes,
        memory=MemoryTools(
            memory=memory_book_of(infrastructure),
            lessons=areas.lessons,
            runs=infrastructure.store,
            ids=infrastructure.ids,
            redact=infrastructure.redact,
        ),
        secrets=areas.secret_requests,
        still=infrastructure.still,
    )
    return McpMount(
        tool_service=tool_service, authenticate=key_manager.run_of, version=__version__, loaded=settle_process
    )


def sidecar_of(
    infrastructure: Infrastructure,
    key_manager: KeyManager,
    projector: Projector,
    mcp: McpMount,
    probes: Mapping[str, Probe],
    report: HealthReport,
    triggers: Triggers,
    forge_hooks: ForgeHooks | None,
    pages: SecretPages,
) -> Sidecar:
    """The HTTP server's application; `run.py` binds its socket."""
    webhook = infrastructure.settings.webhook
    return create_sidecar(
        store=infrastructure.store,
        snapshots=infrastructure.snapshots,
        keyring=key_manager.keys,
        clock=infrastructure.clock,
        ids=infrastructure.ids,
        limits=webhook,
        event_limits=webhook.events,
        wake=projector.wake,
        probes=probes,
        streams=Streams(log=infrastructure.store, bus=infrastructure.bus),
        mounts=(Mount("/mcp", mcp), *secret_mounts_of(infrastructure, pages)),
        reports=report,
        bus=infrastructure.bus,
        triggers=triggers,
        forge_hooks=forge_hooks,
        hosts=(_host_name(webhook.host), *((webhook.public_host,) if webhook.public_host else ())),
        redact=infrastructure.known.redactor.redact_loaded,
        refusals=infrastructure.refusals,
    )


def _host_name(address: str) -> str:
    """An address on which the sidecar listens, as the `Host` header names it."""
    return f"[{address}]" if ":" in address and not address.startswith("[") else address
