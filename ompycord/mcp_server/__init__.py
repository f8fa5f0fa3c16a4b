"""MCP on the sidecar: what an agent may ask of its run and of people. The SDK is imported on the first request only."""

from ompycord.mcp_server.mount import McpMount
from ompycord.mcp_server.tool_service import Answer, TaskView, ToolService

__all__ = ["Answer", "McpMount", "TaskView", "ToolService"]
