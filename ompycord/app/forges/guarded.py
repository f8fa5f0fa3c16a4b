"""A forge of another package, bounded: whatever its code does, its callers see ForgeFailed and nothing else.

Counterpart of `forge/kind.py`, which says what such a forge is given.
"""

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar, cast

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.domain.ports import Clock
from ompycord.errors import ForgeFailed, ForgeUnanswered
from ompycord.forge.made import FollowingForge, ProposingForge
from ompycord.plugins.calls import PluginCalls, PluginFailed
from ompycord.telemetry import get_logger

__all__ = ["MOST_S", "guarded"]

MOST_S: Final = 300.0
"""Seconds that one call may take, with all that it repeats and waits for a limit of requests."""

F = TypeVar("F", ProposingForge, FollowingForge)

log = get_logger(__name__)


def guarded(make: Callable[[], F], *, spec: ForgeSpec, is_ours: bool, clock: Clock, most_s: float = MOST_S) -> F:
    """What `make` makes; one that is not ours behind a guard. Raises ForgeFailed where it cannot be made."""
    if is_ours:
        return make()
    try:
        made = make()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # code that is not ours may raise anything
        raise _broken(spec, "made", error) from None
    return cast("F", _Guarded(made, spec, PluginCalls(f"forge {spec.kind}", clock=clock), most_s))


class _Guarded:
    """Has what the forge within has; its calls are made in a loop of its own, bounded, and raise ForgeFailed alone."""

    def __init__(self, inner: Any, spec: ForgeSpec, calls: PluginCalls, most_s: float) -> None:
        self._inner = inner
        self._spec = spec
        self._calls = calls
        self._most_s = most_s

    async def close(self) -> None:
        """Close its connections, whatever its code does."""
        await self._calls.close(self._inner.close)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name == "marks":
            return _Guarded(value, self._spec, self._calls, self._most_s)
        return self._bounded(name, value) if inspect.isroutine(value) else value

    def _bounded(self, name: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*words: Any, **named: Any) -> Any:
            try:
                return await self._calls.call(partial(method, *words, **named), within_s=self._most_s)
            except PluginFailed as failed:
                raise self._failure(name, failed) from None

        return call

    def _failure(self, name: str, failed: PluginFailed) -> ForgeFailed:
        if isinstance(failed.raised, ForgeFailed):
            return failed.raised
        if failed.raised is not None:
            return _broken(self._spec, name, failed.raised)
        slow = f"its kind of forge, {self._spec.kind}, {failed}. Retry later."
        return ForgeUnanswered("unreachable", f"{self._spec.repository}: {slow}")


def _broken(spec: ForgeSpec, name: str, error: BaseException) -> ForgeFailed:
    """An error without what the code said: it may hold a credential."""
    log.warning("forge.plugin_failed", kind=spec.kind, call=name, error=type(error).__name__)
    words = f"its kind of forge, {spec.kind}, failed at {name} ({type(error).__name__})."
    return ForgeFailed("broken", f"{spec.repository}: {words} Tell its author: `ompycord plugin check {spec.kind}`.")
