"""Memory at rest: the product in token mode over the libraries it cannot do without, against one playground.

`footprint_ratio`: proportional set size of `ompycord up` over that of a bare discord.py + uvicorn + FastAPI + aiosqlite
process, both connected and idle. `footprint_ratio_mcp`: the same after the first MCP request of a run's agent. Linux
only: it reads smaps_rollup.
"""

import asyncio
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx

from bench.rounds import Size
from ompycord.app.selftest.person import PlaygroundUser
from ompycord.playground.client import Client, Info, command_line, read_run_file

__all__ = ["BARE", "footprint", "lay_out", "playground_here", "running_process", "token_environment"]

UP_S = 60.0
LOOK_S = 0.05
SETTLE_S = {Size.SMALLEST: 0.2, Size.NORMAL: 3.0, Size.FULL: 3.0}
"""After the last thing that was asked of it: idle, as far as memory goes."""
LEAST_ROUNDS = 3

BARE = """
import asyncio, sys, aiosqlite, discord, uvicorn
import discord.gateway, discord.http
from fastapi import FastAPI
from yarl import URL

api, gateway, token, database = sys.argv[1:]
discord.http.Route.BASE = api + "/v10"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway)
app = FastAPI()

@app.get("/")
async def hello() -> dict[str, bool]:
    return {"ok": True}

class Client(discord.Client):
    async def on_ready(self) -> None:
        print("Stop  Ctrl+C", flush=True)

async def main() -> None:
    async with aiosqlite.connect(database) as raw:
        await raw.execute("CREATE TABLE t (a)")
        client = Client(intents=discord.Intents(guilds=True, guild_messages=True, guild_reactions=True))
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
        await asyncio.gather(server.serve(), client.start(token))

asyncio.run(main())
"""
AGENT = """#!/bin/sh
printf '%s\\n%s\\n' "$OMPYCORD_MCP_URL" "$OMPYCORD_KEY" > told.part
mv told.part told
sleep 600
"""
CONFIG = """\
repositories: {{sample: {{path: {repository}}}}}
agents: {{waits: {{kind: command, command: [{agent}], sandbox: {{minimum: none, network: true}}}}}}
"""
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}},
}


def footprint(*, rounds: int, size: Size) -> dict[str, Any]:
    """Medians over rounds, and the sizes in MiB. Only the size `full` takes more than three rounds."""
    if not Path("/proc/self/smaps_rollup").exists():
        return {"benchmark": "footprint", "skipped": "no smaps_rollup on this platform"}
    counted = rounds if size is Size.FULL else min(rounds, LEAST_ROUNDS)
    found = [asyncio.run(_round(SETTLE_S[size])) for _ in range(counted)]
    bare, idle, mcp = (statistics.median(sizes) for sizes in zip(*found, strict=True))
    return {
        "benchmark": "footprint",
        "footprint_ratio": round(idle / bare, 3),
        "footprint_ratio_mcp": round(mcp / bare, 3),
        "bare_mib": round(bare, 1),
        "idle_mib": round(idle, 1),
        "mcp_mib": round(mcp, 1),
    }


async def _round(settle_s: float) -> tuple[float, float, float]:
    with tempfile.TemporaryDirectory(prefix="ompycord-footprint-") as name:
        folder = Path(name)
        async with (
            httpx.AsyncClient(trust_env=False, timeout=30) as http,
            playground_here(folder) as (playground, info),
        ):
            api, gateway, token = info.api, info.gateway, info.bot_token
            (folder / "bare.py").write_text(BARE)
            argv = [sys.executable, str(folder / "bare.py"), api, gateway, token, str(folder / "bare.db")]
            async with running_process(argv, folder, {}) as (process, _):
                bare = await _settled(process, settle_s)
            lay_out(folder)
            argv = [sys.executable, "-m", "ompycord", "up", "--port", "0", "--data-dir", str(folder / "data")]
            async with running_process(argv, folder, token_environment(info)) as (process, _):
                idle = await _settled(process, settle_s)
                await _ask_over_mcp(folder, playground, info, http)
                mcp = await _settled(process, settle_s)
    return bare, idle, mcp


