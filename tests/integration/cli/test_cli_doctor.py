"""`ompycord doctor`: each thing that is wrong is one line with the words that mend it.

And the exit code says whether.
"""

import asyncio
import json
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from ompycord.app.doctor import examine
from ompycord.app.doctor.machine import confinement, data_folder, sqlite
from ompycord.app.findings import Finding
from ompycord.domain.repository import AgentSpec
from tests.integration.cli.harness import ompycord
from tests.support.playground import running_playground

PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


def named(found: list[Finding], name: str) -> Finding:
    [finding] = [one for one in found if one.name == name]
    return finding


async def looked(folder: Path, *, yaml: str = "", **environ: str) -> list[Finding]:
    (folder / "ompycord.yml").write_text(
        f"data_dir: {folder / 'data'}\nwebhook: {{port: 0}}\nplayground: {{port: 0}}\n{yaml}"
    )
    return await examine(environ={**PATH, **environ}, folder=folder, overrides={}, is_production=False)


def make_repository(folder: Path) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, "init", "-q", str(folder)], check=True)
    subprocess.run(["git", *identity, "-C", str(folder), "commit", "-q", "--allow-empty", "-m", "x"], check=True)


async def test_as_a_process_it_says_a_line_for_each_thing_and_ends_with_0(tmp_path: Path) -> None:
    arguments = ("doctor", "--data-dir", str(tmp_path / "data"))
    environ = {"OMPYCORD_WEBHOOK__PORT": "0", "OMPYCORD_PLAYGROUND__PORT": "0"}
    done = await ompycord(*arguments, folder=tmp_path, environ=environ)
    assert done.code == 0, done.out
    assert "✓ Settings: " in done.out
    assert done.out.splitlines()[-1].startswith("Nothing is wrong")
    assert not (tmp_path / "data").exists(), "it changed something"
    told = await ompycord(*arguments, "--production", "--json", folder=tmp_path, environ=environ)
    assert told.code == 1
    found = {finding["name"]: finding for finding in json.loads(told.out)["findings"]}
    assert (found["Token"]["status"], found["Logs"]["status"]) == ("fail", "warn")
    assert not [one for one in found.values() if "playground" in one["text"] and one["status"] == "ok"]
    assert found["Discord"]["text"].startswith("not checked, and neither are access, agents and repositories")


async def test_discord_is_looked_at_where_the_setting_says_and_the_token_is_never_shown(tmp_path: Path) -> None:
    async with running_playground(tmp_path) as playground:
        environ = {
            "DISCORD_TOKEN": playground.bot_token,
            "DISCORD_GUILD_ID": str(playground.guild_id),
            "DISCORD_CHANNEL_ID": str(playground.channel("tasks")),
            "OMPYCORD_DISCORD__API": playground.api,
        }
        deny = {"id": str(playground.guild_id), "type": 0, "allow": "0", "deny": str(1 << 51)}
        await playground.change_world(overwrites={str(playground.channel("tasks")): [deny]})
        found = await looked(tmp_path, **environ)
        assert named(found, "Token").status == "ok"
        assert "#tasks" in named(found, "Pin Messages").text
        assert "access: {users" in named(found, "Access").remedy
        for what in ("Agents", "Repositories"):  # a bot in which no run can start is not well
            assert (named(found, what).status, named(found, what).text) == (
                "fail",
                "none is configured: no run can start.",
            )
        assert not [finding for finding in found if playground.bot_token in finding.line]
        refused = await looked(tmp_path, **{**environ, "DISCORD_TOKEN": "hunter2-hunter2"})
        assert "DISCORD_TOKEN" in named(refused, "Discord").text
        assert "hunter2" not in named(refused, "Discord").line


async def test_a_broken_setting_is_a_line_among_the_others(tmp_path: Path) -> None:
    found = await looked(tmp_path, yaml="webhok: hunter2")
    assert named(found, "Settings").status == "fail"
    assert "webhok" in named(found, "Settings").text
    assert "hunter2" not in named(found, "Settings").line


