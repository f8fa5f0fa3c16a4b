"""Copies of a result for agents that only read; what they changed all the same is found file by file."""

from ompycord.workspaces.reading.copy import FileCopy

__all__ = ["FileCopy"]
