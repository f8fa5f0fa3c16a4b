"""Finds files that go back and forth between two states although the steps differ; pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from ompycord.domain.guardian.fingerprints import ToolStep
from ompycord.domain.guardian.verdicts import LoopVerdict, quoted_list

__all__ = ["find_alternation"]

_STATES: Final = 4
"""A, B, A, B: a change that was taken back, made again, and taken back again."""


class _Reached(NamedTuple):
    """A state of the files, the step that led to it, and how many steps ago that was."""

    tree: str
    step: ToolStep
    ago: int


def find_alternation(steps: Sequence[ToolStep]) -> LoopVerdict | None:
    """Whether the last four states of the files are A, B, A, B; steps that changed nothing do not count."""
    states: list[_Reached] = []
    for ago, step in enumerate(reversed(steps), start=1):
        if step.tree is None:
            continue
        if states and states[-1].tree == step.tree:
            states[-1] = _Reached(step.tree, step, ago)
        elif len(states) == _STATES:
            break
        else:
            states.append(_Reached(step.tree, step, ago))
    if len(states) < _STATES or (states[0].tree, states[1].tree) != (states[2].tree, states[3].tree):
        return None
    words = quoted_list([states[1].step.words, states[0].step.words])
    evidence = f"The files go back and forth between the same two states; the last changes were {words}."
    return LoopVerdict("files_alternate", evidence, states[-1].ago)