async def test_a_taken_port_is_named_with_its_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        finding = named(await looked(tmp_path, OMPYCORD_WEBHOOK__PORT=str(port)), "Sidecar port")
    assert (finding.status, str(port) in finding.text, "webhook.port" in finding.remedy) == ("fail", True, True)


@pytest.mark.posix
def test_a_data_folder_that_others_can_read_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "secrets").mkdir(parents=True, mode=0o700)
    folder.chmod(0o700)
    (folder / "secrets" / "token").touch(mode=0o644)
    assert "token" in data_folder(folder).text
    (folder / "secrets" / "token").chmod(0o600)
    assert data_folder(folder).status == "ok"
    folder.chmod(0o750)
    assert data_folder(folder).status == "fail"


@pytest.mark.parametrize(("version", "status"), [((3, 34, 1), "fail"), ((3, 40, 1), "ok"), ((3, 51, 3), "ok")], ids=str)
def test_the_version_of_sqlite_is_judged(version: tuple[int, int, int], status: str) -> None:
    assert sqlite(version).status == status


def test_an_agent_that_asks_for_more_confinement_than_there_is_is_named() -> None:
    agent = AgentSpec(name="tidy", kind="command", command=("true",))
    found = confinement("none", [agent], is_production=False)
    assert [finding.status for finding in found] == ["warn", "fail"]
    assert "agents.tidy.sandbox.minimum" in found[1].remedy
    assert [finding.status for finding in confinement("none", [], is_production=True)] == ["fail"]
    assert [finding.status for finding in confinement("full", [agent], is_production=True)] == ["ok"]


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.posix
async def test_repositories_agents_and_checks_are_tried(tmp_path: Path) -> None:
    good = tmp_path / "good"
    make_repository(good)
    codex = tmp_path / "bin" / "codex"
    codex.parent.mkdir()
    codex.write_text("#!/bin/sh\necho codex-cli 0.47.1\n")
    codex.chmod(0o755)
    yaml = f"""
repositories:
  good: {{path: {good}, checks: [{{name: unit, command: [sh, -c, "true"]}}]}}
  bare: {{path: {good}}}
  lost: {{path: {tmp_path / "lost"}}}
  branchless: {{path: {good}, base: develop}}
  away: {{address: "file://user:hunter2@localhost/nowhere"}}
  unchecked: {{path: {good}, checks: [{{name: unit, command: [no-such-program]}}]}}
agents:
  there: {{kind: command, command: [sh], sandbox: {{minimum: none}}}}
  gone: {{kind: command, command: [no-such-agent], sandbox: {{minimum: none}}}}
"""
    found = await looked(tmp_path, yaml=yaml, PATH=f"{codex.parent}:{PATH['PATH']}")
    status = {finding.name: finding.status for finding in found}
    assert {
        name: status[f"Repository {name}"] for name in ("good", "bare", "lost", "branchless", "away", "unchecked")
    } == {
        "good": "ok",
        "bare": "warn",
        "lost": "fail",
        "branchless": "fail",
        "away": "fail",
        "unchecked": "warn",
    }
    assert (status["Agent there"], status["Agent gone"]) == ("ok", "fail")
    assert "Codex 0.47.1" in named(found, "Agents on the PATH").text
    assert not [finding for finding in found if "hunter2" in finding.line]


