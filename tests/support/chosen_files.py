"""Which files need not be imported for a run of marked tests, because none of their tests can be chosen."""

import re
from pathlib import Path
from typing import Final

__all__ = ["LONG_BY_THEMSELVES", "RARE", "names", "nothing_is_chosen", "rare_marks_of"]

LONG_BY_THEMSELVES: Final = ("chromium", "clients", "agents")
RARE: Final = frozenset({*LONG_BY_THEMSELVES, "long", "examples", "soak"})
"""Marks that few files have, each of which names them where it has them."""
_MARKS_OF_THE_FILE: Final = re.compile(r"^pytestmark = .*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def nothing_is_chosen(file: Path, expression: str) -> bool:
    """Whether `-m expression` chooses no test of this file, as its text says; False where that is not sure.

    Of the usual run those are files that are long as a whole, and of a run of rare marks those that name none of them.
    """
    if "not long" in expression:
        marks = _MARKS_OF_THE_FILE.search(file.read_text("utf-8"))
        return marks is not None and names(marks[0], {*LONG_BY_THEMSELVES, "long"})
    wanted = rare_marks_of(expression)
    return bool(wanted) and not names(file.read_text("utf-8"), wanted)


def rare_marks_of(expression: str) -> frozenset[str]:
    """The marks of which each test that `-m expression` chooses has one; empty where there are no such marks.

    Each alternative must begin with a rare mark: `(long and not soak) or examples`.
    """
    first = frozenset(re.split(r"\W+", one.lstrip("( "), maxsplit=1)[0] for one in expression.split(" or "))
    if not first <= RARE:
        return frozenset()
    return first | frozenset(LONG_BY_THEMSELVES) if "long" in first else first


def names(text: str, marks: frozenset[str] | set[str]) -> bool:
    """Whether a file's text puts one of these marks on something."""
    return re.search(rf"\bpytest\.mark\.({'|'.join(sorted(marks))})\b", text) is not None
