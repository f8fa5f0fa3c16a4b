"""The playground as `up` uses it: find the living one of this data folder or start one. Counterpart: `ompycord.playground`.

docs/contracts/processes.md, *Playground*: found by `playground/run.json`, proved by a request with its token, adopted,
address unchanged.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from ompycord.errors import BusyError, UnavailableError
from ompycord.processes import start_detached

__all__ = ["LocalDiscord", "open_local_discord"]

START_S = 20.0
PROBE_S = 3.0
BUSY = 75


class _Seen(BaseModel):
    """What we read of another process; fields that a newer playground adds are its own business."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _RunFile(_Seen):
    pid: int
    port: int
    token: str


class _Ids(_Seen):
    admin: str
    member: str


class _Channels(_Seen):
    general: str
    tasks: str
    ops: str


class Info(_Seen):
    """What a bot needs to know of the playground's world."""

    bot_token: str
    guild_id: str
    channels: _Channels
    users: _Ids
    api: str
    gateway: str


class LocalDiscord:
    """A living playground."""

    def __init__(self, *, port: int, token: str, info: Info) -> None:
        self._port = port
        self._token = token
        self.info = info
        self.was_there = False
        """Whether it lived before this `up`, and has a page that somebody looks at."""

    @property
    def address(self) -> str:
        """What a person opens; it carries the token."""
        return f"http://127.0.0.1:{self._port}/?token={self._token}"

    async def register_bot(self) -> None:
        """Tell it who its bot is, so that its page can kill it and start it again."""
        bot = {"pid": os.getpid(), "argv": [sys.executable, "-m", "ompycord", *sys.argv[1:]], "cwd": str(Path.cwd())}
        await _call(self._port, self._token, "POST", "/control/bot", body=bot)

    async def shut_down(self) -> None:
        """An orderly end of `up` ends it. Gone already is as good."""
        try:
            await _call(self._port, self._token, "POST", "/control/shutdown", body={"bot": os.getpid()})
        except httpx.HTTPError:
            return


async def open_local_discord(folder: Path, *, port: int) -> LocalDiscord:
    """Adopt the living playground of this folder, or start one on `port` (0: any).

    Raises BusyError when a stranger holds the port, UnavailableError when it does not come up.
    """
    _make(folder)
    found = await _adopt(folder)
    if found is not None:
        found.was_there = True
        return found
    log = folder / "playground.log"
    process = start_detached(
        [sys.executable, "-m", "ompycord.playground", "--state", str(folder), "--port", str(port)],
        env=dict(os.environ),
        cwd=Path.cwd(),
        log=log,
    )
    try:
        async with asyncio.timeout(START_S):
            while True:
                found = await _adopt(folder)
                if found is not None:
                    return found
                code = process.poll()
                if code == BUSY:
                    raise BusyError(
                        f"Port {port} is taken by another program. Stop it, or set playground.port (0 takes any free one)."
                    )
                if code is not None:
                    raise UnavailableError(
                        f"The playground ended at once (exit {code}); {log.name} in {folder} says why."
                    )
                await asyncio.sleep(0.05)
    except TimeoutError:
        _end(process)
        raise UnavailableError(
            f"The playground did not come up in {START_S:.0f} s; see {log.name} in {folder}."
        ) from None


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


async def _adopt(folder: Path) -> LocalDiscord | None:
    """The playground of run.json, if it answers to its token; a stale file or a stranger on the port is not it."""
    try:
        run = _RunFile.model_validate_json((folder / "run.json").read_bytes())
    except (OSError, ValidationError):
        return None
    try:
        content = await _call(run.port, run.token, "GET", "/control/info")
        return LocalDiscord(port=run.port, token=run.token, info=Info.model_validate_json(content))
    except (httpx.HTTPError, ValidationError):
        return None


async def _call(port: int, token: str, method: str, path: str, *, body: Mapping[str, object] | None = None) -> bytes:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(trust_env=False, timeout=PROBE_S) as client:
        answer = await client.request(method, f"http://127.0.0.1:{port}{path}", headers=headers, json=body)
    return answer.raise_for_status().content