async def test_a_repository_that_runs_cannot_handle_is_named_before_any_run(tmp_path: Path) -> None:
    def git(*words: str, at: Path) -> None:
        settings = ("-c", "user.name=T", "-c", "user.email=t@localhost", "-c", "protocol.file.allow=always")
        subprocess.run(("git", *settings, *words), cwd=at, check=True, capture_output=True)

    names = ("filtered", "source", "modules", "empty")
    for name in names:
        make_repository(tmp_path / name)
    (tmp_path / "filtered/.gitattributes").write_text("*.bin filter=lfs -text\n")
    (tmp_path / "source/file").write_text("text\n")
    git("config", "uploadpack.allowFilter", "true", at=tmp_path / "source")
    for name in ("modules", "empty"):
        git("submodule", "--quiet", "add", str(tmp_path / "source"), "lib", at=tmp_path / name)
    for name in names:
        git("add", "--all", at=tmp_path / name)
        git("commit", "-q", "--allow-empty", "-m", "more", at=tmp_path / name)
    (tmp_path / "empty/.git/modules").rename(tmp_path / "elsewhere")
    (tmp_path / "source/file").write_text("other\n")
    git("checkout", "-q", "-b", "side", at=tmp_path / "source")
    git("commit", "-qam", "other", at=tmp_path / "source")
    git("clone", "-q", "--filter=blob:none", (tmp_path / "source").as_uri(), "partial", at=tmp_path)
    git("branch", "main", "origin/main", at=tmp_path / "partial")
    lines = (f"  {name}: {{path: {tmp_path / name}}}\n" for name in ("filtered", "modules", "empty", "partial"))

    found = await looked(tmp_path, yaml=f"repositories:\n{''.join(lines)}")

    filtered = named(found, "Repository filtered")
    assert (filtered.status, "git filter lfs (.gitattributes on main)" in filtered.text) == ("fail", True)
    partial = named(found, "Repository partial")
    assert (partial.status, "lacks" in partial.text, "fetch --refetch origin" in partial.remedy) == ("fail", True, True)
    modules = named(found, "Repository modules")
    assert (modules.status, modules.text) == ("warn", "it has submodules (lib).")
    empty = named(found, "Repository empty")
    assert (empty.status, "submodules lib are empty folders" in empty.text) == ("warn", True)


async def test_what_a_run_in_one_repository_needs_is_a_line_each(tmp_path: Path) -> None:
    await asyncio.to_thread(make_repository, tmp_path / "shop")
    (tmp_path / "ompycord.yml").write_text(
        f"data_dir: {tmp_path / 'data'}\n"
        f"repositories: {{shop: {{path: {tmp_path / 'shop'}, secrets: {{HUNTER2: [setup]}}}},\n"
        "  far: {address: 'http://127.0.0.1:1/x.git'}}\n"
        "agents: {tidy: {kind: command, command: [no-such-agent], sandbox: {minimum: none}}}\n"
    )
    done = await ompycord("doctor", "--repository", "shop", "--json", folder=tmp_path)
    found = {one["name"]: one for one in json.loads(done.out)["findings"]}
    assert done.code == 1
    assert [found[name]["status"] for name in ("repository", "base", "clean", "disk")] == ["ok"] * 4
    assert (found["credentials"]["status"], found["agent"]["status"]) == ("fail", "fail")
    assert "no-such-agent" in found["agent"]["text"]
    assert not (tmp_path / "data").exists(), "it changed something"
    far = await ompycord("doctor", "--repository", "far", folder=tmp_path)
    assert (far.code, "✗ repository: " in far.out) == (1, True)
    unknown = await ompycord("doctor", "--repository", "none", folder=tmp_path)
    assert (unknown.code, "Choose one of: shop, far." in unknown.out) == (1, True)


async def test_the_built_in_agent_is_offered_where_there_is_a_provider_and_no_program(tmp_path: Path) -> None:
    provider = "providers: {ollama: {kind: ollama, models: [m-1]}}\n"
    without = await looked(tmp_path, PATH="/nowhere")
    offered = await looked(tmp_path, yaml=provider, PATH="/nowhere")
    there = await looked(tmp_path, yaml=f"{provider}agents: {{native: {{kind: native}}}}\n", PATH="/nowhere")
    alone = await looked(tmp_path, yaml="agents: {native: {kind: native}}\n", PATH="/nowhere")
    words = "The built-in agent needs none: agents: {native: {kind: native}}"
    assert [words in named(one, "Agents on the PATH").text for one in (without, offered, there)] == [False, True, False]
    texts = [one.text for one in there if one.name == "Agent native"]
    assert "built in; asks models by Ompycord, and its tools hold no key and no token" in texts
    refused = next(one for one in alone if one.name == "Agent native")
    assert (refused.status, "no provider is configured" in refused.text) == ("fail", True)
