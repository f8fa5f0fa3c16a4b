"""Real agents from npm in a cache folder of their own, and a model without a mind on loopback."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
import psutil
import pytest

from ompycord.domain.events import EventBody
from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import AgentJob
from ompycord.domain.task import Task
from ompycord.workspaces.confinement.launcher import UnconfinedLauncher
from tests.e2e.agents.homes import omp_settings, opencode_settings
from tests.support.agent_options import agent_options
from tests.support.patience import patient, within

STUB = Path(__file__).parents[2] / "support/model_stub.py"
INSTALL_S = 600.0
PACKAGES = {
    "omp": ("@oh-my-pi/pi-coding-agent@18.2.3", "bun@1.4.5"),
    "opencode": ("opencode-ai@1.18.33",),
    "claude": ("@anthropic-ai/claude-code@2.1.197",),
    "claude-agent-acp": ("@agentclientprotocol/claude-agent-acp@0.49.0",),
    "codex": ("@agentclientprotocol/codex-acp@2.6.0",),
    "gemini": ("@google/gemini-cli@0.61.0",),
    "qwen": ("@qwen-code/qwen-code@0.24.4",),
    "copilot": ("@github/copilot@1.0.102",),
}

WITHOUT_PAGE = {
    "pi": ("@mariozechner/pi-coding-agent@0.73.1",),
}
"""Programs that are tried with the model gateway alone; no page says how to run them."""


@dataclass(frozen=True)
class Place:
    """A clone with its home, and the programs that work there."""

    clone: Path
    launcher: UnconfinedLauncher
    path: str
    """The PATH with its commands."""

    @property
    def home(self) -> Path:
        return self.clone.parent / "home"

    def job(self, spec: dict[str, Any], prompt: str, *, session: str | None = None) -> AgentJob:
        task = Task(
            id="01JD0000000000000000000001", prompt=prompt, title="t", repositories=("shop",), agent=spec["name"]
        )
        return AgentJob(
            run=RunId(new_ulid(now_ms=0, entropy=os.urandom(10))),
            iteration=1,
            task=task,
            spec=agent_options({**spec, "sandbox": {"minimum": "none"}}),
            cwd=self.clone,
            prompt=prompt,
            env={},
            session=session,
        )


class AgentInput:
    """What was emitted, and a way to wait for it."""

    def __init__(self) -> None:
        self.events: list[EventBody] = []
        self._more = asyncio.Condition()

    async def emit(self, *bodies: EventBody) -> None:
        async with self._more:
            self.events.extend(bodies)
            self._more.notify_all()

    def of(self, kind: type[Any]) -> list[Any]:
        return [body for body in self.events if isinstance(body, kind)]

    async def until(self, kind: type[Any], times: int = 1) -> Any:
        """The event of this kind that came as the `times`-th."""
        async with within(60), self._more:
            await self._more.wait_for(lambda: len(self.of(kind)) >= times)
        return self.of(kind)[times - 1]


def installed(name: str) -> str:
    """A PATH with the agent's commands; the test is skipped where npm cannot fetch it."""
    tried = os.environ.get("AGENTS_TRIED", "").split()
    if tried and name not in tried:
        pytest.skip(f"AGENTS_TRIED names {' and '.join(tried)} only")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is missing")
    cache = Path(os.environ.get("OMPYCORD_AGENTS_CACHE") or platformdirs.user_cache_path("ompycord-tests") / "agents")
    packages = {**PACKAGES, **WITHOUT_PAGE}[name]
    versions = "-".join(package.rpartition("@")[2] for package in packages)
    folder = cache / f"{name}-{versions}"
    commands = folder / "node_modules/.bin"
    folder.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        if not (commands / name).exists():
            install(npm, name, folder, packages)
    # No install script has run, so the programs themselves are where npm put the packages for this system.
    native = [
        str(path)
        for pattern in ("@oven/bun-*/bin", "opencode-*/bin", "@anthropic-ai/claude-code-*")
        for path in commands.parent.glob(pattern)
    ]
    return os.pathsep.join((*native, str(commands)))


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """Of several processes of tests one at a time has the folder; the others wait."""
    import fcntl

    with (folder / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def install(npm: str, name: str, folder: Path, packages: tuple[str, ...]) -> None:
    """Have npm install an agent; the test is skipped where it cannot."""
    argv = (npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), *packages)
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=patient(INSTALL_S), check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm took longer than {INSTALL_S:g} s")
    if done.returncode:
        pytest.skip(f"npm could not install {name}: {done.stderr.strip().splitlines()[-1:]}")


