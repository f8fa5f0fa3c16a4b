"""A secret is asked for over MCP and given by a command, on a real process; then everything is searched for it.

Arguments and environment of every program while it ran, the database and its log, events, cards, reports, the process's
own log: only the start of the agent that got it has it.
"""

import base64
import json
import secrets
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.test_planted_secrets import reported, watched
from tests.integration.cli.harness import ompycord
from tests.support.patience import until, within
from tests.support.product import Product, running_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix, pytest.mark.long, pytest.mark.timeout(300)]

AGENT = r"""
import json, os, subprocess, sys, time, urllib.request

def post(url, body, kind):
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers={
        "Authorization": "Bearer " + os.environ["OMPYCORD_KEY"], "Content-Type": "application/json", "Accept": kind})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(request, timeout=60).read().decode()

sys.stdin.read()
value = os.environ.get("PLANTED_TOKEN")
if value is None:
    print(post(os.environ["OMPYCORD_MCP_URL"], {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "request_secret", "arguments": {"name": "PLANTED_TOKEN", "why": "to look at the private registry"}}},
        "application/json, text/event-stream"))
    time.sleep(600)
print("my token is", value)
subprocess.run(["sh", "-c", 'echo "a child has $PLANTED_TOKEN" >&2; sleep 0.3'])
post(os.environ["OMPYCORD_URL"] + "/api/webhook/event", {"schema": "ompycord/event@1", "type": "note",
    "run": os.environ["OMPYCORD_RUN"], "data": {"text": "posted " + value}}, "application/json")
print("@ompycord " + json.dumps({"type": "message", "data": {"text": "said " + value}}))
with open("NOTES.md", "a") as notes:
    notes.write("more\n")
print("done with", value)
"""


async def test_a_secret_that_is_given_is_found_nowhere_but_in_the_start_that_got_it(tmp_path: Path) -> None:
    value = f"pl4nt3d{secrets.token_hex(20)}"
    asking = {"kind": "command", "command": [sys.executable, "-c", AGENT], "sandbox": {"network": True}}
    config = yaml.safe_dump({"agents": {"asking": asking}})
    shown: list[str] = []
    async with running_product(tmp_path, config=config) as product, watched(product) as programs:
        ada = product.playground.ada
        await ada.command("omp new", "tasks", prompt="Look at it.", repository="sample", agent="asking", mode="fast")
        asked = await ada.wait_message(lambda m: m.labels == ["Give it…", "Refuse"], 120)
        shown.append(asked.text)
        assert "asking needs a secret" in asked.text
        run = await waiting(product)
        data = ("--data-dir", str(product.data))
        done = await ompycord("secret", "give", run, "PLANTED_TOKEN", *data, folder=tmp_path, stdin=value.encode())
        assert (done.code, done.out) == (0, "Given. One start of the agent gets it; nothing shows it.\n"), done
        kept = product.data / "secrets/asked"
        result = await ada.wait_message(lambda m: "Finished" in m.text or "Done" in m.text, 120)
        shown.append(result.text)
        async with within(30):
            await until(lambda: not list(kept.rglob("*.PLANTED_TOKEN*")))
        for words in (("runs", "--json"), ("report", "--last"), ("audit", "export"), ("runs", run)):
            shown += [(await reported(product, {}, *words)).decode("utf-8", "replace")]
        shown.append(json.dumps(await product.playground.wire()))
    given = {one for looks in programs.values() for one in looks if value.encode() in one.environment}
    assert given, "the agent that got it was seen"
    for one in given:
        assert b"PLANTED_TOKEN=" + value.encode() in one.environment
        assert any(mark in one.arguments for mark in (b"my token is", b"a child has", b"sleep")), one.arguments
    for one in {one for looks in programs.values() for one in looks}:
        assert not found_in(one.arguments, value), one.arguments
    for text in shown:
        assert not found_in(text.encode(), value), text
    assert "Give the secret PLANTED_TOKEN at a terminal, for one start of asking" in "".join(shown)
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert not found_in(file.read_bytes(), value), file


def found_in(data: bytes, value: str) -> bool:
    """Whether it stands there, as it is or coded."""
    return value.encode() in data or base64.b64encode(value.encode())[:40] in data


async def waiting(product: Product) -> str:
    """The run that waits, as the command line names it."""
    printed = await reported(product, {}, "secret", "list", "--json")
    (one,) = json.loads(printed)["secrets"]
    found: dict[str, Any] = one
    assert found["text"] == "It needs the secret PLANTED_TOKEN: to look at the private registry"
    return str(found["run"])
