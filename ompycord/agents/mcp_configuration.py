"""Our MCP tools for agents that get them by a configuration of their own.

Over the Agent Client Protocol `acp.py` names them. The key is in the agent's environment and in no file and no argument
list.
"""

import json
import sys
from contextlib import suppress
from typing import Final

from ompycord.agents.level import layout_of
from ompycord.domain.ports import AgentJob
from ompycord.processes.safe_open import NotGranted, safe_write

__all__ = ["claude_arguments", "configure_omp"]

_OMP: Final = (".omp", "agent", "mcp.json")


def _servers(job: AgentJob) -> str | None:
    """The configuration; None where the run has no sidecar."""
    url = job.env.get("OMPYCORD_MCP_URL")
    if not url or "OMPYCORD_KEY" not in job.env:
        return None
    headers = {"Authorization": "Bearer ${OMPYCORD_KEY}"}
    return json.dumps({"mcpServers": {"ompycord": {"type": "http", "url": url, "headers": headers}}})


def claude_arguments(job: AgentJob) -> tuple[str, ...]:
    """The arguments for Claude Code, which needs no approval to ask people."""
    servers = _servers(job)
    return ("--mcp-config", servers, "--allowedTools", "mcp__ompycord") if servers else ()


def configure_omp(job: AgentJob) -> None:
    """Writes a file in the HOME that oh-my-pi has here. One that is granted from the user's own stays as it is.

    Blocks.
    """
    servers, home = _servers(job), layout_of(job).home
    if servers is None or sys.platform == "win32":
        return
    home.mkdir(parents=True, exist_ok=True)
    with suppress(OSError, NotGranted):  # a link on the way: it is granted, or the agent planted it
        safe_write(home, _OMP, servers.encode())
