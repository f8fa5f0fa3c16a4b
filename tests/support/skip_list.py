"""Which tests may skip, and why: reads tests/expected_skips.txt and compares a session with it.

Counterpart: tests/conftest.py.

A line is `<class> | <test id>`. The class is what stands before the first colon of the reason that pytest prints. Lines
of the class `shared` hold where the reference data is missing; all others hold on the machine that runs `.ci/run`.
"""

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final, NamedTuple

__all__ = ["SHARED_CLASS", "Skip", "differences", "read_expected"]

SHARED_CLASS: Final = "shared"


class Skip(NamedTuple):
    """One test that was skipped."""

    kind: str
    """The class of the reason."""
    test: str

    @classmethod
    def of(cls, test: str, reason: str) -> "Skip":
        """From pytest's words, `Skipped: shared: the data is missing`."""
        return cls(reason.removeprefix("Skipped: ").split(":")[0].strip(), test)


def read_expected(file: Path, *, has_shared: bool) -> frozenset[Skip]:
    """The list that holds on this machine. Raises ValueError for a line without both parts."""
    skips: set[Skip] = set()
    for line in file.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        kind, bar, test = line.partition(" | ")
        if not bar:
            raise ValueError(f"{file.name}: {line!r} is not `<class> | <test id>`.")
        skips.add(Skip(kind.strip(), test.strip()))
    return frozenset(skip for skip in skips if not (has_shared and skip.kind == SHARED_CLASS))


def differences(
    expected: AbstractSet[Skip], skipped: AbstractSet[Skip], ran: AbstractSet[str], *, is_whole: bool
) -> list[str]:
    """A sentence for each difference. Of a part of the suite only what was reached is judged."""
    reached = {skip.test for skip in skipped} | ran
    surplus = [f"skipped, but not on the list: {kind} | {test}" for kind, test in sorted(skipped - expected)]
    missing = [
        f"on the list, but {'it ran' if test in ran else 'not skipped so'}: {kind} | {test}"
        for kind, test in sorted(expected - skipped)
        if is_whole or test in reached
    ]
    return [*surplus, *missing]
