"""What an agent was granted is held back from its result, and hidden wherever the run is shown."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from ompycord.app.operations import ask
from ompycord.app.wiring.edges import lookups_of
from ompycord.app.wiring.running import control_of
from ompycord.domain.catalog import Catalog
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import RunId
from ompycord.domain.records import Scope
from ompycord.domain.repository import AgentSpec, Grants, RepositorySpec, Sandbox
from ompycord.domain.run import RunState
from ompycord.http import mint_bearer
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from ompycord.text import REDACTED
from tests.integration.conductor.conftest import ADA, AppHarness
from tests.support.app_harness import WEBHOOK_SECRET

if TYPE_CHECKING:
    from ompycord.app.health import Health

KEY = "sk-" + "proj-" + "aB3xY9" * 6
FILE = "a granted & file, 77%"


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    (tmp_path / "credential").write_text(f"{FILE}\n")
    agent = AgentSpec(
        name="scripted",
        kind="command",
        command=("x",),
        sandbox=Sandbox(minimum="none"),
        env={"MODEL_KEY": KEY, "MODEL": "claude-sonnet-4-5"},
        grants=Grants(files=(tmp_path / "credential",)),
    )
    catalog = Catalog(repositories=(RepositorySpec(name="shop", path=Path("shop")),), agents=(agent,))
    return AppHarness(store, tmp_path, FakeClock(), catalog)


async def waits_or_ended(harness: AppHarness, run: str) -> StatusSnapshot:
    """The run once it is held back; it would be published otherwise."""
    snapshot = await harness.until(run, lambda one: one.is_final or one.state is RunState.SUSPENDED)
    assert snapshot.state is RunState.SUSPENDED
    return snapshot


async def test_a_result_with_a_granted_key_is_held_back_until_it_is_taken_out(harness: AppHarness) -> None:
    harness.agent.writes = {"notes.txt": f"I use {KEY} with claude-sonnet-4-5\n"}
    async with harness.running():
        run = await harness.submit(ADA)
        held = await waits_or_ended(harness, run.id)
        assert held.message is not None
        assert "MODEL_KEY" in held.message
        assert KEY not in held.message
        assert harness.workspaces.branches == {}
        assert held.files == ()

        harness.agent.writes = {"notes.txt": "I use MODEL_KEY with claude-sonnet-4-5\n"}
        await harness.areas.runs.resume(await harness.areas.load(run.id), ADA)
        ended = await harness.ended(run.id)
    assert ended.state is RunState.COMPLETE
    assert ended.branch is not None


async def test_the_key_of_the_run_is_held_back_too(harness: AppHarness) -> None:
    harness.agent.hold()
    async with harness.running():
        run = await harness.submit(ADA)
        await harness.began()
        harness.agent.writes = {"env.txt": harness.agent.jobs[0].env["OMPYCORD_KEY"]}
        harness.agent.release()
        held = await waits_or_ended(harness, run.id)
    assert held.message is not None
    assert "OMPYCORD_KEY" in held.message


async def test_no_http_answer_shows_what_was_granted(harness: AppHarness) -> None:
    """As the composition root wires it; `tests/unit/http/test_dispatcher.py` has streams and mounts."""
    scopes = [Scope.RUNS_READ, Scope.EVENTS_WRITE, Scope.RUNS_CREATE]
    record, token = mint_bearer(ids=harness.ids, now_ms=harness.clock.now_ms(), name="r", scopes=scopes)
    harness.parts.key_manager.keys.replace([record], hmac_secrets={})
    event: dict[str, object] = {
        "schema": "ompycord/event@1",
        "type": "note",
        "run": f"with {KEY}",
        "data": {"text": "x"},
    }
    async with served(harness, headers={"authorization": f"Bearer {token}"}) as http:
        assert (await http.post("/api/webhook/event", json=event)).status_code == 202
        listed = await http.get("/api/runs")
        refused = await http.post("/api/webhook/event", json={**event, KEY: "x", f"{FILE} {'long' * 20}": "x"})
    assert [run["name"] for run in listed.json()["runs"]] == ["with [redacted]"]
    assert refused.status_code == 422
    pointers = [error["pointer"] for error in refused.json()["errors"]]
    assert "/[redacted]" in pointers
    assert KEY not in refused.text
    assert FILE not in refused.text
    assert max(map(len, pointers)) <= 70


async def test_what_a_command_asks_shows_no_secret_of_the_process(harness: AppHarness, tmp_path: Path) -> None:
    """Nor the token by which it asks."""

    async def echo(arguments: dict[str, Any]) -> Any:
        return [control.token, KEY, FILE, WEBHOOK_SECRET]

    control = control_of(harness.infrastructure, {"runs.list": echo})
    harness.infrastructure.known.add([WEBHOOK_SECRET])
    listening = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(control.serve(listening))
        await listening.wait()
        assert await asyncio.to_thread(ask, tmp_path, "runs.list", {}) == (True, [REDACTED] * 4)
        task.cancel()


async def test_an_attached_file_shows_no_secret(harness: AppHarness) -> None:
    """Also where it is no UTF-8: it is sent as it is, but for what this process knows."""
    health = cast("Health", SimpleNamespace(lines=None))
    areas = harness.parts.areas
    nothing = cast("Any", None)  # not asked for a file
    lookups = lookups_of(harness.infrastructure, areas, harness.workers, health, nothing, nothing, nothing)
    run = RunId(harness.ids.ulid())
    prepared = await harness.workspaces.prepare(run, harness.catalog.repositories[0], base=None)
    text = f"gr\u00fc\u00dfe {KEY[:9]}\u200b{KEY[9:]}".encode()
    (prepared.path / "a.log").write_bytes(text + b"\xff" + KEY.encode())
    added = await harness.artifacts.attach(run, "a.log")
    assert added.sha256 is not None
    assert await lookups.artifact(run, added.sha256) == "gr\u00fc\u00dfe [redacted]".encode() + b"\xff[redacted]"
    assert await lookups.artifact(run, "0" * 64) is None


@pytest.mark.parametrize(("host", "status"), [("127.0.0.2:8787", 200), ("127.0.0.3:8787", 421)])
async def test_the_sidecar_answers_under_the_address_on_which_it_listens(
    store: SqliteStore, tmp_path: Path, host: str, status: int
) -> None:
    harness = AppHarness(store, tmp_path, FakeClock(), webhook={"host": "127.0.0.2"})
    async with served(harness, headers={"host": host}) as http:
        assert (await http.get("/problems/scope")).status_code == status


def served(harness: AppHarness, *, headers: dict[str, str]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(harness.parts.sidecar, client=("127.0.0.1", 1))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers)
