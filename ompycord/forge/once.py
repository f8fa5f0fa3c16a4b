"""Two ways to ask a forge: what would be there twice is looked up first, and names are tried one by one."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from ompycord.domain.ports import Clock
from ompycord.errors import ForgeFailed, ForgeNotNow, ForgeUnanswered
from ompycord.forge.client import PAUSE_S, TRIES

__all__ = ["made_once", "opened_once", "refused_of"]

T = TypeVar("T")


async def made_once(clock: Clock, *, find: Callable[[], Awaitable[T | None]], make: Callable[[], Awaitable[T]]) -> T:
    """What `find` finds, else what `make` makes. After an answer that was lost it is looked for before a repeat."""
    for attempt in range(1, TRIES + 1):
        there = await find()
        if there is not None:
            return there
        try:
            return await make()
        except ForgeUnanswered:
            if attempt == TRIES:
                raise
            await clock.sleep(PAUSE_S * attempt)
    raise AssertionError("unreachable")


async def opened_once(clock: Clock, *, find: Callable[[], Awaitable[T | None]], make: Callable[[], Awaitable[T]]) -> T:
    """The same of what the forge itself lets be there once: its list may have it only after it said so."""

    async def made() -> T:
        try:
            return await make()
        except ForgeFailed as error:
            there = await find() if error.fault == "exists" else None
            if there is None:
                raise
            return there

    return await made_once(clock, find=find, make=made)


async def refused_of(names: Iterable[str], put: Callable[[str], Awaitable[bool]]) -> list[str]:
    """Those of the names that the forge refuses. Raises ForgeNotNow: while it takes no requests no name is wrong."""
    refused: list[str] = []
    for name in names:
        try:
            is_there = await put(name)
        except ForgeNotNow:
            raise
        except ForgeFailed:
            is_there = False
        if not is_there:
            refused.append(name)
    return refused
