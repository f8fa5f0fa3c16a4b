"""Other work of a repository that changes the same files: found after each collection, and what people say to it."""

from ompycord.conductor.overlaps.decisions import OverlapDecisions
from ompycord.conductor.overlaps.other_work import OtherWorks
from ompycord.conductor.overlaps.watch import OverlapWatch

__all__ = ["OtherWorks", "OverlapDecisions", "OverlapWatch"]
