"""What a program without a network reaches: what we serve to its run, and nothing else (levels with a network rule)."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
from starlette.types import Receive, Scope, Send

from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.ports import Listener
from ompycord.domain.repository import AgentSpec, ConfinementLevel, Sandbox
from ompycord.http.run_listeners import INSIDE_PORT, RunListeners, Served
from ompycord.http.run_token import RunToken
from ompycord.processes import ProcessSpec, Stream
from ompycord.processes.launcher_port import Layout, is_enough, leaves_network_open
from ompycord.processes.passed_socket import PASSING
from tests.support.confinement import launcher_of, require
from tests.support.patience import within

pytestmark = pytest.mark.posix
AGENT = AgentSpec(name="a", kind="command")
LEVELS: tuple[ConfinementLevel, ...] = ("full", "files+net")
ASK = """
import json, os, socket, sys, urllib.request
port = int(sys.argv[1])
answer = urllib.request.urlopen(f"http://127.0.0.1:{port}/hello", timeout=20).read().decode()
could = []
for name, target in json.loads(sys.argv[2]).items():
    try:
        socket.create_connection(tuple(target), 2).close()
    except OSError:
        continue
    could.append(name)
fds = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd") if int(fd) > 2]
kinds = [os.readlink(fd).split(":")[0] for fd in fds if os.path.lexists(fd)]
print(json.dumps({"answer": answer, "could": could, "sockets": kinds.count("socket"), "names": sorted(os.environ)}))
"""


@pytest.fixture(params=LEVELS)
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    found: ConfinementLevel = request.param
    require(found)
    return found


@pytest.fixture
def full() -> None:
    """A machine that gives it; in a fixture, since the probe has a loop of its own."""
    require("full")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    made = tmp_path / "run/clone"
    made.mkdir(parents=True)
    return made


def new_run() -> RunId:
    return RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))


def names_run(run: RunId, token: RunToken, spec: AgentSpec) -> Served:
    """Answers with the run that it is for."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": f"{run} {scope['path']}".encode()})

    return Served(app)


async def printed(level: ConfinementLevel, tree: Path, listener: Listener, *argv: str) -> list[str]:
    spec = ProcessSpec(argv=argv, env={}, cwd=tree)
    async with within(60), launcher_of(level).start(spec, Layout(tree, listener=listener)) as process:
        return [line.text async for line in process.lines() if line.stream is Stream.STDOUT]


async def test_a_program_without_a_network_reaches_what_is_served_to_its_run_and_nothing_else(
    level: ConfinementLevel, tree: Path
) -> None:
    run = new_run()
    with socket.create_server(("127.0.0.1", 0)) as other:
        async with RunListeners(serve=names_run, level=level).open(run, AGENT) as listener:
            targets = json.dumps({"another port": other.getsockname(), "an address elsewhere": ["192.0.2.1", 80]})
            lines = await printed(level, tree, listener, sys.executable, "-c", ASK, str(listener.port), targets)
    seen = json.loads(lines[0])
    assert seen["answer"] == f"{run} /hello"
    assert seen["could"] == []
    assert seen["sockets"] == 0
    assert PASSING not in seen["names"]


async def test_two_runs_with_networks_of_their_own_each_reach_their_own(full: None, tmp_path: Path) -> None:
    listeners = RunListeners(serve=names_run, level="full")
    runs = [new_run(), new_run()]

    async def asked(number: int) -> str:
        tree = tmp_path / f"run-{number}/clone"
        tree.mkdir(parents=True)
        async with listeners.open(runs[number], AGENT) as listener:
            assert listener.port == INSIDE_PORT
            return json.loads(
                (await printed("full", tree, listener, sys.executable, "-c", ASK, str(listener.port), "{}"))[0]
            )["answer"]

    async with within(90), asyncio.TaskGroup() as group:
        answers = [group.create_task(asked(number)) for number in (0, 1)]
    assert [one.result() for one in answers] == [f"{run} /hello" for run in runs]


