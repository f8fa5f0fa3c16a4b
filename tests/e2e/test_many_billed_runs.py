"""Two hundred seeded runs with faults of their provider, kills and restarts: the ledger has what the provider billed.

And the ledger's sum is that of the cards, of `/omp cost` and of its file.
"""

import asyncio
import csv
import io
import json
import random
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ompycord.http.adopted_socket import serve_socket
from ompycord.http.server import bind
from ompycord.model_gateway.dialects import Dialect
from tests.integration.cli.harness import ompycord
from tests.support.faulty_provider import FAULTS, FaultyProvider
from tests.support.figures import print_figures
from tests.support.patience import within
from tests.support.product import Product, running_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.long, pytest.mark.timeout(1200, func_only=True)]
AT_ONCE, SEED = 20, 17
KEY = "sk-canary-of-many-runs-0123456789"
PRICES = {"input": 3, "output": 15}
AGENT = """
import http.client, json, os, random, secrets, sys, urllib.parse
place = urllib.parse.urlsplit(os.environ["OMPYCORD_URL"])
paths, faults = json.loads(sys.argv[1]), json.loads(sys.argv[2])
chance = random.Random(open(sys.argv[3]).read())
def ask(dialect, fault):
    said = f"ASK:{secrets.randbits(60)}/{fault}:"
    body = {"model": "m-1", "stream": True, "messages": [said]}
    if dialect == "gemini":
        body = {"contents": [{"parts": [{"text": said}]}]}
    way = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    headers = {"authorization": "Bearer " + os.environ["OMPYCORD_RUN_TOKEN"], "content-type": "application/json"}
    way.request("POST", paths[dialect], json.dumps(body), headers)
    answer = way.getresponse()
    try:
        answer.read(20) if fault == "leave" else answer.read()
    except http.client.HTTPException:
        pass
    way.close()
for _ in range(4):
    ask(chance.choice(sorted(paths)), chance.choice(faults))
print("I asked.")
"""
PATHS = {
    Dialect.ANTHROPIC: "/v1/messages", Dialect.CHAT: "/v1/chat/completions", Dialect.RESPONSES: "/v1/responses",
    Dialect.GEMINI: "/v1beta/models/m-1:streamGenerateContent?alt=sse",
}  # fmt: skip


def config_of(url: str, folder: Path) -> str:
    key = folder / "data/secrets/provider_stub"
    key.parent.mkdir(parents=True, mode=0o700)
    (folder / "data").chmod(0o700)
    key.write_text(f"{KEY}\n", encoding="utf-8")
    key.chmod(stat.S_IRUSR | stat.S_IWUSR)
    provider = {
        "kind": "compatible", "base_url": url, "dialects": [*map(str, Dialect)], "models": ["m-1"],
        "prices": {"m-1": PRICES},
    }  # fmt: skip
    words = [json.dumps({str(one): path for one, path in PATHS.items()}), json.dumps(FAULTS), "{prompt_file}"]
    agent = {
        "kind": "command", "command": [sys.executable, "-c", AGENT, *words], "models": ["m-1"],
        "sandbox": {"minimum": "none", "network": "gateway"},
    }  # fmt: skip
    limits = dict.fromkeys(("open_per_person", "open_per_channel", "open_per_guild"), 500)
    settings = {"providers": {"stub": provider}, "agents": {"asker": agent}, "limits": {**limits, "parallel_runs": 6}}
    return json.dumps(settings)  # which is YAML too


def rows_of(product: Product, sql: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(f"file:{product.data / 'ompycord.db'}?mode=ro", uri=True)) as raw:
        raw.row_factory = sqlite3.Row
        return [dict(row) for row in raw.execute(sql)]


def open_runs(product: Product) -> int:
    return rows_of(product, "SELECT count(*) AS n FROM runs WHERE ended_at IS NULL AND state != 'SUSPENDED'")[0]["n"]


async def all_ended(product: Product, most: int = 0) -> None:
    async with within(300):
        while open_runs(product) > most:  # noqa: ASYNC110  # another process's database wakes nobody here
            await asyncio.sleep(0.2)  # between two looks


async def card_usd(product: Product, run: str) -> float:
    """What the run cost, as its card tells it, by the command line."""
    done = await ompycord(
        "report", run, "--format", "json", "--data-dir", str(product.data), folder=product.data.parent
    )
    assert done.code == 0, done.out + done.err
    return json.loads(done.out)["usage"]["cost_usd"]


@pytest.mark.parametrize(("runs", "killed"), [(40, 1), pytest.param(200, 4, marks=pytest.mark.soak)])
async def test_every_request_is_billed_to_the_token_or_said_to_be_estimated_and_all_sums_are_one(
    tmp_path: Path, runs: int, killed: int
) -> None:
    provider, chance = FaultyProvider(), random.Random(SEED)  # a game of chance
    listening = bind("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with (
        serve_socket(provider, listening),
        running_product(tmp_path, config=config_of(url, tmp_path)) as product,
    ):
        ada = product.playground.ada
        kills = set(chance.sample(range(1, runs // AT_ONCE), killed))
        for part in range(runs // AT_ONCE):
            for number in range(AT_ONCE):
                prompt = f"Ask, {part * AT_ONCE + number}."
                await ada.command("omp new", "tasks", prompt=prompt, agent="asker", mode="fast")
            if part in kills:
                await all_ended(product, most=chance.randrange(4, AT_ONCE - 4))
                await product.kill()
                await product.start()
            await all_ended(product)
        asked = await ada.command("omp cost", "tasks", who="server", period="day", csv=True)
        told = await ada.wait_message(lambda m: m.interaction == asked.id and not m.is_thinking)
        (table_file,) = (one for one in told.raw["attachments"] if one["filename"] == "costs.csv")
        async with product.playground.session.get(table_file["url"]) as answer:
            table = list(csv.DictReader(io.StringIO(await answer.text())))
        ledger = rows_of(product, "SELECT * FROM model_requests")
        states = rows_of(product, "SELECT id, state FROM runs")
        some = chance.sample(table, 5)
        cards = {row["run"]: await card_usd(product, row["run"]) for row in some}
    exact = [row for row in ledger if row["exactness"] == "exact"]
    figures = {"requests": len(provider.answered), "exact": len(exact), "estimated": len(ledger) - len(exact)}
    print_figures("billed runs", seed=SEED, runs=len(states), kills=killed, **figures)
    assert len(states) == runs
    assert all(row["settled_at"] is not None for row in ledger)
    billed = {f"req_{name}": tokens for name, tokens in provider.bill.items()}
    assert {row["request_id"]: (row["input"], row["output"]) for row in exact} == {
        row["request_id"]: billed[row["request_id"]] for row in exact
    }
    assert len(ledger) >= len(provider.answered)  # none is missing
    assert len(billed.keys() - {row["request_id"] for row in exact}) <= killed * 6  # under way when it was killed
    nano = sum(row["nano_usd"] for row in ledger)
    cents = f"{nano / 10**9:.2f}"
    assert f"{sum(float(row['cost_usd'] or 0) for row in table):.2f}" == cents
    assert f"${float(cents):,.2f} · {runs} runs" in told.text, told.text
    for row in some:
        assert f"{cards[row['run']]:.4f}" == f"{float(row['cost_usd']):.4f}"
