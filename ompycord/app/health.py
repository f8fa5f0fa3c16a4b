"""What `/omp health` shows of this machine; the line about Discord is the bot's."""

from collections.abc import Callable, Iterator, Sequence

from ompycord.app.alerting.state import AlertState
from ompycord.app.auditing.cutting import Cutting
from ompycord.app.backups.state import BackupState, backup_line
from ompycord.app.forges.resting import forge_lines
from ompycord.app.mode import StorageMode
from ompycord.app.outgoing.states import Destinations
from ompycord.app.remembering.vectors import VectorState
from ompycord.app.resources.bounds import LIMITS_REMEDY, MANY_EVENTS
from ompycord.app.resources.slot_words import slot_words
from ompycord.app.retention.attached import Retention
from ompycord.app.voice.wiring import Voice
from ompycord.bot.lookups import HealthLine
from ompycord.conductor import Slots
from ompycord.domain.catalog import Catalog
from ompycord.domain.ports import EventBacklog, RunRecords, StoreHealth
from ompycord.domain.ports.model_ledger import ModelBreaker
from ompycord.forge.breakers import ForgeBreakers
from ompycord.http import RequestCounts
from ompycord.model_gateway.gateway import ModelGateway
from ompycord.processes.launcher_port import Launcher
from ompycord.processes.own_limits import OwnLimits
from ompycord.render.phrases import clock

__all__ = ["Health", "backlog_line", "model_lines", "resting_words"]


class Health:
    """Reads the state when asked; keeps nothing."""

    def __init__(
        self,
        *,
        mode: StorageMode,
        launcher: Launcher,
        store: StoreHealth,
        backlog: EventBacklog,
        catalog: Catalog,
        requests: Callable[[], RequestCounts],
        destinations: Destinations,
        slots: Slots,
        runs: RunRecords,
        own_limits: OwnLimits,
        gateway: ModelGateway,
        backups: BackupState,
        breakers: ForgeBreakers,
        alerts: AlertState,
        retention: Retention,
        record: Cutting,
        vectors: VectorState,
        voice: Voice | None,
    ) -> None:
        """`requests` is what the sidecar has counted."""
        self._mode = mode
        self._launcher = launcher
        self._store = store
        self._backlog = backlog
        self._catalog = catalog
        self._requests = requests
        self._destinations = destinations
        self._slots = slots
        self._runs = runs
        self._own_limits = own_limits
        self._gateway = gateway
        self._backups = backups
        self._breakers = breakers
        self._alerts = alerts
        self._retention = retention
        self._record = record
        self._vectors = vectors
        self._voice = voice

    async def lines(self, guild: str | None = None) -> Sequence[HealthLine]:
        """One line for each part, including what is wrong. `guild`: nothing counts anything of another server."""
        disk = await self._mode.usage()
        backlog = await self._backlog.backlog()
        is_writable = await self._store.is_writable()
        level = self._launcher.level
        agents = ", ".join(spec.name for spec in self._catalog.agents) or "none is configured"
        repositories = ", ".join(spec.name for spec in self._catalog.repositories) or "none is configured"
        mode = await self._mode.words()
        return (
            HealthLine(name="Mode", is_ok=mode is None, text=mode or "normal"),
            HealthLine(name="Agents", is_ok=bool(self._catalog.agents), text=agents),
            HealthLine(name="Repositories", is_ok=bool(self._catalog.repositories), text=repositories),
            *model_lines(self._gateway, self._catalog, is_counted=guild is None),
            *forge_lines(self._catalog, self._breakers),
            HealthLine(name="Slots", is_ok=True, text=await slot_words(self._runs, self._slots, guild)),
            HealthLine(
                name="Confinement",
                is_ok=level != "none",
                text=_confinement(self._launcher),
            ),
            HealthLine(
                name="Database",
                is_ok=is_writable,
                text="writable"
                if is_writable
                else self._store.read_only or "does not answer writes: another program may hold it",
            ),
            *_limits(self._own_limits),
            HealthLine(name="Disk", is_ok=not disk.is_low, text=disk.words),
            backup_line(self._backups),
            *self._retention.lines(is_counted=guild is None),
            *self._record.lines(),
            *await self._vectors.lines(is_counted=guild is None),
            *(() if self._voice is None else (self._voice.line(),)),
            *self._alerts.lines(),
            backlog_line(backlog, is_counted=guild is None),
            *(() if guild is not None else (self._rejected(),)),
            *(
                HealthLine(name=name, is_ok=is_ok, text=text)
                for name, is_ok, text in await self._destinations.lines(is_counted=guild is None)
            ),
        )

    def _rejected(self) -> HealthLine:
        return HealthLine(name="Rejected requests", is_ok=True, text=f"{self._requests().without_key} since start")


def backlog_line(backlog: int, *, is_counted: bool = True) -> HealthLine:
    """How many events wait to be shown; `is_counted`: with their number, which is that of all servers."""
    is_ok = backlog < MANY_EVENTS
    text = str(backlog) if is_counted else "keeps up" if is_ok else "does not keep up"
    return HealthLine(name="Event backlog", is_ok=is_ok, text=text)


def resting_words(breaker: ModelBreaker) -> str:
    """A model at a provider that is not asked, and until when."""
    return f"{breaker.provider} is not asked for {breaker.model} until {clock(breaker.until)}: it failed"


def model_lines(gateway: ModelGateway, catalog: Catalog, *, is_counted: bool = True) -> Iterator[HealthLine]:
    """A line where models are asked by us, and one for the agents that hold a key themselves.

    `is_counted`: with the number of requests, which are those of all servers.
    """
    if gateway.upstreams.providers:
        resting = ", ".join(map(resting_words, gateway.upstreams.resting()))
        stopped = "all models are stopped" if gateway.is_stopped else ""
        streams = f"{gateway.streams} requests under way" if is_counted else ""
        words = ", ".join(filter(None, (streams, stopped, resting)))
        yield HealthLine(name="Models", is_ok=not (stopped or resting), text=words or "asked")
    if holders := ", ".join(spec.name for spec in catalog.agents if spec.key_variables):
        yield HealthLine(name="Keys", is_ok=True, text=f"{holders}: the agent holds your key; not metered")


def _limits(own_limits: OwnLimits) -> Iterator[HealthLine]:
    """A line only where another program of this user took something from this process."""
    if own_limits.lowered:
        text = f"another program lowered {', '.join(own_limits.lowered)} of this process. {LIMITS_REMEDY}"
        yield HealthLine(name="Limits", is_ok=False, text=text)


def _confinement(launcher: Launcher) -> str:
    """The level and what raises it."""
    what = "none: agents run as this user; only those that configuration allows by name"
    text = what if launcher.level == "none" else launcher.level
    return f"{text}. {launcher.remedy}" if launcher.remedy else text
