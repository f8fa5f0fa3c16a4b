"""Each thing that a run needs has a line that fails where it is missing; all fail at once, each with its fix."""

import asyncio
import base64
import json
import ssl
import subprocess
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ompycord.agents.native import NativeOptions
from ompycord.app.mode import DiskUsage
from ompycord.app.precheck.agent_lines import agent_line
from ompycord.app.precheck.provider_lines import Providers, reach
from ompycord.domain import events as ev
from ompycord.domain.events import PrecheckLine
from ompycord.domain.repository import AgentSpec, Sandbox
from ompycord.http.proxy.forward_proxy import UpstreamProxy
from ompycord.model_gateway.provider_options import ProviderSpec
from ompycord.store import SqliteStore
from ompycord.testing import FakeClock
from tests.integration.workspaces.test_remote import http_double
from tests.support.patience import patient
from tests.support.prepared_run import GIB, NOW, PreparedRun, commit_files

FILES = {"app.py": "x = 1\n"}
SECOND = 1000


def git(*words: str, at: Path) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    done = subprocess.run(
        ("git", *who, *words), cwd=at, capture_output=True, text=True, timeout=patient(30), check=True
    )
    return done.stdout.strip()


async def lines(run: PreparedRun) -> list[PrecheckLine]:
    return list(await run.context().precheck(run.run, run.task, None))


async def line(run: PreparedRun, name: str) -> PrecheckLine:
    """The worst one of this name."""
    found = [one for one in await lines(run) if one.name == name]
    return max(found, key=lambda one: ("ok", "warn", "fail").index(one.status))


def token(until_s: int) -> str:
    parts = [{"alg": "none"}, {"exp": until_s}]
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts), "sig"]
    )


async def test_where_nothing_is_missing_every_line_is_right(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files=FILES)
    found = await lines(run)
    assert {one.status for one in found} == {"ok"}
    assert {"repository", "base", "clean", "branch", "credentials", "agent", "disk", "tools", "sandbox"} <= {
        one.name for one in found
    }
    assert (await run.prepare()).outcome == "ok"
    assert run.of(ev.PrecheckFinished) == []


async def test_repository_that_is_not_there(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store)
    found = await line(run, "repository")
    assert (found.status, found.fix) == ("fail", "Check its path in the configuration.")


async def test_repository_whose_host_does_not_answer(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, repository={"path": None, "address": "http://127.0.0.1:1/x.git"})
    assert (await line(run, "repository")).status == "fail"


async def test_credentials_that_the_host_refuses(tmp_path: Path, store: SqliteStore) -> None:
    async with http_double("401 Unauthorized") as double:
        address = f"http://127.0.0.1:{double.port}/x.git"
        run = PreparedRun(tmp_path, store, repository={"path": None, "address": address})
        found = await line(run, "credentials")
    assert found.status == "fail"
    assert "credential helper" in found.fix


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """One that nobody signed but itself."""
    made = tmp_path / "own.pem"
    words = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost")
    subprocess.run(
        ("openssl", *words, "-keyout", str(made), "-out", str(tmp_path / "cert.pem")),
        check=True,
        capture_output=True,
        timeout=patient(30),
    )
    made.write_text(made.read_text() + (tmp_path / "cert.pem").read_text())
    return made


@asynccontextmanager
async def tls_server(certificate: Path) -> AsyncGenerator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_tls_of_a_repository_that_is_not_trusted(tmp_path: Path, store: SqliteStore, certificate: Path) -> None:
    async with tls_server(certificate) as port:
        run = PreparedRun(tmp_path, store, repository={"path": None, "address": f"https://127.0.0.1:{port}/x.git"})
        found = await line(run, "tls")
    assert (found.status, found.fix) == ("fail", "Name its authority in tls.ca_file.")


async def test_base_that_is_not_there(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files=FILES, repository={"base": "trunk"})
    found = await line(run, "base")
    assert (found.status, found.fix) == ("fail", "Name another base.")
    assert "trunk" in found.text


