"""A program on a person's terminal, without a network, reaches what another process serves to its run."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from ompycord.domain.ids import RunId, new_ulid
from ompycord.domain.repository import AgentSpec, ConfinementLevel
from ompycord.http.run_listeners import RunListeners, Served
from ompycord.http.run_token import RunToken
from tests.support.confinement import require
from tests.support.terminal import Terminal

pytestmark = pytest.mark.posix
AGENT = AgentSpec(name="a", kind="command")
OPENS = """
import os, sys
from pathlib import Path
from ompycord.processes import ProcessSpec
from ompycord.processes.launcher_port import Layout
from ompycord.processes.terminal import on_terminal
from ompycord.workspaces.confinement.launcher import ConfinedLauncher
level, tree, inside, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
class Reached:
    port = inside
launcher = ConfinedLauncher(level=level, path=os.environ["PATH"], hidden=(), environ=os.environ)
argv = (sys.executable, "-c", sys.argv[5], str(inside), str(port))
spec = ProcessSpec(argv=argv, env={"TERM": "dumb"}, cwd=tree, claims_terminal=True)
print("ended with", on_terminal(launcher.arrange(spec, Layout(tree, listener=Reached())), forward_to=port), flush=True)
"""
ASKS = """
import socket, sys, urllib.request
for word in ("one", "two"):
    print(urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/{word}", timeout=20).read().decode(), flush=True)
try:
    socket.create_connection(("192.0.2.1", 80), 2).close()
    print("open")
except OSError:
    print("nothing else", flush=True)
"""


@pytest.fixture(params=("full", "files+net"))
def level(request: pytest.FixtureRequest) -> ConfinementLevel:
    found: ConfinementLevel = request.param
    require(found)
    return found


@pytest.fixture
def opened() -> Iterator[list[Terminal]]:
    terminals: list[Terminal] = []
    yield terminals
    for one in terminals:
        one.close()


async def test_it_reaches_what_is_served_elsewhere_and_nothing_else(
    level: ConfinementLevel, tmp_path: Path, opened: list[Terminal]
) -> None:
    tree = tmp_path / "run/clone"
    tree.mkdir(parents=True)
    run = RunId(new_ulid(now_ms=0, entropy=os.urandom(10)))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": f"served {scope['path']}".encode()})

    def serve(run: RunId, token: RunToken, spec: AgentSpec) -> Served:
        return Served(app)

    async with RunListeners(serve=serve, level=level).open_for_terminal(run, AGENT) as (port, listener):
        argv = (sys.executable, "-c", OPENS, level, str(tree), str(listener.port), str(port), ASKS)
        terminal = Terminal(argv, cwd=Path.cwd(), env=os.environ)
        opened.append(terminal)
        await terminal.read_until("served /one")
        await terminal.read_until("served /two")
        await terminal.read_until("nothing else")
        await terminal.read_until("ended with 0")
        assert await terminal.ended() == 0
