"""The simulated agent that ships with the product: its adapter, and the program that this starts."""

from ompycord.agents.rehearsal.adapter import RehearsalAgent

__all__ = ["RehearsalAgent"]
