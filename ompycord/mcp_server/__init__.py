"""MCP on the sidecar: what an agent may ask of its run and of people. The SDK is imported once it is needed."""

from ompycord.mcp_server.mount import McpMount
from ompycord.mcp_server.tool_service import TaskView, ToolAnswer, ToolService

__all__ = ["McpMount", "TaskView", "ToolAnswer", "ToolService"]