class EndlessAnswers:
    """Answers that have no end; counts those that are open."""

    def __init__(self) -> None:
        self.open = 0
        self.began = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.open += 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        self.began.set()
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self.open -= 1


async def test_what_is_served_ends_with_the_program(level: ConfinementLevel, tree: Path) -> None:
    answers = EndlessAnswers()
    script = "import sys, urllib.request as u; u.urlopen(f'http://127.0.0.1:{sys.argv[1]}/', timeout=60).read()"
    async with RunListeners(serve=lambda run, token, spec: Served(answers), level=level).open(
        new_run(), AGENT
    ) as listener:
        spec = ProcessSpec(argv=(sys.executable, "-c", script, str(listener.port)), env={}, cwd=tree)
        async with within(60), launcher_of(level).start(spec, Layout(tree, listener=listener)) as process:
            await answers.began.wait()
            assert answers.open == 1
            await process.stop()
    assert answers.open == 0
    if level != "full":
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", listener.port), 5)


class KeepsSocket:
    """A listener that serves nothing and keeps what it is handed."""

    def __init__(self, port: int) -> None:
        self.environment: dict[str, str] = {}
        self.has_models = False
        self.dialects: dict[str, str] = {}
        self.models = None
        self.port = port
        self.sockets: list[socket.socket] = []

    def watch_waits(self, waiting: Callable[[bool], None]) -> None:
        """Nothing waits for a provider."""

    @asynccontextmanager
    async def adopted(self, listening: socket.socket) -> AsyncGenerator[None]:
        self.sockets.append(listening)
        try:
            yield
        finally:
            listening.close()


async def test_an_adopted_socket_names_its_protocol_so_that_no_chunk_waits(full: None, tree: Path) -> None:
    keeps = KeepsSocket(INSIDE_PORT)
    spec = ProcessSpec(argv=("true",), env={}, cwd=tree)
    async with within(60), launcher_of("full").start(spec, Layout(tree, listener=keeps)) as process:
        assert [one.proto for one in keeps.sockets] == [socket.IPPROTO_TCP]
        assert not keeps.sockets[0].get_inheritable()
        assert (await process.wait()).exit_code == 0


async def test_a_program_that_cannot_listen_says_so_and_does_not_run(full: None, tree: Path) -> None:
    keeps = KeepsSocket(1)  # a port that needs a right which no confined program has
    spec = ProcessSpec(argv=("touch", "ran"), env={}, cwd=tree)
    async with within(60), launcher_of("full").start(spec, Layout(tree, listener=keeps)) as process:
        words = [line.text async for line in process.lines()]
        assert (await process.wait()).exit_code == 126
    assert keeps.sockets == []
    assert words == ["confinement failed: Permission denied"]
    assert not (tree / "ran").exists()


async def test_with_the_network_open_no_socket_is_handed_out(full: None, tree: Path) -> None:
    keeps = KeepsSocket(INSIDE_PORT)
    spec = ProcessSpec(argv=("true",), env={}, cwd=tree)
    layout = Layout(tree, network=True, listener=keeps)
    async with within(60), launcher_of("full").start(spec, layout) as process:
        assert (await process.wait()).exit_code == 0
    assert keeps.sockets == []


@pytest.mark.parametrize(
    ("network", "open_at"),
    [
        (True, {"full", "files+net", "files", "container", "none"}),
        ("gateway", {"files", "container", "none"}),
        (False, set[str]()),
    ],
)
def test_what_the_card_calls_open_is_what_no_level_denies(
    network: bool | Literal["gateway"], open_at: set[str]
) -> None:
    levels: tuple[ConfinementLevel, ...] = ("full", "files+net", "files", "container", "none")
    sandbox = Sandbox(minimum="none", network=network)
    assert {level for level in levels if leaves_network_open(level, sandbox)} == open_at
    refused = {level for level in levels if not is_enough(level, sandbox)}
    assert refused == ({"files", "container", "none"} if network is False else set())
