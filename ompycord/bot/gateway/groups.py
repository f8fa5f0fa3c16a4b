"""What `bot.py` and `session.py` need beside TaskGroup.

They need the error that a caller was promised, and an order to end that is not lost.
"""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import TypeVar

__all__ = ["expected_error", "run_to_completion"]

E = TypeVar("E", bound=BaseException)


def expected_error(group: BaseExceptionGroup[BaseException], *kinds: type[E]) -> E | None:
    """The error of the earliest of these kinds.

    None where another error is among them, since that must not be hidden.
    """
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


async def run_to_completion(work: Coroutine[None, None, None], *, passes_on: bool) -> None:
    """Await it in a task of its own until it ends, even when the caller is cancelled in between.

    `passes_on`: then it is cancelled too. A group of tasks that fails in the very moment in which it is cancelled
    raises its errors alone: awaited directly, the order to end would be lost with it (a bot that connects again instead
    of ending). Raises what it raises.
    """
    running = asyncio.create_task(work)  # noqa: TID251  # both ways out of here wait for its end
    try:
        await asyncio.wait([running])
    except asyncio.CancelledError:
        if passes_on:
            running.cancel()
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # retrieved, so that asyncio does not report it
        raise
    running.result()
