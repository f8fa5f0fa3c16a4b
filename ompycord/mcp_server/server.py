"""The MCP server itself; the only importer of the `mcp` package, loaded by `mount.py` on the first request."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, TypeVar

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import Field
from starlette.applications import Starlette

from ompycord.domain.ids import RunId
from ompycord.errors import BadEvent, Refused
from ompycord.mcp_server.desk import Answer, Desk, TaskView

__all__ = ["build"]

Authenticate = Callable[[Mapping[str, str]], RunId | None]

INSTRUCTIONS = (
    "You work for a team that watches you on Discord. get_task tells what is asked; post_update shows a sentence on your card; "
    "ask_human puts a question to people, request_approval asks for leave to act; both return a ticket, and while its status is "
    "waiting, call wait_answer with the ticket."
)

Option = Annotated[str, Field(min_length=1, max_length=80)]
WaitSeconds = Annotated[float, Field(ge=0, le=25, description="How long to wait for the answer, at most 25 seconds")]


def build(desk: Desk, authenticate: Authenticate, *, version: str) -> tuple[MCPServer, Starlette]:
    """The server with its tools, and the ASGI app that speaks streamable HTTP at its root."""
    server = MCPServer("ompycord", title="Ompycord", version=version, instructions=INSTRUCTIONS, log_level="WARNING")

    def run_of(context: Context) -> RunId:
        run = authenticate(context.headers or {})
        if run is None:
            raise ToolError("This key speaks for no run, or its run has ended.")
        return run

    @server.tool(title="Read the task")
    async def get_task(ctx: Context) -> TaskView:
        """What you are asked to do, in which repository, and when it counts as done."""
        return await _said(desk.task(run_of(ctx)))

    @server.tool(title="Post an update")
    async def post_update(text: Annotated[str, Field(min_length=1, max_length=2000)], ctx: Context) -> str:
        """Show one sentence about your progress on your card. People read it; it pings nobody."""
        await _said(desk.post_update(run_of(ctx), text))
        return "Shown."

    @server.tool(title="Ask people")
    async def ask_human(
        question: Annotated[str, Field(min_length=1, max_length=4000)],
        ctx: Context,
        options: Annotated[list[Option], Field(max_length=20)] = [],  # noqa: B006  # copied by the SDK's model
        free_text: bool = True,
        wait_s: WaitSeconds = 20.0,
    ) -> Answer:
        """Ask the people who watch you. Give options where you can: they become buttons. Returns a ticket, maybe the answer."""
        return await _said(desk.ask(run_of(ctx), question, tuple(options), free_text=free_text, wait_s=wait_s))

    @server.tool(title="Ask for leave")
    async def request_approval(
        title: Annotated[str, Field(min_length=1, max_length=500)],
        ctx: Context,
        command: Annotated[str | None, Field(max_length=32_000)] = None,
        risk: Annotated[str | None, Field(max_length=128)] = None,
        wait_s: WaitSeconds = 20.0,
    ) -> Answer:
        """Ask for leave before you do something risky; give the whole command. Go on only if the answer begins with allowed."""
        return await _said(desk.request_approval(run_of(ctx), title, command=command, risk=risk, wait_s=wait_s))

    @server.tool(title="Wait for an answer")
    async def wait_answer(ticket: str, ctx: Context, wait_s: WaitSeconds = 20.0) -> Answer:
        """Wait for the answer to a question or a request of yours. Call it again while the status is waiting."""
        return await _said(desk.wait(run_of(ctx), ticket, wait_s=wait_s))

    app = server.streamable_http_app(
        streamable_http_path="/",
        stateless_http=True,
        json_response=True,
        # The sidecar checked Host and Origin before us.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return server, app


T = TypeVar("T")


async def _said(call: Awaitable[T]) -> T:
    """A refusal becomes the tool's error, in its own words."""
    try:
        return await call
    except (Refused, BadEvent) as error:
        raise ToolError(str(error)) from error
