"""Months of archived events, and old rows of the record, that an erasure could not reach: their files were not as made.

The file `erased_unreached` of the data folder, a line each: the pseudonym and what the file has. Like `erased` it is in
no backup, and says nothing of whom it is about.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from ompycord.files import replace_file

__all__ = ["Unreached", "note_unreached", "read_unreached"]

_FILE: Final = "erased_unreached"


class Unreached(NamedTuple):
    """Somebody who may still stand in a file, once that is back."""

    pseudonym: str
    of: str
    """What the file has: a month as `2027-03`, or `rows 1 to 5000 of the record`."""


def read_unreached(data: Path) -> frozenset[Unreached]:
    """All that are open. Raises OSError."""
    try:
        lines = (data / _FILE).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return frozenset()
    return frozenset(Unreached(*line.split(" ", 1)) for line in lines if " " in line)


def note_unreached(data: Path, pseudonym: str, files: Iterable[str]) -> None:
    """What an erasure of somebody has left, in place of what an earlier one had. Raises OSError."""
    known = read_unreached(data)
    now = frozenset(one for one in known if one.pseudonym != pseudonym)
    now |= {Unreached(pseudonym, of) for of in files}
    if now != known:
        replace_file(data / _FILE, "".join(f"{one.pseudonym} {one.of}\n" for one in sorted(now)))