def lay_out(folder: Path) -> None:
    """A repository, and an agent that tells its address and key, then waits."""
    repository, agent = folder / "repository", folder / "agent.sh"
    git = ["git", "-c", "user.name=bench", "-c", "user.email=bench@localhost", "-c", "init.defaultBranch=main"]
    subprocess.run([*git, "init", "-q", str(repository)], check=True)
    subprocess.run([*git, "-C", str(repository), "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    agent.write_text(AGENT)
    agent.chmod(0o755)
    (folder / "ompycord.yml").write_text(CONFIG.format(repository=repository, agent=agent))


def token_environment(info: Info) -> dict[str, str]:
    return {
        "DISCORD_TOKEN": info.bot_token,
        "DISCORD_GUILD_ID": info.guild_id,
        "DISCORD_CHANNEL_ID": info.channels["tasks"],
        "DISCORD_ALLOWED_USERS": info.users["admin"],
        "OMPYCORD_DISCORD__API": info.api,
        "OMPYCORD_DISCORD__GATEWAY": info.gateway,
        "OMP_WEBHOOK_SECRET": "only-for-this-benchmark-0123456789",
    }


async def _ask_over_mcp(folder: Path, playground: Client, info: Info, http: httpx.AsyncClient) -> None:
    admin = PlaygroundUser(playground, user=info.users["admin"], channels=info.channels)
    await admin.command("new", "tasks", prompt="Wait", repository="sample", agent="waits")
    told = await _appears(folder, "data/workspaces/*/clone/told")  # confined, it can write nowhere else
    address, key = told.read_text().split()
    headers = {"authorization": f"Bearer {key}", "accept": "application/json, text/event-stream"}
    (await http.post(address, json=HELLO, headers=headers)).raise_for_status()


@contextlib.asynccontextmanager
async def playground_here(folder: Path) -> AsyncGenerator[tuple[Client, Info]]:
    state = folder / "playground"
    process = _start(command_line(state, port=0), folder, dict(os.environ), folder / "playground.log")
    try:
        await _appears(state, "run.json")
        run = read_run_file(state)
        assert run is not None
        async with Client(run.address) as playground:
            yield playground, await playground.read_info()
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, UP_S)


@contextlib.asynccontextmanager
async def running_process(
    argv: list[str], folder: Path, environ: dict[str, str]
) -> AsyncGenerator[tuple[subprocess.Popen[bytes], Path]]:
    """A process that said that it is up."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("OMP", "DISCORD_"))}
    log = folder / "up.log"
    process = _start(argv, folder, {**kept, **environ}, log)
    try:
        async with asyncio.timeout(UP_S):
            while "Ctrl+C" not in log.read_text(errors="replace"):
                if process.poll() is not None:
                    raise RuntimeError(f"it ended with {process.returncode}: {log.read_text(errors='replace')[-2000:]}")
                await asyncio.sleep(LOOK_S)
        yield process, log
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, UP_S)


def _start(argv: list[str], folder: Path, environ: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as out:
        return subprocess.Popen(
            argv, cwd=folder, env={**environ, "PYTHONPATH": str(Path.cwd())}, stdout=out, stderr=out
        )


async def _appears(folder: Path, pattern: str) -> Path:
    """The first file that fits."""
    async with asyncio.timeout(UP_S):
        while not (found := list(folder.glob(pattern))):  # noqa: ASYNC110, ASYNC240  # another process sets no event of ours
            await asyncio.sleep(LOOK_S)
    return found[0]


async def _settled(process: subprocess.Popen[bytes], settle_s: float) -> float:
    """MiB of proportional set size after a moment of nothing."""
    await asyncio.sleep(settle_s)
    return _pss(process.pid)


def _pss(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    if found is None:
        raise RuntimeError("smaps_rollup has no Pss line")
    return int(found[1]) / 1024
