"""SIGTERM and SIGINT in every situation: the exit code as documented, no orphan, the database closed.

A running task is in `test_process.py`; here are idle with an open event stream, an outage of Discord, a start, and
draining.
"""

import asyncio
import json
import os
import signal
import sqlite3
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from tests.integration.cli.harness import ompycord
from tests.support.patience import patient, until, within
from tests.support.playground import running_playground
from tests.support.product import Product, running_product
from tests.support.token_product import SECRET, environment, token_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix]
BOTH = pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGTERM, id="SIGTERM"), pytest.param(signal.SIGINT, id="SIGINT", marks=pytest.mark.long)],
)


def left_behind(folder: Path) -> list[psutil.Process]:
    """Processes that still work with this data folder, after a moment to end."""
    ours = [one for one in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(one.info["cmdline"] or [])]
    return psutil.wait_procs(ours, timeout=patient(10))[1]


def is_whole(database: Path) -> bool:
    with sqlite3.connect(database) as raw:
        found = raw.execute("PRAGMA integrity_check").fetchone()
    raw.close()
    return found == ("ok",) and not database.with_name(f"{database.name}-wal").exists()


async def stream_key(product: Product) -> dict[str, str]:
    made = await ompycord(
        *("keys", "add", "listener", "--scope", "runs:read", "--json", "--data-dir", str(product.data)),
        folder=product.folder,
    )
    return {"authorization": f"Bearer {json.loads(made.out)['secret']}"}


@BOTH
async def test_idle_with_an_open_event_stream_it_ends_the_stream_and_then_itself(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with running_product(tmp_path) as product, httpx.AsyncClient(trust_env=False, timeout=patient(30)) as http:
        headers = await stream_key(product)
        async with http.stream("GET", f"{product.sidecar}/api/events", headers=headers) as stream:
            lines = stream.aiter_lines()
            assert await anext(lines)
            assert product.process is not None
            product.process.send_signal(number)
            async for _ in lines:  # the body has an end: nobody tore the connection off
                pass
        assert await product.gone() == 0
        assert left_behind(product.data) == []
        assert is_whole(product.data / "ompycord.db")


@BOTH
async def test_during_an_outage_of_discord_it_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    async with running_playground(tmp_path) as playground:
        folder = tmp_path / "product"
        async with (
            token_product(folder, environment(playground)) as product,
            httpx.AsyncClient(trust_env=False, timeout=patient(20)) as http,
        ):
            await playground.kill()

            async def is_not_ready() -> bool:
                return (await http.get(f"{product.sidecar}/readyz")).status_code == 503

            await until(is_not_ready)
            product.process.send_signal(number)
            assert await product.gone() == 0
            assert left_behind(product.data) == []
            assert is_whole(product.data / "ompycord.db")
            assert "Traceback" not in product.log.read_text()


@BOTH
async def test_while_it_makes_its_database_it_ends_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """Whether the signal meets the migration or what comes right after it, the outcome is the same."""
    database = tmp_path / "data" / "ompycord.db"
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(("OMP", "DISCORD_"))}
    environ = {
        **inherited,
        "PYTHONPATH": str(Path.cwd()),
        "OMP_WEBHOOK_SECRET": SECRET,
        "DISCORD_TOKEN": "none",
        "DISCORD_GUILD_ID": "100000000000000001",
        "OMPYCORD_DISCORD__API": "http://127.0.0.1:9/api",  # nobody listens there
        "OMPYCORD_DISCORD__GATEWAY": "ws://127.0.0.1:9/",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ompycord", "up", "--port", "0", "--data-dir", str(tmp_path / "data")),
        cwd=tmp_path,
        env=environ,
        stdout=-3,
        stderr=-1,
    )
    async with within(60):
        while not database.exists():  # noqa: ASYNC110  # another process sets no event of ours
            await asyncio.sleep(0.001)  # closer than `until` looks: the migration is over in milliseconds
        process.send_signal(number)
        _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert "Traceback" not in said.decode()
    assert is_whole(database)


@BOTH
async def test_a_second_signal_while_it_drains_forces_the_end_with_130(tmp_path: Path, number: signal.Signals) -> None:
    async with running_product(tmp_path) as product:
        host, port = product.sidecar.removeprefix("http://").split(":")
        _, writer = await asyncio.open_connection(host, int(port))
        # A request whose body never comes: the server lets it end for its grace, so the process drains for seconds.
        writer.write(b"POST /api/webhook/event HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{")
        await writer.drain()
        assert product.process is not None
        product.process.send_signal(number)
        await until(lambda: "up.ends" in product.log.read_text())
        assert product.process.returncode is None
        product.process.send_signal(number)
        assert await product.gone() == 130
        writer.close()
        await product.start()
        assert await product.end() == 0
        assert is_whole(product.data / "ompycord.db")


async def test_while_an_agent_waits_for_people_the_wait_ends_with_it(tmp_path: Path) -> None:
    async with running_product(tmp_path) as product:
        ada = product.playground.ada
        await ada.command("omp new", "tasks", prompt="Please ask before you fix the discount")
        await ada.wait_message(lambda message: message.raw["pinned"] and bool(message.labels))
        assert product.process is not None
        product.process.terminate()
        assert await product.gone() == 0
        assert "graceful shutdown exceeded" not in product.log.read_text(), "the server cut the agent's call off"
        assert left_behind(product.data) == []
