"""Finds the same one to six steps over and over at the end of an agent's work; pure.

Counterpart: `waiting.py`, which knows the steps that are no loop while they go on.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.guardian.fingerprints import ToolStep
from ompycord.domain.guardian.options import GuardianOptions
from ompycord.domain.guardian.verdicts import LoopVerdict, quoted_list

__all__ = ["LONGEST", "find_cycle", "most_steps"]

LONGEST: Final = 6
"""Steps of the longest cycle that is looked for."""
_LEAST_POLLS: Final = 3
_MINUTE_MS: Final = 60_000


def most_steps(options: GuardianOptions) -> int:
    """How many steps `find_cycle` reads at most, the clock of waiting aside."""
    most = max(options.max_repeats, options.max_cycles, options.max_reruns, options.max_unknown)
    return most * LONGEST


def find_cycle(steps: Sequence[ToolStep], options: GuardianOptions) -> LoopVerdict | None:
    """The shortest cycle at the end of `steps`, the latest last; None where there is none that counts."""
    for period in range(1, LONGEST + 1):
        unit = steps[-period:]
        if len(unit) < period or not _is_primitive(unit):
            continue
        found = _judge(steps, unit, _repeats(steps, period), options)
        if found is not None:
            return found
    return None


def _repeats(steps: Sequence[ToolStep], period: int) -> int:
    """How often the last `period` steps stand one after the other at the end."""
    same = 0
    for index in range(len(steps) - 1, period - 1, -1):
        if steps[index].fingerprint != steps[index - period].fingerprint:
            break
        same += 1
    return 1 + same // period


def _is_primitive(unit: Sequence[ToolStep]) -> bool:
    """Whether the unit is no repetition of a shorter one, which is judged by itself."""
    prints = [step.fingerprint for step in unit]
    return not any(
        len(prints) % part == 0 and prints == prints[:part] * (len(prints) // part) for part in range(1, len(prints))
    )


def _judge(
    steps: Sequence[ToolStep], unit: Sequence[ToolStep], repeated: int, options: GuardianOptions
) -> LoopVerdict | None:
    if any(step.is_waiting for step in unit):
        return _judge_waiting(steps, unit, repeated, options)
    if repeated < _allowed(unit, options):
        return None
    names = quoted_list([step.words for step in unit])
    length = repeated * len(unit)
    if len(unit) == 1:
        how = "failed the same way" if unit[0].is_error else "had the same result"
        known = f"and {how} every time" if unit[0].is_known else "and nothing is known to have come of it"
        return LoopVerdict("repeat", f"{names} was used {repeated} times in a row {known}.", length)
    evidence = f"The same {len(unit)} steps were taken {repeated} times in a row with the same results: {names}."
    return LoopVerdict("cycle", evidence, length)


def _allowed(unit: Sequence[ToolStep], options: GuardianOptions) -> int:
    """How often a unit may stand one after the other before it is a loop."""
    most = options.max_repeats if len(unit) == 1 else options.max_cycles
    if not all(step.is_known for step in unit):
        most = max(most, options.max_unknown)
    if all(step.is_test for step in unit):
        most = max(most, options.max_reruns)
    return most


def _judge_waiting(
    steps: Sequence[ToolStep], unit: Sequence[ToolStep], repeated: int, options: GuardianOptions
) -> LoopVerdict | None:
    """Waiting with the same output is bounded by the clock, not by how often it is looked at."""
    length = repeated * len(unit)
    waited = steps[-1].at - steps[-length].at
    if repeated < _LEAST_POLLS or waited < options.waiting_minutes * _MINUTE_MS:
        return None
    names = quoted_list([step.words for step in unit])
    evidence = f"{names} was looked at {repeated} times in {waited // _MINUTE_MS} minutes and nothing changed."
    return LoopVerdict("waiting", evidence, length)
