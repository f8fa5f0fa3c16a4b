"""What 50 answers of models do to the product's own answers: bench `ack` with them, over the same without."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from bench.ack import SUBMITS, measured
from bench.rounds import Size, percentile
from tests.support.product import Product

__all__ = ["ack_under_streams"]

STREAMS, PER_S = 50, 50
LONG_S = 3600
AGENT = """
import json, os, socket, threading, urllib.parse
place = urllib.parse.urlsplit(os.environ["OPENAI_BASE_URL"])
body = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "x" * 60000}]}).encode()
head = (
    "POST /v1/chat/completions HTTP/1.1\\r\\nhost: x\\r\\ncontent-type: application/json\\r\\n"
    f"authorization: Bearer {os.environ['OPENAI_API_KEY']}\\r\\ncontent-length: {len(body)}\\r\\n\\r\\n"
).encode()
def ask():
    with socket.create_connection((place.hostname, place.port)) as way:
        way.sendall(head + body)
        while way.recv(65536):
            pass
threads = [threading.Thread(target=ask) for _ in range(STREAMS)]
for one in threads:
    one.start()
for one in threads:
    one.join()
"""


def ack_under_streams(*, size: Size) -> dict[str, Any]:
    """Ratios of the time until a form is answered, 99th percentile and median; neither saturates the webhook."""
    from bench.gateway import process

    submits = SUBMITS[size]
    with process("provider", LONG_S, PER_S) as (provider, _):
        url = f"http://127.0.0.1:{provider['port']}"
        taken = {
            name: asyncio.run(measured(submits=submits, config=_config(url), around=around, is_flooded=False))[0]
            for name, around in (("without", None), ("with", _streaming(url)))
        }

    def ratio(part: float) -> float:
        return round(percentile(taken["with"], part) / percentile(taken["without"], part), 3)

    return {"ack_ratio_under_streams": ratio(0.99), "ack_median_ratio_under_streams": ratio(0.5)}


def _config(url: str) -> str:
    provider = {
        "kind": "compatible", "base_url": url, "dialects": ["chat"], "models": ["m"],
        "prices": {"m": {"input": 3, "output": 15}},
    }  # fmt: skip
    agent = {
        "kind": "command", "command": [sys.executable, "-c", AGENT.replace("STREAMS", str(STREAMS))], "models": ["m"],
        "sandbox": {"minimum": "none", "network": "gateway"},
    }  # fmt: skip
    return json.dumps({"providers": {"here": provider}, "agents": {"streams": agent}})


def _streaming(url: str) -> Any:
    @asynccontextmanager
    async def around(product: Product) -> AsyncGenerator[None]:
        await product.playground.ada.command("omp new", "tasks", prompt="Stream.", agent="streams", mode="fast")
        async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False) as client:
            while (await client.get(url)).json()["open"] < STREAMS:  # noqa: ASYNC110  # of another process
                await asyncio.sleep(0.1)  # between two looks
        yield

    return around
