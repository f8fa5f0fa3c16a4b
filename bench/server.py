"""The measured process: the product's sidecar or a bare handler, on one core; counterpart of `generator.py`.

Says its port on standard output, then answers each line of standard input: `mark` with its CPU seconds so far, `settle`
with the same once everything stored has been folded and committed.
"""

import argparse
import asyncio
import contextlib
import importlib
import json
import os
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import NamedTuple

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.product import open_product, projected
from ompycord.app.system import settle_process
from ompycord.http import bind, serve
from ompycord.telemetry import configure_logging
from tests.support.database_faults import timed_commits

__all__ = ["hello"]

ANSWER = json.dumps(
    {"accepted": 1, "duplicates": 0, "run": "0" * 26, "position": 123456, "cancel_requested": False},
    separators=(",", ":"),
).encode()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]

Settle = Callable[[], "asyncio.Future[None]"]


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body, answer 202 with as many bytes as the product does, and nothing else."""
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 202, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})


class BotContext:
    """Standard input and output as a conversation with the measuring process."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.lines: asyncio.Queue[str] = asyncio.Queue(16)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            self._loop.call_soon_threadsafe(self.lines.put_nowait, line.strip())
        self._loop.call_soon_threadsafe(self.lines.put_nowait, "stop")

    def say(self, **facts: float | list[float]) -> None:
        print(json.dumps(facts), flush=True)


class _Served(NamedTuple):
    """What is measured."""

    app: ASGIApp
    settle: Callable[[], object]
    commits_s: list[float]


@contextlib.asynccontextmanager
async def _app(name: str, folder: Path) -> AsyncGenerator[_Served]:
    if name == "hello":
        yield _Served(hello, lambda: None, [])
        return
    async with open_product(folder / "ompycord.db") as product:
        yield _Served(product.sidecar, lambda: projected(product), timed_commits(product.store))


async def _serve(app: ASGIApp, parser: str, stop: asyncio.Event, serving: asyncio.Event, ports: list[int]) -> None:
    sock = bind("127.0.0.1", 0)
    ports.append(sock.getsockname()[1])
    if parser != "bare":  # the product's own server, with its deadlines, for both applications
        await serve(app, stop=stop, sock=sock, serving=serving, parser=parser)
        return
    config = uvicorn.Config(app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)

    async def end() -> None:
        serving.set()
        await stop.wait()
        server.should_exit = True

    async with asyncio.TaskGroup() as group:
        group.create_task(end())
        await server.serve(sockets=[sock])


async def _main(name: str, parser: str, folder: Path) -> None:
    stop, serving, ports = asyncio.Event(), asyncio.Event(), list[int]()
    context = BotContext()
    async with _app(name, folder) as served, asyncio.TaskGroup() as group:
        group.create_task(_serve(served.app, parser, stop, serving, ports))
        await serving.wait()
        settle_process()
        context.say(port=ports[0])
        while (line := await context.lines.get()) != "stop":
            waiting = served.settle() if line == "settle" else None
            if asyncio.iscoroutine(waiting):
                await waiting
            context.say(cpu_s=time.process_time(), at=time.monotonic(), commits_s=served.commits_s)
            served.commits_s.clear()
        stop.set()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("app", choices=["hello", "durable"])
    parser.add_argument("--stack", choices=["h11", "httptools", "uvloop"], default="h11")
    parser.add_argument("--core", type=int)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--profile", type=Path)
    options = parser.parse_args()
    configure_logging(level="info", json_lines=False, redact=str)  # to stderr: stdout is a conversation
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    if options.stack == "uvloop":
        # Not on Windows; the benchmark says when it is missing.
        run = importlib.import_module("uvloop").run
    else:
        run = asyncio.run
    work = _main(options.app, "bare" if options.stack == "uvloop" else options.stack, options.folder)
    if options.profile is None:
        run(work)
        return
    import cProfile

    profile = cProfile.Profile()
    profile.runcall(run, work)
    profile.dump_stats(options.profile)


if __name__ == "__main__":
    main()
