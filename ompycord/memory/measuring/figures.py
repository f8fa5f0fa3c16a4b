"""How well questions were answered: recall at some places, mean reciprocal rank; pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

__all__ = ["Figures", "figures_of"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares of the right answers among the first ones, in the mean over all questions; 0 to 1."""

    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    reciprocal_rank: float


def figures_of(answered: Sequence[tuple[Sequence[str], Collection[str]]]) -> Figures:
    """`answered` has for each question what was found, the best first, and what is right.

    A question is answered at a place where one right answer stands at it or before: several commits of one change
    answer as well as one.
    """
    ranks = [next((place for place, one in enumerate(found, 1) if one in right), 0) for found, right in answered]
    number = max(len(ranks), 1)

    def recall(most: int) -> float:
        return sum(0 < rank <= most for rank in ranks) / number

    return Figures(recall(1), recall(5), recall(10), sum(1 / rank for rank in ranks if rank) / number)
