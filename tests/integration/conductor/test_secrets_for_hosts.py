"""A person gives a secret for requests to one host: the proxy has it until the run has ended, the agent never."""

import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from ompycord.app.secret_requests.wiring import attached_secret_of
from ompycord.conductor.secret_requests import SecretRequests
from ompycord.domain.catalog import Catalog
from ompycord.domain.configuration.attached_secrets import AttachedSecret
from ompycord.domain.ids import RunId
from ompycord.domain.repository import AgentSpec, RepositorySpec, Sandbox
from ompycord.domain.run import RunState
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.conductor.conftest import AP, AppHarness, MakeHouse, real_house, store
from tests.support.patience import until, within
from tests.support.prepared_run import registry
from tests.support.refusals import refuses

__all__ = ["real_house", "store"]

HOST, VALUE = "npm.example.org", "npm_" + "x9Qd2kLw7RtZ" * 3
RULES = tuple(
    AttachedSecret.model_validate({"secret": name, "host": host, "to": to})
    for name, host, to in (
        ("NPM_TOKEN", HOST, ["agent"]),
        ("NPM_TOKEN", "setup.example.org", ["setup"]),
        ("NPM_TOKEN", "far.example.com", ["agent"]),
        ("OTHER_TOKEN", "other.example.org", ["agent"]),
    )
)
CATALOG = Catalog(
    repositories=(RepositorySpec(name="shop", path=Path("shop"), attached_secrets=RULES),),
    agents=(
        AgentSpec(name="scripted", kind="command", command=("x",),
                  sandbox=Sandbox(minimum="none", network="gateway", hosts=("*.example.org",))),
    ),
)  # fmt: skip


@pytest.fixture
def harness(store: SqliteStore, tmp_path: Path) -> AppHarness:
    return AppHarness(store, tmp_path, FakeClock(), CATALOG)


@pytest.fixture
async def waiting(harness: AppHarness) -> AsyncGenerator[RunId]:
    """A run whose agent waits for NPM_TOKEN."""
    harness.agent.hold()
    async with harness.running():
        run = RunId((await harness.submit()).id)
        await harness.began()
        harness.agent.began.clear()
        await requests_of(harness).request(run, "NPM_TOKEN", "to publish it")
        await harness.until(run, lambda one: one.state is RunState.SUSPENDED)
        yield run


def requests_of(harness: AppHarness) -> SecretRequests:
    return harness.parts.areas.secret_requests


async def give(harness: AppHarness, run: RunId, host: str, value: str = VALUE) -> Any:
    loaded = await harness.areas.load(run)
    return await requests_of(harness).give(loaded, "NPM_TOKEN", SecretStr(value), AP, way="at a terminal", host=host)


async def test_the_proxy_has_it_for_that_host_until_the_run_has_ended_and_the_agent_never(
    harness: AppHarness, waiting: RunId
) -> None:
    requests = requests_of(harness)
    assert (await give(harness, waiting, HOST)).fresh
    await harness.began()
    job = harness.agent.jobs[-1]
    assert VALUE not in repr(job.env)
    assert f"Ap gave the secret NPM_TOKEN for your requests to http://{HOST}/" in job.prompt
    assert await requests.for_host(waiting, "NPM_TOKEN", HOST) == VALUE
    assert await requests.for_host(waiting, "NPM_TOKEN", "other.example.org") is None
    assert await requests.for_host(waiting, "OTHER_TOKEN", HOST) is None
    told = await requests.request(waiting, "NPM_TOKEN", "to publish it")
    assert told.startswith("Ap gave the secret NPM_TOKEN for your requests")
    await harness.in_state(waiting, RunState.BUILDING)
    assert len(await requests.requests(waiting)) == 1

    again = harness.restart()
    await again.infrastructure.vault.load()
    assert await requests_of(again).environment(waiting) == {}
    assert await requests_of(again).for_host(waiting, "NPM_TOKEN", HOST) == VALUE
    assert VALUE not in again.infrastructure.redact(f"it is {VALUE}")

    harness.agent.release()
    await harness.ended(waiting)
    await requests.forget_ended([waiting])
    assert await requests.for_host(waiting, "NPM_TOKEN", HOST) is None
    assert [one for one in (harness.folder / "secrets/asked").rglob("*") if one.is_file()] == []


