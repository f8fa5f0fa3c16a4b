"""A run on a real git repository, at one level of confinement, from its preparation to its checks.

Clone, set-up, proxy, checks and the look before the run are the product's own; its agent is a shell command.
"""

import asyncio
import os
import ssl
import subprocess
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ompycord.agents.command import CommandAgent, CommandOptions
from ompycord.app.mode import DiskUsage
from ompycord.app.precheck import Precheck, PrecheckParts
from ompycord.app.precheck.provider_lines import Providers
from ompycord.checks.local import LocalChecks
from ompycord.conductor import Bus, Inboxes
from ompycord.domain import effects as fx
from ompycord.domain import events as ev
from ompycord.domain.catalog import Catalog
from ompycord.domain.configuration.attached_secrets import AttachedSecret
from ompycord.domain.effects import Effect, StepOrder, effect_key
from ompycord.domain.events import EffectFinished, EventBody, RunEvent
from ompycord.domain.folds.checkpoints import PutBack
from ompycord.domain.folds.fold import fold
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import OMPYCORD, RunId, new_ulid
from ompycord.domain.repository import ConfinementLevel, RepositorySpec, Sandbox
from ompycord.domain.run import RunState
from ompycord.domain.task import Mode, Task
from ompycord.engines import StepContext
from ompycord.engines.steps import STEPS
from ompycord.http.proxy.forward_proxy import UpstreamProxy
from ompycord.http.run_listeners import RunListeners, Served
from ompycord.settings.repository_file import configure_by
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from ompycord.text import Redactor
from ompycord.workspaces.confinement.launcher import ConfinedLauncher, UnconfinedLauncher
from ompycord.workspaces.git import Git
from ompycord.workspaces.preparing.kept import largest_of
from ompycord.workspaces.preparing.set_ups import KeptSetUps
from ompycord.workspaces.service import GitWorkspaces
from ompycord.workspaces.services.trial import LocalServices
from tests.support.patience import patient
from tests.support.trees import Change
from tests.support.verified_run import make_repository, put_files

GIB = 1024**3
NOW = 1_795_262_400_000
"""2026-11-21T12:00:00Z"""

__all__ = ["GIB", "NOW", "PreparedRun", "Registry", "commit_files", "meeting", "registry"]


def commit_files(path: Path, files: Change, message: str = "more") -> None:
    """One more commit on `main` of a repository."""
    put_files(path, files)
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    for words in (("add", "--all", "--force"), (*who, "commit", "-q", "-m", message)):
        subprocess.run(("git", *words), cwd=path, check=True, timeout=patient(30), capture_output=True)


