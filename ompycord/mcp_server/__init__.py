"""MCP on the sidecar: what an agent may ask of its run and of people. The SDK is imported on the first request only."""

from ompycord.mcp_server.desk import Answer, Desk, TaskView
from ompycord.mcp_server.mount import McpMount

__all__ = ["Answer", "Desk", "McpMount", "TaskView"]
