"""Wires the house: some twenty objects in one readable function, opened and closed by one `lifespan()`.

`up` enters the lifespan, serves inside it and closes it last; the sidecar borrows it and opens nothing by itself.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ompycord import __version__
from ompycord.agents.registry import adapters
from ompycord.app.control import Control
from ompycord.app.data_folder import DataFolder
from ompycord.app.health import Health
from ompycord.app.key_secrets import KeySecrets
from ompycord.app.keys import Keys
from ompycord.app.system import SystemClock, SystemIds
from ompycord.bot.bot import Bot
from ompycord.bot.options import BotOptions
from ompycord.bot.sources import Sources
from ompycord.checks.local import LocalChecks
from ompycord.conductor import Bus, Conductor, Driver, Inboxes, Projector, Watch
from ompycord.domain.ids import RunId
from ompycord.domain.records import Commit, Scope
from ompycord.domain.run import RunKind, RunRecord
from ompycord.engines import LocalEngine
from ompycord.engines.steps import Steps
from ompycord.mcp_server import Desk, McpMount
from ompycord.processes import sweep
from ompycord.settings import Settings
from ompycord.store import SqliteStore, open_store
from ompycord.text import Redactor
from ompycord.webhook import KeyRing, Limits, Mount, Sidecar, Streams, create_sidecar, mint_bearer, parse_secret
from ompycord.workspaces.git import Git
from ompycord.workspaces.launcher import UnconfinedLauncher
from ompycord.workspaces.service import GitWorkspaces

__all__ = ["Parts", "git_of", "lifespan"]


@dataclass(frozen=True, slots=True)
class Parts:
    """What `run.py` starts and ends, in this order of dependence."""

    store: SqliteStore
    projector: Projector
    driver: Driver
    watch: Watch
    mcp: McpMount
    sidecar: Sidecar
    control: Control
    bot: Bot
    redactor: Redactor


def git_of(environ: Mapping[str, str]) -> Git:
    """The host's git, looked up in our PATH."""
    return Git(path=environ.get("PATH", os.defpath))