@pytest.mark.parametrize(
    ("how", "away"),
    [
        ("merge", "--abort"),
        ("rebase", "--abort"),
        ("cherry-pick", "--abort"),
        ("revert", "--abort"),
        ("bisect", "reset"),
    ],
)
async def test_base_that_is_in_the_middle_of_something(tmp_path: Path, store: SqliteStore, how: str, away: str) -> None:
    run = PreparedRun(tmp_path, store, files=FILES)
    await asyncio.to_thread(_clash, run.source, how)
    found = await line(run, "clean")
    assert found.status == "fail"
    assert f"in the middle of a {how}" in found.text
    assert found.fix.endswith(f"{how} {away}.") or found.fix.endswith(f"{how} {away}")


def _clash(at: Path, how: str) -> None:
    git("checkout", "-q", "-b", "other", at=at)
    commit_files(at, {"app.py": "x = 2\n"})
    git("checkout", "-q", "main", at=at)
    commit_files(at, {"app.py": "x = 3\n"})
    if how == "bisect":
        git("bisect", "start", "main", "main~1", at=at)
        return
    with pytest.raises(subprocess.CalledProcessError):
        git(how, "main~1" if how == "revert" else "other", at=at)


async def test_work_at_a_detached_head_that_no_branch_has_is_a_warning(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files=FILES)
    await asyncio.to_thread(git, "checkout", "-q", "--detach", at=run.source)
    assert (await line(run, "clean")).status == "ok"
    await asyncio.to_thread(commit_files, run.source, {"app.py": "x = 2\n"})
    found = await line(run, "clean")
    assert (found.status, "detached, with 1 commit on no branch" in found.text) == ("warn", True)
    assert "switch -c NAME" in found.fix


async def test_files_by_a_filter_and_a_repository_that_cannot_be_written(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files={**FILES, ".gitattributes": "*.bin filter=lfs\n"})
    found = await line(run, "clean")
    assert found.status == "fail"
    assert "filter lfs" in found.text


async def test_what_is_not_committed_is_a_warning_and_the_run_starts(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files=FILES)
    (run.source / "app.py").write_text("x = 9\n")
    found = await line(run, "clean")
    assert (found.status, "1 changed file" in found.text) == ("warn", True)
    assert (await run.prepare()).outcome == "ok"
    assert [one.name for one in run.of(ev.PrecheckFinished)[0].lines] == ["clean"]


async def test_branch_with_the_name_of_a_folder_of_results(tmp_path: Path, store: SqliteStore) -> None:
    made = PreparedRun(tmp_path / "there", store, files=FILES)
    await asyncio.to_thread(git, "branch", "ompycord", at=made.source)
    run = PreparedRun(tmp_path, store, repository={"path": None, "address": made.source.as_uri()})
    found = await line(run, "branch")
    assert found.status == "fail"
    assert "branch ompycord" in found.text
    assert "repositories.shop.branch_prefix" in found.fix