@pytest.fixture(scope="session")
def omp_path() -> str:
    return installed("omp")


@pytest.fixture(scope="session")
def opencode_path() -> str:
    return installed("opencode")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """The model's address."""
    port_file = tmp_path_factory.mktemp("model") / "port"
    with subprocess.Popen([sys.executable, str(STUB), str(port_file)]) as process:
        try:
            for _ in range(3000):
                if port_file.exists():
                    break
                threading.Event().wait(0.01)
            yield f"http://127.0.0.1:{port_file.read_text(encoding='utf-8')}/v1"
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def address(shared: Path) -> Generator[str]:
    """The shared stub, which speaks the dialects of every provider.

    It takes the port that it is told: one that was free a moment ago, or another one where it no longer is.
    """
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with subprocess.Popen([sys.executable, str(shared / "tools/model_stub.py"), str(port)]) as process:
            if not _listens(process, port):
                continue
            try:
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
            return
    pytest.fail("the shared stub found no port in five tries")


def _listens(process: "subprocess.Popen[bytes]", port: int) -> bool:
    """Whether it listens there in the end; not where it has ended because somebody else does."""
    with contextlib.suppress(psutil.NoSuchProcess):
        while process.poll() is None:
            found = psutil.Process(process.pid).net_connections("tcp4")
            if any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in found):
                return True
            threading.Event().wait(0.02)
    return False


MakePlace = Callable[[str], Place]


@pytest.fixture
def make_place(tmp_path: Path) -> MakePlace:
    def make(path: str) -> Place:
        clone = tmp_path / "run/clone"
        clone.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", str(clone)], check=True)
        whole = f"{path}{os.pathsep}{os.environ['PATH']}"
        return Place(clone, UnconfinedLauncher(path=whole), whole)

    return make


@pytest.fixture
def claude(make_place: MakePlace) -> Place:
    return make_place(installed("claude"))


@pytest.fixture
def codex(make_place: MakePlace, address: str) -> Place:
    """A place where Codex knows the shared stub."""
    place = make_place(installed("codex"))
    settings = place.home / ".codex/config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        'model = "stub-1"\nmodel_provider = "stub"\n[model_providers.stub]\nname = "stub"\n'
        f'base_url = "{address}/v1"\nwire_api = "responses"\n',
        encoding="utf-8",
    )
    return place


@pytest.fixture
def omp(omp_path: str, model: str, make_place: MakePlace) -> Place:
    """A place where oh-my-pi knows the stub."""
    place = make_place(omp_path)
    settings = place.home / ".omp/agent/models.yml"
    settings.parent.mkdir(parents=True)
    settings.write_text(omp_settings(model), encoding="utf-8")
    return place


@pytest.fixture
def opencode(opencode_path: str, model: str, make_place: MakePlace) -> Place:
    """A place where OpenCode knows the stub and asks before it acts."""
    place = make_place(opencode_path)
    settings = place.home / ".config/opencode/opencode.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(opencode_settings(model), encoding="utf-8")
    return place


@asynccontextmanager
async def working(run: Any) -> AsyncGenerator[asyncio.Task[Any]]:
    """An adapter's run beside the test's own steps."""
    async with within(90), asyncio.TaskGroup() as tasks:
        yield tasks.create_task(run)
