"""The simulated agent that ships with the product: its adapter, and the program that this starts."""

from ompycord.agents.rehearsal.adapter import AGENT, RehearsalAgent, RehearsalOptions

__all__ = ["AGENT", "RehearsalAgent", "RehearsalOptions"]
