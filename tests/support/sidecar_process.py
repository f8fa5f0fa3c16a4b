"""Starts `tests/support/sidecar.py` and posts signed events to it over a real socket."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from ompycord.http import parse_secret, sign
from tests.support.patience import patient, within
from tests.support.sidecar import SECRET, Options
from tests.support.warm_start import WARM, start_module

UP_S = 30.0
ROOT = Path(__file__).parents[2]
_SECRET = parse_secret(SECRET)


class SidecarProcess:
    """One child on one database; started again as often as a test likes. `wrapper` goes before python."""

    def __init__(self, database: Path, *, wrapper: tuple[str, ...] = ()) -> None:
        self.database = database
        self._wrapper = wrapper
        self.process: asyncio.subprocess.Process | None = None
        self.port = 0

    async def start(self, options: Options | None = None) -> bool:
        """Whether it came up; False when it ended first, as one that dies in a migration does."""
        chosen = (options or Options()).model_dump_json()
        words = ("tests.support.sidecar", str(self.database), chosen)
        if self._wrapper:
            self.process = await asyncio.create_subprocess_exec(
                *self._wrapper, sys.executable, "-m", *words,
                cwd=ROOT, stdout=asyncio.subprocess.PIPE, start_new_session=True,
            )  # fmt: skip
        else:
            self.process = await start_module(
                *words, cwd=ROOT, env={**os.environ, **WARM}, stdout=asyncio.subprocess.PIPE, new_session=True
            )
        assert self.process.stdout is not None
        async with within(UP_S):
            line = await self.process.stdout.readline()
        self.port = int(line or 0)
        return bool(line)

    async def gone(self) -> int:
        """Wait for its end; the exit code."""
        assert self.process is not None
        async with within(UP_S):
            return await self.process.wait()

    async def kill(self) -> int:
        """kill -9 for it and for what wraps it."""
        assert self.process is not None
        if self.process.returncode is None:
            os.killpg(self.process.pid, 9)
        return await self.gone()

    async def end(self) -> int:
        """SIGTERM."""
        assert self.process is not None
        if self.process.returncode is None:
            os.killpg(self.process.pid, 15)
        return await self.gone()

    def client(self) -> httpx.AsyncClient:
        """Speaks to the child that runs now."""
        return httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=patient(20))


@asynccontextmanager
async def sidecar_process(
    database: Path, options: Options | None = None, *, wrapper: tuple[str, ...] = ()
) -> AsyncGenerator[SidecarProcess]:
    """A child that is up; killed on leaving if it still runs."""
    child = SidecarProcess(database, wrapper=wrapper)
    try:
        assert await child.start(options)
        yield child
    finally:
        if child.process is not None and child.process.returncode is None:
            await child.kill()


def envelope(type_: str = "note", **more: Any) -> dict[str, Any]:
    """One event as it travels."""
    return {"schema": "ompycord/event@1", "type": type_, "run": "nightly", "data": {"text": "hello"}, **more}


async def post(http: httpx.AsyncClient, body: dict[str, Any], webhook_id: str) -> httpx.Response:
    """Send one signed event."""
    content = json.dumps(body).encode()
    timestamp = str(int(time.time()))
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": sign(_SECRET, webhook_id=webhook_id, timestamp=timestamp, body=content),
    }
    return await http.post("/api/webhook/event", content=content, headers=headers)
