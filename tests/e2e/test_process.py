"""The process as an operator sees it: how it ends, what it refuses, what it leaves behind."""

import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from ompycord.playground.client import read_run_file
from tests.integration.cli.harness import Done, ompycord
from tests.support.patience import patient, until, within
from tests.support.product import Product, running_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix]


def children_of(product: Product) -> list[psutil.Process]:
    assert product.process is not None
    playground = product.data / "playground"
    return [
        child
        for child in psutil.Process(product.process.pid).children(recursive=True)
        if str(playground) not in " ".join(child.cmdline())
    ]


async def started_children(product: Product) -> list[psutil.Process]:
    """What the run started; the card says *Working* before the agent's program is there."""
    await until(lambda: bool(children_of(product)), seconds=60)
    return children_of(product)


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.long), signal.SIGINT])
async def test_a_signal_in_mid_run_ends_it_in_order_and_the_next_start_goes_on(
    tmp_path: Path, number: signal.Signals
) -> None:
    async with running_product(tmp_path) as product:
        ada = product.playground.ada
        await ada.command("omp new", "tasks", prompt="Take it slow with the discount")
        await ada.wait_message(lambda message: "· card 1" in message.text and "Working" in message.text)
        children = await started_children(product)
        assert product.process is not None
        product.process.send_signal(number)
        assert await product.gone() == 0
        gone, running = psutil.wait_procs(children, timeout=patient(10))
        assert running == [], gone
        assert not (product.data / "ompycord.db-wal").exists(), "the database was not closed"
        assert "Traceback" not in product.log.read_text()
        with sqlite3.connect(product.data / "ompycord.db") as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute("SELECT status FROM effects WHERE key = 'build:1'").fetchone() == ("started",)
        database.close()


async def test_a_second_instance_is_refused_and_a_taken_port_is_named(tmp_path: Path) -> None:
    async with running_product(tmp_path) as product:
        code, said = await refused(tmp_path, "--data-dir", str(product.data), "--port", "0")
        assert (code, said.count("\n")) == (75, 1)
        assert f"Another Ompycord (process {product.pid}) works with this data folder. End it: `ompycord down" in said
        taken = product.sidecar.rpartition(":")[2]
        code, said = await refused(
            tmp_path, "--data-dir", str(tmp_path / "other"), "--port", taken, "--playground-port", "0"
        )
        assert code == 75
        assert f"Port {taken} is taken" in said


async def test_down_ends_in_order_what_works_with_the_folder_and_says_what_ended(tmp_path: Path) -> None:
    async with running_product(tmp_path) as product:
        await product.judge()
        run = read_run_file(product.data / "playground")
        assert run is not None
        done = await ompycord("down", "--data-dir", str(product.data), folder=tmp_path)
        assert done == Done(
            0,
            f"Ompycord (process {product.pid}) has ended.\nThe playground (process {run.pid}) has ended.\n",
            "",
        )
        assert await product.gone() == 0
        assert not (product.data / "ompycord.db-wal").exists(), "the database was not closed"
        await until(lambda: not psutil.pid_exists(run.pid), seconds=20)
        again = await ompycord("down", "--data-dir", str(product.data), folder=tmp_path)
        assert again == Done(0, f"Nothing runs with the data folder {product.data}.\n", "")


async def test_down_ends_a_playground_whose_bot_was_killed(tmp_path: Path) -> None:
    async with running_product(tmp_path) as product:
        await product.judge()
        run = read_run_file(product.data / "playground")
        assert run is not None
        await product.kill()
        done = await ompycord("down", "--data-dir", str(product.data), folder=tmp_path)
        assert done == Done(0, f"The playground (process {run.pid}) has ended.\n", "")
        await until(lambda: read_run_file(product.data / "playground") is None)


async def test_a_broken_configuration_is_one_line_and_exit_78(tmp_path: Path) -> None:
    (tmp_path / "ompycord.yml").write_text("webhook: {prt: hunter2}\n")
    code, said = await refused(tmp_path)
    assert (code, said) == (78, "ompycord: webhook.prt: there is no such setting\n")


async def test_the_sidecar_refuses_other_sites_and_other_names(tmp_path: Path) -> None:
    async with running_product(tmp_path) as product, httpx.AsyncClient(trust_env=False, timeout=patient(20)) as client:
        url = f"{product.sidecar}/api/webhook/event"
        ready = (await client.get(f"{product.sidecar}/readyz")).json()
        assert all(value in (True, "ok", "ready") for value in ready.values()) or ready, ready
        assert (await client.post(url, content=b"{}", headers={"Origin": "https://evil.example"})).status_code == 403
        assert (await client.post(url, content=b"{}", headers={"Host": "evil.example"})).status_code == 421
        assert (await client.post(url, content=b"{}")).status_code == 401
        page = f"http://127.0.0.1:{product.playground.port}"
        assert (await client.get(f"{page}/app/state")).status_code in {401, 403}
        cross = {"Authorization": f"Bearer {product.playground.token}", "Origin": "https://evil.example"}
        assert (await client.get(f"{page}/app/state", headers=cross)).status_code == 403
        rebound = {"Authorization": f"Bearer {product.playground.token}", "Host": "evil.example"}
        assert (await client.get(f"{page}/app/state", headers=rebound)).status_code in {403, 421}


async def test_a_webhook_secret_is_made_once_and_shown_once(tmp_path: Path) -> None:
    async with running_product(tmp_path, environ={"OMP_WEBHOOK_SECRET": ""}) as product:
        kept = product.data / "secrets" / "webhook_secret"
        secret = kept.read_text().strip()
        assert kept.stat().st_mode & 0o777 == 0o600
        assert secret in product.said
        await product.kill()
        await product.start()
        assert secret not in product.said
        assert secret not in product.log.read_text()


async def refused(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run `ompycord up` that must not come up; exit code and all that it said on stderr."""
    environ = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ompycord", "up", *arguments),
        cwd=folder,
        env=environ,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    async with within(60):
        _, said = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()
