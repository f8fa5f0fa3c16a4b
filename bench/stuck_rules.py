"""The five rules by which OpenHands finds an agent that is stuck, as they are known, for comparison; not a part of the
product.

After https://github.com/All-Hands-AI/OpenHands, `openhands/controller/stuck.py`: four equal pairs of action and
observation; three equal actions with an error each; three equal messages with nothing between; A, B, A, B, A, B; ten
condensations of the context in a row. Commands are compared by their words and exit codes there. Rounds of checks and
states of files are not looked at; no trajectory here has a condensation, so the fifth rule is never tried.
"""

from collections.abc import Sequence
from typing import Final

from bench.trajectories import Action, Entry, Talk

__all__ = ["is_stuck"]

_SHELLS: Final = frozenset({"bash", "shell", "execute"})
_SAME, _ERRORS, _MESSAGES, _ALTERNATING = 4, 3, 3, 6


def is_stuck(entries: Sequence[Entry]) -> bool:
    """Whether one of the rules holds at the end of `entries`."""
    if entries and isinstance(entries[-1], Talk):
        last = entries[-_MESSAGES:]
        texts = {entry.text for entry in last if isinstance(entry, Talk)}
        return len(last) == _MESSAGES and len(texts) == 1 and all(isinstance(entry, Talk) for entry in last)
    actions = [entry for entry in entries if isinstance(entry, Action)][-_ALTERNATING:]
    return _is_same(actions) or _is_failing(actions) or _alternates(actions)


def _is_same(actions: Sequence[Action]) -> bool:
    last = actions[-_SAME:]
    return len(last) == _SAME and len({(_did(one), _saw(one)) for one in last}) == 1


def _is_failing(actions: Sequence[Action]) -> bool:
    last = actions[-_ERRORS:]
    return len(last) == _ERRORS and len({_did(one) for one in last}) == 1 and not any(one.ok for one in last)


def _alternates(actions: Sequence[Action]) -> bool:
    if len(actions) < _ALTERNATING:
        return False
    pairs = [(_did(one), _saw(one)) for one in actions]
    return len(set(pairs[::2])) == 1 and len(set(pairs[1::2])) == 1


def _did(action: Action) -> tuple[str, ...]:
    return (action.tool, *sorted(f"{name}={value}" for name, value in action.arguments.items()))


def _saw(action: Action) -> object:
    return action.ok if action.tool in _SHELLS else (action.ok, action.output)
