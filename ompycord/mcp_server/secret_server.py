"""The tool with which an agent asks people for a secret; loaded with `server.py`."""

from collections.abc import Callable
from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from mcp.types import ToolAnnotations
from pydantic import Field

from ompycord.conductor.secret_requests import SecretRequests
from ompycord.domain.ids import RunId
from ompycord.mcp_server.calls import call_tool

__all__ = ["add_secrets"]


def add_secrets(
    server: MCPServer, requests: SecretRequests, run_of: Callable[[Context], RunId], *, adds: ToolAnnotations
) -> None:
    """Add it."""

    @server.tool(title="Ask for a secret", annotations=adds, structured_output=False)
    async def request_secret(
        name: Annotated[str, Field(min_length=2, max_length=64, description="A variable's name, such as NPM_TOKEN")],
        why: Annotated[str, Field(min_length=1, max_length=1000)],
        ctx: Context,
    ) -> str:
        """Ask people for a password, token or key that you need for your task, and say why.

        Your run is paused meanwhile, and you are started again with it in your environment, or with a refusal. It is
        for that start alone. Call it last: what you do after it may be lost.
        """
        return await call_tool(requests.request(run_of(ctx), name, why))
