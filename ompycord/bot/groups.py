"""Out of a task group's exception group, the one error that a caller is promised; counterpart of `session.py`, `bot.py`."""

from collections.abc import Iterator
from typing import TypeVar

__all__ = ["promised"]

E = TypeVar("E", bound=BaseException)


def promised(group: BaseExceptionGroup[BaseException], *kinds: type[E]) -> E | None:
    """The error of the earliest of these kinds; None where another error is among them, since that must not be hidden."""
    leaves = list(_leaves(group))
    known = [error for error in leaves if isinstance(error, kinds)]
    if len(known) < len(leaves):
        return None
    return min(known, key=lambda error: next(place for place, kind in enumerate(kinds) if isinstance(error, kind)))


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)  # pyright: ignore[reportUnknownArgumentType]  # its parameter is lost in the check
        else:
            yield error
