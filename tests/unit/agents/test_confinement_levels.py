"""Which level of confinement is good enough for which agent."""

import pytest

from ompycord.domain.repository import ConfinementLevel
from ompycord.processes.launcher_port import reaches

STRONGEST_FIRST: list[ConfinementLevel] = ["full", "files+net", "files", "container", "none"]


@pytest.mark.parametrize("minimum", STRONGEST_FIRST)
def test_a_level_reaches_itself_and_all_that_are_weaker(minimum: ConfinementLevel) -> None:
    enough = [level for level in STRONGEST_FIRST if reaches(level, minimum)]
    assert enough == STRONGEST_FIRST[: STRONGEST_FIRST.index(minimum) + 1]
