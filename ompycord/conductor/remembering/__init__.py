"""What an agent wants to be remembered: proposed by it, decided by people. The memory itself is a port."""

from ompycord.conductor.remembering.lessons import Lessons

__all__ = ["Lessons"]
