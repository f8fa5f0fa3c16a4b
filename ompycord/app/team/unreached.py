"""Months of archived events that an erasure could not reach, since their files were gone or damaged.

The file `erased_unreached` of the data folder, a line each: the pseudonym and the month. Like `erased` it is in no
backup, and says nothing of whom it is about.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.files import replace_file

__all__ = ["Unreached", "note_unreached", "read_unreached"]

_FILE: Final = "erased_unreached"


class Unreached(NamedTuple):
    """Somebody who may still stand in the file of a month, once that is back."""

    pseudonym: str
    month: str


def read_unreached(data: Path) -> frozenset[Unreached]:
    """All that are open. Raises OSError."""
    try:
        lines = (data / _FILE).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return frozenset()
    return frozenset(Unreached(*line.split(" ", 1)) for line in lines if " " in line)


def note_unreached(data: Path, pseudonym: str, months: Iterable[str]) -> None:
    """What an erasure of somebody has left, in place of what an earlier one had. Raises OSError."""
    known = read_unreached(data)
    now = frozenset(one for one in known if one.pseudonym != pseudonym)
    now |= {Unreached(pseudonym, month) for month in months}
    if now != known:
        replace_file(data / _FILE, "".join(f"{one.pseudonym} {one.month}\n" for one in sorted(now)))