async def test_the_record_has_name_giver_and_host(harness: AppHarness, waiting: RunId) -> None:
    await give(harness, waiting, HOST)
    (question,) = await requests_of(harness).requests(waiting)
    decision = await harness.store.decision(waiting, "question", question.question)
    assert decision is not None
    assert decision.action == (
        "Give the secret NPM_TOKEN at a terminal, for requests of scripted to npm.example.org by Ompycord's proxy, "
        "until its run has ended"
    )
    assert (decision.by, decision.by_name) == (AP.id, "Ap")


@pytest.mark.parametrize(
    ("host", "value", "words"),
    [
        ("setup.example.org", VALUE, "Hosts that they name for it: npm.example.org."),
        ("far.example.com", VALUE, "Hosts that they name for it: npm.example.org."),
        ("other.example.org", VALUE, "The settings add NPM_TOKEN to no requests to other.example.org."),
        (HOST, "two-lines-of\nit-x9Qd2kLw", "no header of a request holds"),
    ],
)
async def test_it_is_given_for_no_host_that_the_settings_do_not_name_for_this_agent(
    harness: AppHarness, waiting: RunId, host: str, value: str, words: str
) -> None:
    with refuses(words):
        await give(harness, waiting, host, value)
    assert not (harness.folder / "secrets/asked").exists()


async def test_what_a_person_gave_is_preferred_for_the_agent_and_is_for_no_other_program(
    harness: AppHarness, waiting: RunId
) -> None:
    find = attached_secret_of(requests_of(harness), {"NPM_TOKEN": "of the environment"})
    await give(harness, waiting, HOST)
    await harness.began()
    assert await find(waiting, "agent", RULES[0]) == VALUE
    assert await find(waiting, "checks", RULES[0]) == "of the environment"
    assert await find(waiting, "agent", RULES[2]) == "of the environment"
    assert await find(waiting, "agent", RULES[3]) is None


ASKS = """
import sys, time, urllib.error, urllib.request
try:
    print("got", urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
except urllib.error.HTTPError as error:
    open(sys.argv[2], "w").write(error.read().decode())
    time.sleep(600)
"""


@pytest.mark.posix
async def test_an_agents_request_gets_what_a_person_gave_for_its_host(
    real_house: MakeHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the whole process: refused, asked for, given, added on its way past the operator's proxy."""
    refusal = tmp_path / "refusal"
    async with registry(b"left-pad 1") as packages:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{packages.proxy.port}")
        script = f"cat >/dev/null; exec {sys.executable} -c '{ASKS}' http://{HOST}/left-pad {refusal}"
        rule = RULES[0].model_copy(update={"over": "http"})
        sandbox = Sandbox(minimum="none", network="gateway", hosts=(HOST,))
        harness, _ = await real_house(script, sandbox=sandbox, has_checks=False, attached=(rule,))
        async with harness.running():
            run = RunId((await harness.submit(repository="sample", agent="script")).id)
            async with within(20):
                await until(refusal.exists)
            await requests_of(harness).request(run, "NPM_TOKEN", "to get it")
            await harness.in_state(run, RunState.SUSPENDED)
            await give(harness, run, HOST)
            await harness.ended(run)
            events = await harness.store.events_of(run)
    assert f"No one has given the secret NPM_TOKEN, with which {HOST} is asked." in refusal.read_text()
    assert packages.asked == [f"{HOST}:80"]
    assert f"\r\nauthorization: Bearer {VALUE}\r\n" in packages.heads[0]
    assert "got left-pad 1" in repr(events)
    assert VALUE not in repr(events)
