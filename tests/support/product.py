"""Runs the whole product in tests as a person would: `ompycord up` in a folder of its own, with its playground.

async with running_product(tmp_path) as product:
    await product.playground.ada.command("omp new", prompt="Fix it")
"""

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from ompycord.playground.client import Address, UnreachableError, read_run_file
from tests.support.patience import until, within
from tests.support.ping_judge import judge_messages
from tests.support.playground import Playground
from tests.support.warm_start import start_module

UP_S = 60.0
END_S = 45.0
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5"
PULL_REQUESTS = {"OMPYCORD_PLAYGROUND__PULL_REQUESTS": "true"}
_ADDRESS = re.compile(r"http://127\.0\.0\.1:(\d+)/\?token=(\S+)")
_SIDECAR = re.compile(r"Sidecar\s+(http://127\.0\.0\.1:\d+)")


class Product:
    """One data folder; `start`, `kill` and `end` as often as a test likes. The playground outlives a kill."""

    def __init__(self, folder: Path, *, environ: Mapping[str, str], wrapper: tuple[str, ...] | None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.log = folder / "up.log"
        self._environ = environ
        self._wrapper = wrapper
        self.process: asyncio.subprocess.Process | None = None
        self.sidecar = ""
        self.said = ""
        """What the last start printed."""
        self.address = ""
        """What a person opens."""
        self._playground: Playground | None = None

    @property
    def playground(self) -> Playground:
        assert self._playground is not None, "start it first"
        return self._playground

    @property
    def pid(self) -> int:
        assert self.process is not None, "start it first"
        return self.process.pid

    async def start(self, *, wrapper: tuple[str, ...] | None = None, environ: Mapping[str, str] | None = None) -> None:
        """`ompycord up`, until it says that it is up. A wrapper replaces `python -m ompycord`, which starts cold."""
        program = wrapper or self._wrapper
        arguments = ("up", "--port", "0", "--playground-port", "0", "--data-dir", str(self.data))
        env = {**os.environ, "PYTHONPATH": str(Path.cwd()), **self._environ, **(environ or {})}
        with self.log.open("ab") as log:
            if program:
                self.process = await asyncio.create_subprocess_exec(
                    *program, *arguments, cwd=self.folder, env=env, stdout=asyncio.subprocess.PIPE, stderr=log
                )
            else:
                self.process = await start_module(
                    "ompycord", *arguments, cwd=self.folder, env=env, stdout=asyncio.subprocess.PIPE, stderr=log
                )
        said = self.said = await self.hears("Stop")
        port, token = _ADDRESS.findall(said)[0]
        address = Address(port=int(port), token=token)
        self.sidecar = _SIDECAR.findall(said)[0]
        self.address = address.page
        if self._playground is None:
            self._playground = await Playground(self.folder, self.process, address).open()

    async def hears(self, last: str) -> str:
        """What it prints from now on, until it prints this."""
        assert self.process is not None
        assert self.process.stdout is not None
        said = ""
        try:
            async with within(UP_S):
                while last not in said:
                    line = await self.process.stdout.readline()
                    if not line:
                        raise AssertionError(
                            f"it ended with {await self.process.wait()}:\n{said}{self.log.read_text()}"
                        )
                    said += line.decode()
        except TimeoutError:
            raise AssertionError(f"it did not come up:\n{said}{self.log.read_text()}") from None
        return said

    async def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.kill()
        await self.gone()

    async def judge(self) -> None:
        """Hold every message sent so far against the policy of who is pinged, while there is a playground to ask."""
        if self._playground is not None:
            try:
                await judge_messages(self._playground)
            except UnreachableError:
                return

    async def gone(self) -> int:
        """Wait until the process has ended by itself; its exit code."""
        assert self.process is not None
        async with within(END_S):
            return await self.process.wait()

    async def end(self) -> int:
        """SIGTERM; the exit code. Its playground ends with it, so its messages are judged before."""
        assert self.process is not None
        if self.process.returncode is None:
            await self.judge()
            self.process.terminate()
        return await self.gone()

    async def close(self) -> None:
        """Leave nothing running: neither the product nor its playground."""
        if self.process is not None and self.process.returncode is None:
            await self.end()
        folder = self.data / "playground"
        if self._playground is not None:
            if (run := read_run_file(folder)) is not None:
                with contextlib.suppress(UnreachableError):  # it ends already, with its product
                    await self._playground.shut_down()
                await until(lambda: read_run_file(folder) is None or not _lives(run.pid), seconds=END_S)
            await self._playground.close()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@asynccontextmanager
async def running_product(
    folder: Path, *, config: str = "", environ: Mapping[str, str] | None = None, wrapper: tuple[str, ...] | None = None
) -> AsyncGenerator[Product]:
    """The product, up; ended with its playground on leaving. `config` becomes `ompycord.yml`.

    Runs of the sample end as branches, which costs less; `PULL_REQUESTS` in `environ` has them end as people's do.
    """
    (folder / "ompycord.yml").write_text(config)
    settings = {"OMP_WEBHOOK_SECRET": SECRET, "OMPYCORD_PLAYGROUND__PULL_REQUESTS": "false", **(environ or {})}
    product = Product(folder, environ=settings, wrapper=wrapper)
    try:
        await product.start()
        yield product
    except BaseException:
        sys.stderr.write(product.log.read_text())  # pytest shows it beside the failure
        raise
    finally:
        await product.close()
