"""How agents are told of our MCP tools: no key in a file or an argument, and nothing written through a link."""

import json
from pathlib import Path

import pytest

from ompycord.agents.mcp_configuration import claude_arguments, configure_omp
from tests.integration.agents.conftest import MakeJob

ENV = {"OMPYCORD_MCP_URL": "http://127.0.0.1:1/mcp/", "OMPYCORD_KEY": "ompk_secret"}


def test_claude_gets_them_as_an_argument_without_the_key(make_job: MakeJob) -> None:
    flag, servers, allow, tools = claude_arguments(make_job(env=ENV))
    assert (flag, allow, tools) == ("--mcp-config", "--allowedTools", "mcp__ompycord")
    server = json.loads(servers)["mcpServers"]["ompycord"]
    assert server["url"] == ENV["OMPYCORD_MCP_URL"]
    assert server["headers"] == {"Authorization": "Bearer ${OMPYCORD_KEY}"}
    assert claude_arguments(make_job(env={})) == ()


def test_omp_gets_them_in_its_own_home(make_job: MakeJob, clone: Path) -> None:
    configure_omp(make_job(env={}))
    assert not (clone.parent / "home").exists()
    configure_omp(make_job(env=ENV))
    text = (clone.parent / "home/.omp/agent/mcp.json").read_text(encoding="utf-8")
    assert json.loads(text)["mcpServers"]["ompycord"]["url"] == ENV["OMPYCORD_MCP_URL"]
    assert "ompk_secret" not in text


@pytest.mark.parametrize("link", [".omp", ".omp/agent", ".omp/agent/mcp.json"])
def test_nothing_is_written_through_a_link(make_job: MakeJob, clone: Path, link: str, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mcp.json").write_text("theirs", encoding="utf-8")
    at = clone.parent / "home" / link
    at.parent.mkdir(parents=True)
    at.symlink_to(outside / "mcp.json" if link.endswith(".json") else outside)
    configure_omp(make_job(env=ENV))
    assert (outside / "mcp.json").read_text(encoding="utf-8") == "theirs"
    assert [path.name for path in outside.iterdir()] == ["mcp.json"]
