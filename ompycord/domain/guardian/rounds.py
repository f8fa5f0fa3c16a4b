"""Judges rounds of checks and repairs: whether the next one can be expected to be better; pure.

Counterpart: `cycles.py`, which judges single steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ompycord.domain.guardian.masks import mask_result
from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.guardian.verdicts import LoopVerdict, quoted_list

__all__ = ["CheckRound", "find_stuck_rounds"]


@dataclass(frozen=True, slots=True)
class CheckRound:
    """One round of checks that failed."""

    tree: str | None
    """The id of the result's tree; None where it is not known, which is then the same as no other."""
    failing: frozenset[str]
    """The ids of what fails; what is known of them."""
    error: str = ""
    """The first error, as the check reported it."""
    count: int | None = None
    """How many fail, where more do than are named."""

    @property
    def failures(self) -> int:
        """How many fail, at least one."""
        return max(1, len(self.failing), self.count or 0)


def find_stuck_rounds(rounds: Sequence[CheckRound], options: GuardianOptions) -> LoopVerdict | None:
    """Judge all failed rounds so far, the latest last; None while another one makes sense.

    Files that equal those of the round just before are a repair that changed nothing; that alone is allowed until
    `max_same_rounds`.
    """
    return _same(rounds, options) or _returned(rounds) or _without_gain(rounds, options)


def _same(rounds: Sequence[CheckRound], options: GuardianOptions) -> LoopVerdict | None:
    last = rounds[-options.max_same_rounds :]
    if len(last) < options.max_same_rounds or last[-1].tree is None:
        return None
    if len({(one.tree, one.failing, mask_result(one.error)) for one in last}) > 1:
        return None
    names = quoted_list(sorted(last[-1].failing)) or "the same check"
    evidence = f"The last {len(last)} rounds had the same files and failed with the same error: {names}."
    return LoopVerdict("same_round", evidence, len(last))


def _returned(rounds: Sequence[CheckRound]) -> LoopVerdict | None:
    if len(rounds) < 3 or rounds[-1].tree is None or rounds[-1].tree == rounds[-2].tree:  # noqa: PLR2004  # A, B, A
        return None
    earlier = next((at for at, one in enumerate(rounds[:-2]) if one.tree == rounds[-1].tree), None)
    if earlier is None:
        return None
    evidence = f"After round {len(rounds)} the files are exactly as they were after round {earlier + 1}, which failed."
    return LoopVerdict("files_return", evidence, len(rounds) - earlier)


def _without_gain(rounds: Sequence[CheckRound], options: GuardianOptions) -> LoopVerdict | None:
    most = options.max_rounds_without_gain
    if len(rounds) <= most:
        return None
    best = min(one.failures for one in rounds[:-most])
    last = [one.failures for one in rounds[-most:]]
    if min(last) < best:
        return None
    numbers = ", ".join(str(one) for one in last)
    evidence = f"In the last {most} rounds no fewer tests failed than the {best} of before: {numbers}."
    return LoopVerdict("no_gain", evidence, most)
