"""From outside, on one running product.

Every command, button, form, route, metric, setting and command line, and what was missed.

What no test here reaches is printed, and stands with its reason in `tests/e2e/not_reached.txt`.
"""

import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import httpx
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from ompycord.app.report import METRICS
from ompycord.bot.context import BotContext
from ompycord.bot.features import BotFeatures
from tests.e2e.reach.buttons import press_everything
from tests.e2e.reach.commands import registered, run_everything
from tests.e2e.reach.leaves import options_of_kinds, settings, shown_settings
from tests.e2e.reach.ledger import judge
from tests.e2e.reach.routes import HOOK_SECRET, MCP, NOTE, bearer, operations, request_everything
from tests.e2e.reach.shell import Shell, commands, has_json
from tests.e2e.reach.visitor import Visitor
from tests.integration.cli.harness import ompycord
from tests.support.patience import patient
from tests.support.product import SECRET, Product, running_product

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.posix,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.xdist_group("reach"),  # one product serves the whole file
]

DEAF = """#!/bin/sh
# Spends, works for a minute and hears nothing: what it is told waits.
cat > /dev/null
echo '@ompycord {"type":"usage.updated","data":{"input":1000,"output":100,"cost_usd":5}}'
exec sleep 60
"""
CARELESS = """#!/bin/sh
# Breaks the code and says that it is done.
cat > /dev/null
echo 'raise ValueError' >> cart/total.py
"""
CONFIG = """
agents:
  quick: {kind: rehearsal, env: {REHEARSAL_PACE: "0"}}
  slow: {kind: rehearsal}
  deaf: {kind: command, command: [%s]}
  careless: {kind: command, command: [%s]}
limits: {open_per_person: 100, open_per_channel: 100, open_per_guild: 100, parallel_runs: 8}
webhook: {hosts: [omp.example.org], events: {batch_events: 7}}
audit: {anchor_file: anchors}
budgets: {repository: {day_usd: 1000, day_tokens: 100000000}}
triggers: {alerts: {fingerprint: [alert], prompt: "Look at {alert}", repository: sample, agent: quick}}
forge_hooks: {github: {secret_file: %s}}
log: {level: debug, json: true, file: logs/ompycord.log}
discord: {launch_emoji: "🛠"}
notify: {webhooks: [{name: nowhere, url: "http://127.0.0.1:1/hook", secret_file: %s}]}
"""
SCOPES = ("events:write", "runs:create", "runs:read", "status:read", "metrics:read", "triggers:fire")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def product(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    folder = tmp_path_factory.mktemp("product")
    deaf, careless = folder / "deaf.sh", folder / "careless.sh"
    for program, script in ((deaf, DEAF), (careless, CARELESS)):
        program.write_text(script)
        program.chmod(0o755)
    secret = folder / "nowhere"
    secret.write_text(SECRET)
    hook = folder / "hook"
    hook.write_bytes(HOOK_SECRET)
    async with running_product(folder, config=CONFIG % (deaf, careless, hook, secret)) as running:
        yield running
        assert "Traceback" not in running.log.read_text()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def key(product: Product) -> str:
    """A key with every scope that a key of a person can have."""
    scopes = [part for scope in SCOPES for part in ("--scope", scope)]
    made = await ompycord(
        "keys", "add", "all", *scopes, "--data-dir", str(product.data), "--json", folder=product.folder / "keys"
    )
    return json.loads(made.out)["secret"]


async def test_every_command_is_answered_and_completes(product: Product) -> None:
    ada = Visitor(product, product.playground.ada)
    known = dict(registered((await ada.person.state())["commands"]))
    answered, given = await run_everything(ada)
    for name, options in known.items():
        for option in options:
            if option.get("autocomplete"):
                assert await ada.person.complete(name, option["name"], "", "tasks") is not None
    judge("command", known, answered)
    judge("option", {f"{name} {option['name']}" for name, options in known.items() for option in options}, given)


async def test_every_button_and_form_is_pressed_where_a_person_sees_it(product: Product) -> None:
    ada = Visitor(product, product.playground.ada)
    await press_everything(ada)
    known = BotFeatures(cast("BotContext", None)).handlers  # only the names are looked at
    sent = set(re.findall(r"v1:([a-z0-9]+):", json.dumps(await product.playground.wire())))
    assert sent - set(known) == set()
    judge("action", known, ada.pressed)


async def test_every_route_answers_as_documented(product: Product, key: str) -> None:
    ada = Visitor(product, product.playground.ada)
    async with httpx.AsyncClient(base_url=product.sidecar, trust_env=False, timeout=patient(20)) as http:
        written = operations(json.loads(Path("docs/reference/openapi.json").read_text()))
        served = operations((await http.get("/openapi.json")).json())
        reached = await request_everything(http, key)
        stranger = await http.post("/mcp/", json=MCP, headers=bearer(key))
        assert stranger.status_code == 401
        run = await ada.new("Please ask before you fix the discount", agent="quick")
        asked = await ada.sees(f"{run} · question")  # the agent asked through /mcp/ with its run's key
        await ada.press(asked, asked.labels[0])
        named = {"host": "omp.example.org"}
        assert (await http.get("/status", headers=named)).status_code == 401
        assert (await http.get("/status", headers={"host": "evil.example.org"})).status_code == 421
    judge("route", {*written, *served, "GET /openapi.json", "POST /mcp/"}, {*reached, "POST /mcp/"})


async def test_the_limits_of_the_settings_are_those_of_the_sidecar(product: Product, key: str) -> None:
    batch: dict[str, object] = {"run": "limits", "events": [NOTE] * 8}
    async with httpx.AsyncClient(base_url=product.sidecar, trust_env=False, timeout=patient(20)) as http:
        refused = await http.post("/api/webhook/events", json=batch, headers=bearer(key))
        assert (refused.status_code, refused.json()["detail"]) == (422, "At most 7 events.")
        batch["events"] = [NOTE] * 7
        assert (await http.post("/api/webhook/events", json=batch, headers=bearer(key))).status_code == 202


async def test_every_metric_has_a_sample(product: Product, key: str) -> None:
    ada = Visitor(product, product.playground.ada)
    await ada.card(await ada.new("Take it slow", agent="slow", mode="fast"), "Stop")
    async with httpx.AsyncClient(base_url=product.sidecar, trust_env=False, timeout=patient(20)) as http:
        text = (await http.get("/metrics", headers=bearer(key))).text
    sampled = {family.name for family in text_string_to_metric_families(text) if family.samples}
    judge("metric", {spec.name for spec in METRICS}, sampled)


async def test_every_setting_is_taken_and_shown_with_its_origin(product: Product, tmp_path: Path) -> None:
    judge("setting", set(settings()) | set(options_of_kinds()), await shown_settings(tmp_path / "here"))
    await Visitor(product, product.playground.ada).new("Say something", agent="quick", mode="fast")
    told = [json.loads(line) for line in (product.data / "logs" / "ompycord.log").read_text().splitlines()]
    assert {"debug", "info"} <= {record["level"] for record in told}
    assert [record for record in told if record["logger"] == "aiosqlite"] == [], "what people write is in no log"
    assert json.loads(product.log.read_text().splitlines()[0])["event"]
    message = await product.playground.ada.say("A task for later", "tasks")
    armed = await product.playground.ada.wait_event("REACTION_ADD", lambda data: data["message_id"] == message.id)
    assert armed["emoji"]["name"] == "🛠"


@pytest.mark.skipif(sys.platform == "win32", reason="no agents there")
async def test_every_command_line_works_and_speaks_json(product: Product, tmp_path: Path) -> None:
    ada = Visitor(product, product.playground.ada)
    run = await ada.new("Take it slow with the discount", agent="slow", mode="fast")
    await ada.sees(f"{run} · card", "Working")  # it has a clone
    await ada.press(await ada.card(run, "Stop"), "Stop")
    await ada.card(run, "Take over")
    planned = [await ada.new("Fix the discount", agent="quick", mode="full") for _ in range(3)]
    for one in planned:
        await ada.sees(f"{one} · question", label="Approve")
    shell = Shell(product, tmp_path / "shell")
    await shell.everything(run, planned)
    judge("cli", dict(commands()), {*shell.reached, "ompycord up"})
    assert shell.as_json == {path for path, command in commands() if has_json(command)} & shell.reached
