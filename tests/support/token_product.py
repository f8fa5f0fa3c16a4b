"""`ompycord up` with a token, as on a real server: the playground beside it is somebody else's Discord.

async with token_product(tmp_path, playground) as product:
    ...
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.patience import within
from tests.support.playground import Playground
from tests.support.warm_start import start_module

UP_S = 60.0
END_S = 45.0
SECRET = "whsec_" + "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5"
_SIDECAR = re.compile(r"Sidecar\s+(http://127\.0\.0\.1:\d+)")


def environment(playground: Playground) -> dict[str, str]:
    """The variables of a configured server."""
    return {
        "DISCORD_TOKEN": playground.bot_token,
        "DISCORD_GUILD_ID": str(playground.guild_id),
        "DISCORD_CHANNEL_ID": str(playground.channel("tasks")),
        "DISCORD_ALLOWED_USERS": playground.ada.id,
        "OMPYCORD_DISCORD__API": playground.api,
        "OMPYCORD_DISCORD__GATEWAY": playground.info.gateway,
        "OMP_WEBHOOK_SECRET": SECRET,
    }


class TokenProduct:
    """The process and what it says."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process) -> None:
        self.data = folder / "data"
        self.log = folder / "up.log"
        self.process = process
        self.said = ""
        self.sidecar = ""

    async def says(self, what: str) -> str:
        """Read what it prints until this stands there."""
        assert self.process.stdout is not None
        async with within(UP_S):
            while what not in self.said:
                line = await self.process.stdout.readline()
                assert line, f"it ended with {await self.process.wait()}:\n{self.said}{self.log.read_text()}"
                self.said += line.decode()
        found = _SIDECAR.search(self.said)
        self.sidecar = found[1] if found else ""
        return self.said

    async def gone(self) -> int:
        """Its exit code."""
        async with within(END_S):
            return await self.process.wait()


@asynccontextmanager
async def token_product(
    folder: Path, environ: Mapping[str, str], *, config: str = "", until: str = "Stop"
) -> AsyncGenerator[TokenProduct]:
    """It up; ended on leaving."""
    folder.mkdir(exist_ok=True)
    (folder / "ompycord.yml").write_text(config)
    inherited = {name: text for name, text in os.environ.items() if not name.startswith(("OMP", "DISCORD_"))}
    with (folder / "up.log").open("wb") as log:
        process = await start_module(
            *("ompycord", "up", "--port", "0", "--data-dir", str(folder / "data")),
            cwd=folder,
            env={**inherited, "PYTHONPATH": str(Path.cwd()), **environ},
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    product = TokenProduct(folder, process)
    try:
        await product.says(until)
        yield product
    except BaseException:
        sys.stderr.write(product.log.read_text())  # pytest shows it beside the failure
        raise
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await product.gone()
            except TimeoutError:
                process.kill()
                await product.gone()
