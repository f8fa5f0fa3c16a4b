"""What the product has, what a journey reached of it, and the committed list of what it did not.

`tests/e2e/not_reached.txt`.

A line is `kind | name | why`. The comparison goes both ways: what is missing there is told, and so is what stands there
and was reached.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Literal

__all__ = ["Kind", "judge", "listed"]

Kind = Literal["command", "option", "action", "route", "metric", "setting", "cli"]
LIST = Path(__file__).parents[1] / "not_reached.txt"


def listed(kind: Kind) -> dict[str, str]:
    """Name to reason."""
    lines = [line for line in LIST.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    rows = [[part.strip() for part in line.split("|")] for line in lines]
    assert all(len(row) == 3 and all(row) for row in rows), "a line is `kind | name | why`"
    return {name: why for named, name, why in rows if named == kind}


def judge(kind: Kind, known: Collection[str], reached: Collection[str]) -> None:
    """Print what was not reached, with its reason, and hold it against the list."""
    reasons = listed(kind)
    missed = set(known) - set(reached)
    for name in sorted(missed):
        print(f"not reached: {kind} | {name} | {reasons.get(name, 'no reason is given')}")  # noqa: T201  # the test's product
    assert set(reached) - set(known) == set(), "reached what there is not"
    assert missed == reasons.keys(), f"not_reached.txt and the journey differ in {sorted(missed ^ reasons.keys())}"
