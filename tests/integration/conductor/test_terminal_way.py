"""The running process serves a person's terminal in a run's clone, for as long as that terminal has the clone."""

import asyncio
import socket
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from ompycord.app.terminal.terminal_way import OpenedWay, TerminalWays
from ompycord.domain.catalog import Catalog
from ompycord.errors import RefusedInWords, StartError
from ompycord.http import run_listeners
from ompycord.http.run_listeners import RunListeners, Served
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from ompycord.workspaces.record import Folder
from ompycord.workspaces.takeover_lock import takeover_lock
from tests.integration.conductor.conftest import CATALOG, AppHarness
from tests.integration.conductor.test_run_listener import REACHES
from tests.support.patience import within

pytestmark = pytest.mark.posix


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def test_it_is_open_while_the_terminal_has_the_clone_and_not_before_and_after(
    store: SqliteStore, tmp_path: Path
) -> None:
    clock, catalog = FakeClock(), Catalog(repositories=CATALOG.repositories, agents=(REACHES,))
    harness = AppHarness(store, tmp_path, clock, catalog)
    record = await harness.submit(agent="reaches")
    folder = Folder(tmp_path / record.id)
    folder.path.mkdir()
    listeners = RunListeners(serve=lambda run, token, spec: Served(answers), level="none")
    ways = TerminalWays(listeners=listeners, store=store, catalog=catalog, folder=tmp_path, clock=clock)
    [open_way] = ways.operations().values()
    async with asyncio.TaskGroup() as group, httpx.AsyncClient(trust_env=False) as client:
        service = group.create_task(ways.run())
        await asyncio.sleep(0)
        with pytest.raises(RefusedInWords, match="No terminal works in the clone"):
            await open_way({"run": record.id})
        with takeover_lock(folder):
            way = OpenedWay.model_validate(await open_way({"run": record.id}))
            assert way.environment["OMPYCORD_RUN_TOKEN"].startswith(f"ompr_{record.id}")
            url = f"http://127.0.0.1:{way.port}/"
            assert (await client.get(url)).status_code == 204
        async with within(20):
            while ways.open:
                clock.advance(2)
                await asyncio.sleep(0)
        with pytest.raises(httpx.TransportError):
            await client.get(url)
        service.cancel()


async def test_one_that_cannot_be_opened_is_refused_and_the_next_one_is_not(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, catalog = FakeClock(), Catalog(repositories=CATALOG.repositories, agents=(REACHES,))
    record = await AppHarness(store, tmp_path, clock, catalog).submit(agent="reaches")
    folder = Folder(tmp_path / record.id)
    folder.path.mkdir()
    listeners = RunListeners(serve=lambda run, token, spec: Served(answers), level="none")
    ways = TerminalWays(listeners=listeners, store=store, catalog=catalog, folder=tmp_path, clock=clock)
    [open_way] = ways.operations().values()

    def no_port(host: str, port: int) -> socket.socket:
        raise StartError("no port is free.")

    async with within(20), asyncio.TaskGroup() as group:
        service = group.create_task(ways.run())
        await asyncio.sleep(0)
        with takeover_lock(folder):
            with monkeypatch.context() as broken:
                broken.setattr(run_listeners, "bind", no_port)
                with pytest.raises(RefusedInWords, match="Nothing is served to the terminal: no port is free"):
                    await open_way({"run": record.id})
            assert OpenedWay.model_validate(await open_way({"run": record.id})).port
        service.cancel()
