"""A tool's call with its refusals as words for an agent; shared by `server.py` and `memory_server.py`."""

from collections.abc import Awaitable
from typing import TypeVar

from mcp.server.mcpserver.exceptions import ToolError

from ompycord.errors import BadEvent, Refused
from ompycord.render.refusals import Audience, refusal_words

__all__ = ["call_tool"]

T = TypeVar("T")


async def call_tool(call: Awaitable[T]) -> T:
    """Turn a refusal into the tool's error: words for an agent, and the code in brackets."""
    try:
        return await call
    except Refused as error:
        raise ToolError(f"{refusal_words(error, Audience.AGENT)} [{error.code}]") from error
    except BadEvent as error:
        raise ToolError(f"{error} [{error.slug}]") from error