async def test_a_secret_that_is_not_set_and_one_that_is_over(tmp_path: Path, store: SqliteStore) -> None:
    environ = {
        "OLD": token(NOW // SECOND - 60),
        "SOON": token(NOW // SECOND + 60),
        "FINE": token(NOW // SECOND + 86_400),
    }
    secrets = {"GONE": ["setup", "checks"], "OLD": ["agent"], "SOON": ["agent"], "FINE": ["agent"]}
    attached = [
        {"secret": "NPM_TOKEN", "host": "npm.example.org", "to": ["setup", "agent"]},
        {"secret": "ASKED_TOKEN", "host": "a.example.org", "to": ["agent"]},
    ]
    settings = {"secrets": secrets, "attached_secrets": attached}
    run = PreparedRun(tmp_path, store, files=FILES, repository=settings, environ=environ)
    found = [one for one in await lines(run) if one.name == "credentials"]
    assert [(one.status, one.text) for one in found] == [
        ("fail", "GONE, which setup and checks should get, is not set."),
        ("fail", "NPM_TOKEN, with which setup should ask npm.example.org, is not set."),
        ("fail", "OLD expired at 2026-11-21 11:59 UTC."),
        ("warn", "SOON expires at 2026-11-21 12:01 UTC."),
    ]
    assert not any(value in repr(found) for value in environ.values())


async def test_disk_without_room_for_clone_and_set_up(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files=FILES)
    run.usage = DiskUsage(100 * GIB, 100 * GIB, GIB // 8)
    found = await line(run, "disk")
    assert (found.status, found.fix) == ("fail", "Free space on the disk of the data folder.")
    assert "0.1 GiB are free" in found.text


async def test_disk_counts_the_set_up_that_was_made_before(tmp_path: Path, store: SqliteStore) -> None:
    step = {"name": "big", "command": ["sh", "-c", "mkdir v; head -c 3000000 /dev/zero >v/x"], "files": ["app.py"]}
    settings = {"setup": [{**step, "keeps": ["v"]}]}
    run = PreparedRun(tmp_path, store, files=FILES, repository=settings)
    run.usage = DiskUsage(100 * GIB, 1, GIB // 4 + 1_000_000)
    assert (await line(run, "disk")).status == "ok"
    await run.prepare()
    await run.set_up()
    assert (await line(run, "disk")).status == "fail"


async def test_tools_of_checks_are_a_warning_and_those_of_set_up_a_failure(tmp_path: Path, store: SqliteStore) -> None:
    check = {"name": "unit", "command": ["no-such-pytest"]}
    own = {"name": "own", "command": [".venv/bin/pytest"]}
    step = {"name": "packages", "command": ["no-such-npm", "ci"]}
    warned = PreparedRun(tmp_path / "a", store, files=FILES, repository={"checks": [check, own]})
    found = [one for one in await lines(warned) if one.name == "tools"]
    assert [one.status for one in found] == ["warn"]
    assert "no-such-pytest, the program of the check unit, is not installed here. The run ends" in found[0].text
    refused = PreparedRun(tmp_path / "b", store, files=FILES, repository={"setup": [step]})
    assert (await line(refused, "tools")).status == "fail"


async def test_sandbox_below_what_the_agent_wants(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, level="none", files=FILES, sandbox=Sandbox(minimum="full"))
    found = await line(run, "sandbox")
    assert found.status == "fail"
    assert "agents.script.sandbox.minimum: none" in found.fix


async def test_sandbox_that_cannot_keep_set_up_from_the_network_is_a_warning(
    tmp_path: Path, store: SqliteStore
) -> None:
    run = PreparedRun(tmp_path, store, files=FILES, repository={"setup": [{"name": "a", "command": ["true"]}]})
    assert (await line(run, "sandbox")).status == "warn"


async def test_all_that_is_missing_is_told_at_once(tmp_path: Path, store: SqliteStore) -> None:
    settings = {
        "base": "trunk",
        "secrets": {"GONE": ["agent"]},
        "setup": [{"name": "packages", "command": ["no-such-npm"]}],
    }
    run = PreparedRun(tmp_path, store, files=FILES, repository=settings, sandbox=Sandbox(minimum="full"))
    run.usage = DiskUsage(100 * GIB, 100 * GIB, 1)
    ended = await run.prepare()
    (told,) = run.of(ev.PrecheckFinished)
    failing = [one for one in told.lines if one.status == "fail"]
    assert {one.name for one in failing} == {"base", "credentials", "sandbox", "tools", "disk"}
    assert all(one.fix for one in failing)
    assert ended.outcome == "failed"
    assert "4 more things" in (ended.message or "")


# -- the agent and its provider ----------------------------------------------------------------------------------------

GATEWAY = AgentSpec(name="omp", kind="command", sandbox=Sandbox(network="gateway"), models=("large",))


def provider(url: str, **more: Any) -> ProviderSpec:
    given: Mapping[str, Any] = {"name": "house", "kind": "compatible", "base_url": url, "dialects": ["chat"], **more}
    return ProviderSpec.model_validate(given)


def providers(*specs: ProviderSpec, is_stopped: bool = False, proxy: UpstreamProxy | None = None) -> Providers:
    return Providers(specs, clock=FakeClock(), stopped=lambda: is_stopped, proxy=proxy)


async def test_agent_whose_program_is_not_there(tmp_path: Path, store: SqliteStore) -> None:
    run = PreparedRun(tmp_path, store, files=FILES)
    run.environ["PATH"] = ""
    found = await line(run, "agent")
    assert (found.status, found.fix) == ("fail", "Install it, or correct agents.script.command.")


async def test_provider_that_answers_and_one_that_does_not() -> None:
    async with http_double() as double:
        there = provider(f"http://127.0.0.1:{double.port}/v1")
        gone = provider("http://127.0.0.1:1/v1", name="gone")
        (found,) = await providers(there).line(GATEWAY)
        assert found.status == "ok"
        (found,) = await providers(there, gone).line(GATEWAY)
        assert (found.name, found.status) == ("provider", "warn")
    (found,) = await providers(gone).line(GATEWAY)
    assert (found.name, found.status) == ("provider", "fail")
    assert "gone" in found.text
    assert "providers.gone.base_url" in found.fix


async def test_provider_whose_certificate_is_not_trusted(certificate: Path) -> None:
    async with tls_server(certificate) as port:
        (found,) = await providers(provider(f"https://127.0.0.1:{port}/v1")).line(GATEWAY)
    assert (found.name, found.status) == ("tls", "fail")
    assert "tls.ca_file" in found.fix


async def test_provider_by_the_operators_proxy_is_as_far_as_that() -> None:
    async with http_double() as double:
        proxy = UpstreamProxy("127.0.0.1", double.port)
        (found,) = await providers(provider("https://models.example.org"), proxy=proxy).line(GATEWAY)
    assert found.status == "ok"


async def test_provider_stopped_by_an_operator_or_offering_no_model_of_the_agent() -> None:
    (found,) = await providers(provider("http://127.0.0.1:1"), is_stopped=True).line(GATEWAY)
    assert (found.status, found.fix) == ("fail", "Run: ompycord gateway resume")
    (found,) = await providers(provider("http://127.0.0.1:1", models=["small"])).line(GATEWAY)
    assert (found.status, "No provider offers" in found.text) == ("fail", True)


async def test_agent_that_asks_elsewhere_has_no_such_line() -> None:
    elsewhere = AgentSpec(name="omp", kind="command", sandbox=Sandbox(network=True))
    assert await providers(provider("http://127.0.0.1:1")).line(elsewhere) == ()


async def test_agent_that_reaches_us_alone_has_no_model_without_a_provider() -> None:
    def made(*, is_network_denied: bool) -> Providers:
        return Providers((), clock=FakeClock(), stopped=lambda: False, is_network_denied=is_network_denied)

    agent = AgentSpec(name="omp", kind="omp_rpc")
    (found,) = await made(is_network_denied=True).line(agent)
    assert (found.status, "agents.omp.sandbox.network: true" in found.fix) == ("warn", True)
    assert await made(is_network_denied=False).line(agent) == ()
    assert await made(is_network_denied=True).line(AgentSpec(name="script", kind="command")) == ()


@pytest.mark.parametrize(
    ("agent", "status"),
    [
        (GATEWAY, None),
        (AgentSpec(name="open", kind="command", sandbox=Sandbox(network=True)), "warn"),
        (AgentSpec(name="held", kind="command", env={"X_API_KEY": "k"}), "warn"),
    ],
)
def test_a_run_that_is_to_be_recorded_says_where_nothing_can_be(agent: AgentSpec, status: str | None) -> None:
    found = providers(provider("http://127.0.0.1:1")).tape_line(agent)
    assert [one.status for one in found] == ([] if status is None else [status])


def test_a_task_that_is_to_be_refined_needs_a_provider() -> None:
    (found,) = providers().refining_line()
    assert (found.status, "start it without refine" in found.fix) == ("fail", True)
    assert providers(provider("http://127.0.0.1:1")).refining_line() == ()


async def test_the_built_in_agent_needs_a_provider_and_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    native = NativeOptions(name="native")
    (found,) = await providers().line(native)
    assert (found.status, found.fix) == ("fail", "Name one under providers in ompycord.yml.")
    assert agent_line(native, "").status == "ok"
    monkeypatch.setattr("ompycord.app.precheck.agent_lines.is_installed", lambda: False)
    missing = agent_line(native, "")
    assert missing.status == "fail"
    assert missing.fix.startswith("Run: pip install 'ompycord[llm]'")


async def test_provider_that_answered_is_not_tried_at_each_run() -> None:
    tried: list[str] = []

    async def counted(host: str, port: int, is_tls: bool) -> Any:
        tried.append(host)
        return await reach(host, port, is_tls)

    clock = FakeClock()
    async with http_double() as double:
        spec = provider(f"http://127.0.0.1:{double.port}/v1")
        found = Providers((spec,), clock=clock, stopped=lambda: False, reach_of=counted)
        await found.line(GATEWAY)
        await found.line(GATEWAY)
        assert len(tried) == 1
        clock.advance(61)
        await found.line(GATEWAY)
    assert len(tried) == 2
