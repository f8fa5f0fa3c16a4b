"""The built-in agent: a loop that asks models through Ompycord, and tools in a confined program of their own."""

from ompycord.agents.native.adapter import AGENT, NativeAgent, NativeOptions

__all__ = ["AGENT", "NativeAgent", "NativeOptions"]
