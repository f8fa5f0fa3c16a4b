"""A forge of another package, bounded: whatever its code does, its callers see ForgeFailed and nothing else.

Counterpart of `forge/kind.py`, which says what such a forge is given.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar, cast

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.errors import ForgeFailed, ForgeUnanswered
from ompycord.forge.made import FollowingForge, ProposingForge
from ompycord.telemetry import get_logger

__all__ = ["MOST_S", "guarded"]

MOST_S: Final = 300.0
"""Seconds that one call may take, with all that it repeats and waits for a limit of requests."""

F = TypeVar("F", ProposingForge, FollowingForge)

log = get_logger(__name__)


def guarded(make: Callable[[], F], *, spec: ForgeSpec, is_ours: bool, most_s: float = MOST_S) -> F:
    """What `make` makes; one that is not ours behind a guard. Raises ForgeFailed where it cannot be made."""
    if is_ours:
        return make()
    try:
        return cast("F", _Guarded(make(), spec, most_s))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # code that is not ours may raise anything
        raise _broken(spec, "made", error) from None


class _Guarded:
    """Has what the forge within has; its calls are bounded, and raise ForgeFailed alone."""

    def __init__(self, inner: object, spec: ForgeSpec, most_s: float) -> None:
        self._inner = inner
        self._spec = spec
        self._most_s = most_s

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name == "marks":
            return _Guarded(value, self._spec, self._most_s)
        return self._bounded(name, value) if inspect.isroutine(value) else value

    def _bounded(self, name: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*words: Any, **named: Any) -> Any:
            try:
                async with asyncio.timeout(self._most_s):
                    return await method(*words, **named)
            except ForgeFailed:
                raise
            except TimeoutError:
                slow = f"its kind of forge, {self._spec.kind}, took longer than {self._most_s:.0f} s. Retry later."
                raise ForgeUnanswered("unreachable", f"{self._spec.repository}: {slow}") from None
            except (Exception, SystemExit) as error:  # noqa: BLE001  # as above
                raise _broken(self._spec, name, error) from None

        return call


def _broken(spec: ForgeSpec, name: str, error: BaseException) -> ForgeFailed:
    """An error without what the code said: it may hold a credential."""
    log.warning("forge.plugin_failed", kind=spec.kind, call=name, error=type(error).__name__)
    words = f"its kind of forge, {spec.kind}, failed at {name} ({type(error).__name__})."
    return ForgeFailed("broken", f"{spec.repository}: {words} Tell its author: `ompycord plugin check {spec.kind}`.")
