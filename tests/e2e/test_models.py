"""The product with a provider: an agent that holds nothing asks its model, and its card has the cost to the cent."""

import json
import socket
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ompycord.model_gateway.dialects import Dialect
from tests.e2e.test_follow_up import result_of, view_of
from tests.e2e.test_journeys import branch_of, git
from tests.support.confinement import require
from tests.support.model_answers import Truth, answer
from tests.support.patience import until
from tests.support.product import Product, running_product
from tests.support.stub_provider import Reply, stub_provider

pytestmark = pytest.mark.e2e
KEY = "sk-canary-of-the-product-0123456789"
TRUTH = Truth(input=2000, output=1000)
"""2.1 cents for each answer, at 3 and 15 dollars for a million tokens."""
AGENT = """
import json, os, pathlib, socket, sys, urllib.error, urllib.request
def ask():
    body = json.dumps({"model": "m-1", "stream": True, "messages": []}).encode()
    headers = {"authorization": "Bearer " + os.environ["OPENAI_API_KEY"], "content-type": "application/json"}
    request = urllib.request.Request(os.environ["OPENAI_BASE_URL"] + "/chat/completions", body, headers)
    try:
        return urllib.request.urlopen(request, timeout=30).read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()
answers = [ask() for _ in range(COUNT)]
try:
    socket.create_connection(("127.0.0.1", PORT), 3).close()
    reached = "reached"
except OSError:
    reached = "not reached"
kept = " ".join(os.environ.values()) + pathlib.Path("/proc/1/environ").read_text(errors="replace")
seen = {"answers": answers, "reached": reached, "canaries": kept.count("sk-canary")}
pathlib.Path("seen.json").write_text(json.dumps(seen))
print("I asked my model.")
"""


@pytest.fixture
def confined() -> None:
    """A machine that can keep an agent from its network; in a fixture, since the probe has a loop of its own."""
    require("full")


def config_of(provider: str, folder: Path, *, count: int) -> str:
    """`ompycord.yml`, and the key in its place."""
    secrets = folder / "data/secrets"
    secrets.mkdir(parents=True, mode=0o700)
    (folder / "data").chmod(0o700)
    key = secrets / "provider_stub"
    key.write_text(f"{KEY}\n", encoding="utf-8")
    key.chmod(stat.S_IRUSR | stat.S_IWUSR)
    script = AGENT.replace("COUNT", str(count)).replace("PORT", provider.rpartition(":")[2])
    settings: dict[str, Any] = {
        "providers": {
            "stub": {
                "kind": "compatible", "base_url": provider, "dialects": ["chat"], "models": ["m-1"],
                "prices": {"m-1": {"input": 3, "output": 15}},
            }
        },
        "agents": {"asker": {"kind": "command", "command": [sys.executable, "-c", script], "models": ["m-1"]}},
    }  # fmt: skip
    return json.dumps(settings)  # which is YAML too


async def test_an_agent_that_holds_nothing_asks_its_model_and_the_card_has_the_cost(
    confined: None, tmp_path: Path
) -> None:
    async with stub_provider() as provider:
        provider.replies = [Reply(parts=answer(Dialect.CHAT, TRUTH, ("Hello.",)))]
        config = config_of(provider.url, tmp_path, count=3)
        async with running_product(tmp_path, config=config) as product:
            ada = product.playground.ada
            await ada.command("omp new", "tasks", prompt="Ask it.", agent="asker")
            run, result = await result_of(ada)
            sample = product.data / "sample"
            view = view_of(product, run)
            assert len(provider.asked) == 3
            assert {one.headers["authorization"] for one in provider.asked} == {f"Bearer {KEY}"}
            assert "$0.06" in result.text, result.text
            shown = git(sample, "show", f"{branch_of(sample, run)}:seen.json")
    seen: dict[str, Any] = json.loads(shown)
    assert seen["reached"] == "not reached"
    assert all("Hello." in one for one in seen["answers"])
    assert seen["canaries"] == 0
    assert view["state"] == "COMPLETE"
    found = [
        file for file in tmp_path.rglob("*")
        if file.is_file() and file.name != "provider_stub" and KEY.encode() in file.read_bytes()
    ]  # fmt: skip
    assert found == []


def ledger_of(product: Product) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(product.data / "ompycord.db")) as raw:
        raw.row_factory = sqlite3.Row
        return [dict(row) for row in raw.execute("SELECT * FROM model_requests ORDER BY id")]


async def test_19_a_kill_in_mid_stream_forgets_no_request_and_the_card_has_the_ledgers_sum(
    confined: None, tmp_path: Path
) -> None:
    async with stub_provider() as provider:
        parts = answer(Dialect.CHAT, TRUTH, ("Hello.", "And more."))
        provider.replies = [Reply(parts=parts), Reply(parts=parts, waits_after=1), Reply(parts=parts)]
        config = config_of(provider.url, tmp_path, count=2)
        async with running_product(tmp_path, config=config) as product:
            ada = product.playground.ada
            await ada.command("omp new", "tasks", prompt="Ask it.", agent="asker")
            await until(lambda: provider.open == 1 and len(provider.asked) == 2, seconds=60)
            await until(
                lambda: any(row["output"] and row["settled_at"] is None for row in ledger_of(product)), seconds=60
            )
            await product.kill()
            assert [row["settled_at"] is None for row in ledger_of(product)] == [False, True]
            await product.start()
            run, result = await result_of(ada)
            view = view_of(product, run)
            rows = ledger_of(product)
    assert [row["exactness"] for row in rows] == ["exact", "estimated", "exact", "exact"]
    assert 0 < rows[1]["nano_usd"] < rows[1]["reserved_nano_usd"]
    cents = round(sum(row["nano_usd"] for row in rows) / 10**7)
    assert f"about ${cents / 100:.2f}" in result.text, result.text
    assert view["state"] == "COMPLETE"


@pytest.mark.long
async def test_11_the_card_tells_of_a_provider_that_is_busy_and_that_it_is_over(confined: None, tmp_path: Path) -> None:
    async with stub_provider() as provider:
        parts = answer(Dialect.CHAT, TRUTH, ("Hello.",))
        busy = Reply(status=429, headers={"retry-after": "5"}, parts=[b"{}"])
        provider.replies = [busy, Reply(parts=parts, waits_after=1)]
        config = config_of(provider.url, tmp_path, count=1)
        async with running_product(tmp_path, config=config) as product:
            ada = product.playground.ada
            await ada.command("omp new", "tasks", prompt="Ask it.", agent="asker")
            limited = await ada.wait_message(lambda m: " · card" in m.text and "stub answered 429" in m.text)
            assert "Waiting for the provider" in limited.text, limited.text
            await ada.wait_message(lambda m: m.id == limited.id and "Waiting for the provider" not in m.text)
            assert [one.path for one in provider.asked] == ["/v1/chat/completions"] * 2
            provider.go.set()
            _, result = await result_of(ada)
            assert "$0.02" in result.text, result.text


def test_the_port_of_a_stub_is_one_that_this_process_reaches() -> None:
    """Else *not reached* above would say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), 3).close()