@asynccontextmanager
async def lifespan(
    settings: Settings, data: DataFolder, *, bot_token: str, webhook_secret: str, sidecar_address: Callable[[], str]
) -> AsyncGenerator[Parts]:
    """Open the store, wire everything to it, close it last. `sidecar_address` is asked when an agent starts."""
    clock, ids = SystemClock(), SystemIds()
    component_key, _ = data.secret("component_key")
    redactor = Redactor([bot_token, webhook_secret, component_key])
    async with open_store(data.database, clock=clock, ids=ids) as store:
        catalog = settings.catalog
        bus = Bus()
        alarms: list[Callable[[], None]] = []

        def wake() -> None:
            for alarm in alarms:
                alarm()

        def route(record: RunRecord) -> str | None:
            bound = next((spec.channel for spec in catalog.repositories if spec.name == record.repository), None)
            return bound or settings.discord.home_channel

        projector = Projector(store=store, bus=bus, route=route)
        launcher = UnconfinedLauncher(path=os.environ.get("PATH", os.defpath))
        agents = adapters(launcher=launcher)
        abilities = {kind: adapter.capabilities for kind, adapter in agents.items()}
        conductor = Conductor(store=store, clock=clock, ids=ids, catalog=catalog, wake=wake, abilities=abilities)
        keyring = KeyRing(clock=clock)

        key_secrets = KeySecrets(data.path)
        refreshing = asyncio.Lock()

        async def refresh_keys() -> None:
            async with refreshing:  # an older reading must not replace a newer one: a revoked key would live on
                records = await store.keys()
                texts = key_secrets.of(record.id for record in records if record.kind == "hmac")
                secrets = {key_id: parse_secret(text) for key_id, text in texts.items()}
                keyring.replace(records, hmac_secrets=secrets, shared_secret=webhook_secret)

        async def job_environment(run: RunId) -> dict[str, str]:
            scopes = {Scope.EVENTS_WRITE, Scope.MCP}
            record, token = mint_bearer(ids=ids, now_ms=clock.now_ms(), name=f"run {run}", scopes=scopes, run=run)
            await store.commit(Commit(keys=(record,)))
            await refresh_keys()
            url = sidecar_address()
            return {"OMPYCORD_RUN": run, "OMPYCORD_URL": url, "OMPYCORD_MCP_URL": f"{url}/mcp/", "OMPYCORD_KEY": token}

        def run_of(headers: Mapping[str, str]) -> RunId | None:
            scheme, _, token = headers.get("authorization", "").partition(" ")
            key = keyring.by_bearer(token, is_local=False) if scheme.lower() == "bearer" else None
            return key.run if key is not None and Scope.MCP in key.scopes else None

        await refresh_keys()
        workspaces = GitWorkspaces(
            folder=data.path / "workspaces",
            repositories=data.path / "repositories",
            git=git_of(os.environ),
            launcher=launcher,
        )
        steps = Steps(
            catalog=catalog,
            workspaces=workspaces,
            adapters=agents,
            checks=LocalChecks(launcher=launcher),
            level=launcher.level,
            observe=conductor.observe,
            record=conductor.record,
            job_environment=job_environment,
            inboxes=Inboxes(store=store, bus=bus, record=conductor.record),
        )
        driver = Driver(
            store=store,
            engine=LocalEngine(steps=steps.table(), sweep=_sweep),
            clock=clock,
            ids=ids,
            limits=catalog.limits,
            changed=projector.wake,
        )
        alarms += [projector.wake, driver.wake]
        mcp = McpMount(
            desk=Desk(conductor=conductor, bus=bus, clock=clock, ids=ids),
            authenticate=run_of,
            version=__version__,
        )
        bot = Bot(
            options=_bot_options(settings),
            token=bot_token,
            conductor=conductor,
            store=store,
            bus=bus,
            clock=clock,
            ids=ids,
            mac_key=component_key.encode(),
            redact=redactor.redact,
            sources=Sources(
                health=Health(
                    data=data,
                    launcher=launcher,
                    store=store,
                    catalog=catalog,
                    failures=lambda: sidecar.failed_authentications,
                ).lines,
                diff=_diff_of(workspaces),
                confinement=lambda record: launcher.level if record.kind is RunKind.HOSTED else None,
            ),
        )

        async def is_gateway_there() -> bool:
            return bot.is_ready

        sidecar = create_sidecar(
            store=store,
            keyring=keyring,
            clock=clock,
            ids=ids,
            limits=Limits(hosts=frozenset(settings.webhook.hosts)),
            wake=projector.wake,
            probes={"database": store.is_writable, "gateway": is_gateway_there},
            streams=Streams(log=store, bus=bus),
            mounts=(Mount("/mcp", mcp),),
        )
        keys = Keys(store=store, secrets=key_secrets, clock=clock, ids=ids, changed=refresh_keys)
        yield Parts(
            store=store,
            projector=projector,
            driver=driver,
            watch=Watch(store=store, conductor=conductor, clock=clock),
            mcp=mcp,
            sidecar=sidecar,
            control=Control(data.path, operations=keys.operations()),
            bot=bot,
            redactor=redactor,
        )


def _diff_of(workspaces: GitWorkspaces) -> Callable[[RunId], Awaitable[bytes | None]]:
    async def diff(run: RunId) -> bytes | None:
        result = await workspaces.result(run)
        return None if result is None or result.diff is None else await asyncio.to_thread(result.diff.read_bytes)

    return diff


async def _sweep(run: RunId) -> None:
    await sweep(run)


def _bot_options(settings: Settings) -> BotOptions:
    discord = settings.discord
    is_playground = discord.api is not None
    return BotOptions.model_validate(
        {
            "guilds": discord.guilds,
            "home_channel": discord.home_channel,
            "work_channels": discord.work_channels,
            "ops_channel": discord.ops_channel,
            "access": settings.access,
            "guild_ready_timeout_s": 0.0 if is_playground else 2.0,
        }
    )
