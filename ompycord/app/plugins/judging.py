"""What a rule finds of code that is not ours, tried in an event loop of its own; shared by the rules of each kind."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from ompycord.notify.own_loop import OwnLoop

__all__ = ["Broken", "why_broken"]


class Broken(Exception):  # between a rule and its judge
    """Why a rule is not kept."""


async def why_broken(act: Callable[[], Awaitable[None]], *, wait_s: float) -> str | None:
    """What its code does wrong, in a loop of its own: what never ends there must not keep the command."""
    own = OwnLoop(name="plugin check")
    acting = own.begin(act)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await acting.wait()
    acting.cancel()
    is_ended = await own.end()
    outcome = acting.outcome
    if isinstance(error := outcome.error if outcome is not None else None, Broken):
        return str(error)
    if outcome is None or not is_ended:
        return f"it went on for {wait_s:.0f} s" if outcome is None else "it leaves something behind that does not end"
    return None if error is None else f"it raised {type(error).__name__}: {error}"[:300]