class PreparedRun:
    """`await prepare()`, `await set_up()`, `await build("a command")`, `await collect()`, `await check()`."""

    def __init__(
        self,
        folder: Path,
        store: SqliteStore,
        *,
        level: ConfinementLevel = "none",
        files: Change | None = None,
        repository: Mapping[str, Any] | None = None,
        environ: Mapping[str, str] | None = None,
        upstream: UpstreamProxy | None = None,
        most: int = 10,
        mode: Mode = Mode.STANDARD,
        sandbox: Sandbox | None = None,
        believed: Path | None = None,
    ) -> None:
        """`repository` are more settings of it; `environ` is added to the bot's environment.

        `believed` is an authority whose certificates count where a secret is sent.
        """
        self.folder = folder
        self.usage = DiskUsage(100 * GIB, 1, 99 * GIB)
        path, data = os.environ["PATH"], folder / "data"
        known = {**os.environ, **(environ or {})}
        self.environ = known
        self.launcher = (
            UnconfinedLauncher(path=path, environ=known)
            if level == "none"
            else ConfinedLauncher(level=level, path=path, hidden=(data,), environ=known)
        )
        git = Git(path=path)
        self.run = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))
        self.source = folder / "shop"
        if files is not None:
            make_repository(self.source, files)
        self.repository = RepositorySpec.model_validate({"name": "shop", "path": self.source, **(repository or {})})
        self.sandbox = sandbox or Sandbox(minimum="none", network=True)
        self.workspaces = GitWorkspaces(
            folder=data / "workspaces", repositories=data / "repositories", git=git, launcher=self.launcher
        )
        self.set_ups = KeptSetUps(
            folder=data / "setups",
            runs=data / "workspaces",
            git=git,
            launcher=self.launcher,
            most=most,
            now_ms=self._now_ms,
        )
        self.task = Task(
            id=new_ulid(now_ms=0, entropy=os.urandom(10)),
            prompt="Fix it",
            title="Fix it",
            repositories=("shop",),
            agent="script",
            mode=mode,
        )
        self.put_back: PutBack | None = None
        """To which round a person put it back."""
        self.facts: list[EventBody] = []
        self.ended: list[EffectFinished] = []
        self.setups = data / "setups"
        self._ticks = 0
        self._level: ConfinementLevel = level
        self._store = store
        self._redactor = Redactor()
        self._redactor.add(environ[name] for name in self.repository.secrets if environ and name in environ)
        self._listeners = RunListeners(
            serve=lambda run, token, spec: Served(_nothing), level=level, upstream=upstream, secret_of=self._secret_of,
            tls=lambda: ssl.create_default_context(cafile=believed),
        )  # fmt: skip

    def _now_ms(self) -> int:
        self._ticks += 1
        return self._ticks

    @property
    def clone(self) -> Path:
        return self.folder / "data/workspaces" / self.run / "clone"

    def context(self, script: str = "true") -> StepContext:
        """That of the engine; its agent runs `script` in a shell."""
        agent = CommandOptions(name="script", kind="command", command=("sh", "-c", script), sandbox=self.sandbox)
        catalog = Catalog(repositories=(self.repository,), agents=(agent,))
        parts = PrecheckParts(
            catalog=catalog,
            bases=self.workspaces.bases,
            configure=configure_by(catalog),
            level=self._level,
            remedy="",
            environ=self.environ,
            usage=lambda: self.usage,
            set_up_size=partial(largest_of, self.setups),
            providers=Providers((), clock=FakeClock(), stopped=lambda: False),
            now_ms=lambda: NOW,
        )
        return StepContext(
            catalog=catalog,
            workspaces=self.workspaces,
            takeovers=self.workspaces,
            results=self.workspaces,
            adapters={"command": CommandAgent(launcher=self.launcher)},
            checks=LocalChecks(launcher=self.launcher),
            set_ups=self.set_ups,
            services=LocalServices(
                launcher=self.launcher, runs=self.folder / "data/workspaces", path=os.environ["PATH"]
            ),
            proxies=self._listeners.open_proxy,
            redact=self._redactor.redact,
            check_history=self._store,
            level=self._level,
            observe=self._record,
            record=self._record,
            secrets=self._secrets,
            listeners=self._listeners.open,
            inboxes=Inboxes(history=self._store, bus=Bus(), record=self._record),
            session=self._store.session,
            precheck=Precheck(parts).of_run,
            rolled_back=self._rolled_back,
            configure=configure_by(catalog),
        )

    async def _record(self, run: RunId, *bodies: EventBody) -> None:
        self.facts += bodies

    async def _rolled_back(self, run: RunId) -> PutBack | None:
        return self.put_back

    async def _secret_of(self, run: RunId, user: str, rule: AttachedSecret) -> str | None:
        return self.environ.get(rule.secret)

    async def _secrets(self, run: RunId) -> dict[str, str]:
        return {}

    async def step(self, effect: Effect, script: str = "true") -> EffectFinished:
        """Do one step of the engine."""
        order = StepOrder(run=self.run, key=effect_key(effect), effect=effect, task=self.task.id, attempt=1)
        ended = await STEPS[type(effect)](order, self.task, self.context(script))
        self.ended.append(ended)
        return ended

    async def prepare(self) -> EffectFinished:
        return await self.step(fx.PrepareWorkspace(iteration=1))

    async def set_up(self) -> EffectFinished:
        return await self.step(fx.SetUp(iteration=1))

    async def build(self, script: str) -> EffectFinished:
        return await self.step(fx.RunAgent(iteration=1), script)

    async def collect(self) -> EffectFinished:
        return await self.step(fx.Collect(iteration=1))

    async def check(self) -> EffectFinished:
        return await self.step(fx.RunChecks(iteration=1))

    def snapshot(self, state: RunState = RunState.COMPLETE) -> StatusSnapshot:
        """The snapshot of the run in this state, as far as its log has come."""
        failure = next((one.failure for one in reversed(self.ended) if one.failure is not None), None)
        end = ev.RunStateChanged(
            state=state, previous=RunState.PRECHECK, cause="effect.finished", failure=failure, message=self._message()
        )
        events = (
            RunEvent(run=self.run, source=OMPYCORD, seq=seq, at=seq, body=body)
            for seq, body in enumerate((ev.RunSubmitted(task=self.task), *self.facts, end), start=1)
        )
        return fold(self.run, events).snapshot()

    def _message(self) -> str | None:
        return self.ended[-1].message if self.ended else None

    def of(self, kind: type[ev.EventBody]) -> list[Any]:
        """The facts of one kind."""
        return [body for body in self.facts if isinstance(body, kind)]


async def _nothing(scope: object, receive: object, send: object) -> None:
    """Serves nothing."""


class Registry:
    """A registry of packages behind the operator's proxy: it answers every name with its content."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.asked: list[str] = []
        """The names, with their ports, to which ways were opened."""
        self.heads: list[str] = []
        """What was asked of them."""
        self.proxy = UpstreamProxy("127.0.0.1", 0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            self.asked.append(head.split(" ")[1])
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
            head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(self.content)}\r\nconnection: close\r\n\r\n"
            writer.write(head.encode() + self.content)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # who asked is gone
        finally:
            writer.close()


@asynccontextmanager
async def registry(content: bytes = b"a package\n") -> AsyncGenerator[Registry]:
    """One that is reached by a proxy on loopback."""
    made = Registry(content)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.proxy = UpstreamProxy("127.0.0.1", server.sockets[0].getsockname()[1])
    try:
        yield made
    finally:
        server.close()


def meeting(*folders: Path, mark: str) -> Callable[[], bool]:
    """Lets all checks end once one of each folder was in the middle; whether all of them are let go, which never is.

    A check writes `mark` in its checkout when it is there, and goes on when it finds `go` beside it.
    """
    seen: set[Path] = set()

    def let_go() -> bool:
        for folder in folders:
            waiting = [at.parent for at in (folder / "data/workspaces").glob(f"*/checkout-*/tree/{mark}")]
            seen.update({folder} if waiting else ())
            if len(seen) == len(folders):
                for one in waiting:
                    (one / "go").touch()
        return False

    return let_go
