"""Plans of runs, as people decide on them."""

from ompycord.conductor.planning.plans import MOST_WORDS, Plans

__all__ = ["MOST_WORDS", "Plans"]
