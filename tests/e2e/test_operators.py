"""What an operator sees of a running process.

/status, /metrics, /readyz, healthcheck, each with its own key or none.
"""

import json
import sqlite3
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ompycord.app.report import METRICS
from tests.integration.cli.harness import ompycord
from tests.support.patience import patient, until
from tests.support.playground import running_playground
from tests.support.product import running_product
from tests.support.token_product import environment, token_product

pytestmark = [pytest.mark.e2e, pytest.mark.posix]


async def test_reports_need_their_scope_and_readiness_follows_discord(tmp_path: Path) -> None:
    folder = tmp_path / "product"
    async with (
        running_playground(tmp_path) as playground,
        token_product(folder, environment(playground)) as product,
        httpx.AsyncClient(base_url=product.sidecar, trust_env=False, timeout=patient(20)) as http,
    ):
        data = ("--data-dir", str(product.data), "--json")
        keys: dict[str, dict[str, str]] = {}
        for scope in ("status:read", "metrics:read"):
            made = await ompycord("keys", "add", scope, "--scope", scope, *data, folder=folder)
            keys[scope] = {"authorization": f"Bearer {json.loads(made.out)['secret']}"}
        for path, scope, other in (
            ("/status", "status:read", "metrics:read"),
            ("/metrics", "metrics:read", "status:read"),
        ):
            assert (await http.get(path)).status_code == 401
            assert (await http.get(path, headers=keys[other])).status_code == 403
            assert (await http.get(path, headers=keys[scope])).status_code == 200
        status = (await http.get("/status", headers=keys["status:read"])).json()
        assert (status["mode"], status["discord"]["connected"], status["database"]["read_only"]) == (
            "normal",
            True,
            None,
        )
        text = (await http.get("/metrics", headers=keys["metrics:read"])).text
        scraped = {family.name for family in text_string_to_metric_families(text)}
        later = {  # none is made in the first hour
            "ompycord_backup_age_seconds",
            "ompycord_backup_drill_ok",
            "ompycord_backup_drill_age_seconds",
        }
        assert {spec.name for spec in METRICS} - scraped <= {
            "ompycord_gateway_latency_seconds",
            "ompycord_runs",
            *later,
        }
        assert (await http.get("/readyz")).json()["ready"] is True
        port = product.sidecar.rpartition(":")[2]
        healthy = await ompycord("healthcheck", "--port", port, "--ready", folder=folder)
        assert (healthy.code, healthy.out) == (0, "healthy\n")
        await playground.kill()

        async def is_not_ready() -> bool:
            return (await http.get("/readyz")).status_code == 503

        await until(is_not_ready)
        sick = await ompycord("healthcheck", "--port", port, "--ready", folder=folder)
        assert (sick.code, sick.out) == (1, "not healthy: gateway\n")
        assert (await ompycord("healthcheck", "--port", port, folder=folder)).code == 0
    gone = await ompycord("healthcheck", "--port", port, folder=folder)
    assert (gone.code, len(gone.err.splitlines())) == (69, 1)


async def test_each_transition_is_one_record_with_from_to_run_and_cause(tmp_path: Path) -> None:
    config = 'agents: {rehearsal: {kind: rehearsal, env: {REHEARSAL_PACE: "0"}}}\nlog: {file: logs/ompycord.log}\n'
    async with running_product(tmp_path, config=config) as product:
        ada = product.playground.ada
        await ada.command("omp new", "tasks", prompt="Fix the discount")
        await ada.wait_message(lambda message: "· result" in message.text and "Done · checks passed" in message.text)
        with sqlite3.connect(product.data / "ompycord.db") as raw:
            rows = raw.execute("SELECT body FROM events WHERE type = 'run.state' ORDER BY position").fetchall()
        raw.close()
        stored = [(json.loads(body)["previous"], json.loads(body)["state"]) for (body,) in rows]
        lines = (product.data / "logs" / "ompycord.log").read_text().splitlines()
        records = [record for record in map(json.loads, lines) if record["event"] == "run.state"]
        birth, *moves = stored
        assert birth == ("QUEUED", "QUEUED")
        assert [(record["from"], record["to"]) for record in records] == moves
        assert len(moves) >= 4
        assert all(record["cause"] and record["run"] for record in records)
        assert (product.data / "logs" / "ompycord.log").stat().st_mode & 0o777 == 0o600
