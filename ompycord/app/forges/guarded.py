"""A forge of another package, bounded: whatever its code does, its callers see ForgeFailed and nothing else.

Counterpart of `forge/kind.py`, which says what such a forge is given.
"""

import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, TypeVar, cast

from ompycord.domain.configuration.forge_options import ForgeSpec
from ompycord.errors import ForgeFailed, ForgeUnanswered
from ompycord.forge.made import FollowingForge, ProposingForge
from ompycord.plugins.calls import PluginCalls, PluginFailed
from ompycord.telemetry import get_logger

__all__ = ["MOST_S", "F", "guarded"]

MOST_S: Final = 300.0
"""Seconds that one call may take, with all that it repeats and waits for a limit of requests."""

F = TypeVar("F", ProposingForge, FollowingForge)

log = get_logger(__name__)


def guarded(make: Callable[[], F], *, spec: ForgeSpec, calls: PluginCalls | None) -> F:
    """What `make` makes; behind a guard where `calls` makes its calls, and it is not ours.

    Raises ForgeFailed where it cannot be made, or a call of an earlier connection has not ended.
    """
    if calls is None:
        return make()
    if calls.is_busy:
        raise _unanswered(spec, "has not ended an earlier call")
    try:
        made = make()
    except (Exception, SystemExit) as error:  # noqa: BLE001  # code that is not ours may raise anything
        raise _broken(spec, "made", error) from None
    return cast("F", _Guarded(made, spec, calls))


class _Guarded:
    """Has what the forge within has; its calls are made in a loop of its own, bounded, and raise ForgeFailed alone."""

    def __init__(self, inner: Any, spec: ForgeSpec, calls: PluginCalls) -> None:
        self._inner = inner
        self._spec = spec
        self._calls = calls

    async def close(self) -> None:
        """Close its connections, whatever its code does."""
        await self._calls.close(self._inner.close)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name == "marks":
            return _Guarded(value, self._spec, self._calls)
        return self._bounded(name, value) if inspect.isroutine(value) else value

    def _bounded(self, name: str, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def call(*words: Any, **named: Any) -> Any:
            try:
                return await self._calls.call(partial(method, *words, **named), within_s=MOST_S)
            except PluginFailed as failed:
                raise self._failure(name, failed) from None

        return call

    def _failure(self, name: str, failed: PluginFailed) -> ForgeFailed:
        if isinstance(failed.raised, ForgeFailed):
            return failed.raised
        if failed.raised is not None:
            return _broken(self._spec, name, failed.raised)
        return _unanswered(self._spec, str(failed))


def _unanswered(spec: ForgeSpec, why: str) -> ForgeUnanswered:
    words = f"its kind of forge, {spec.kind}, {why}. Retry later."
    return ForgeUnanswered("unreachable", f"{spec.repository}: {words}")


def _broken(spec: ForgeSpec, name: str, error: BaseException) -> ForgeFailed:
    """An error without what the code said: it may hold a credential."""
    log.warning("forge.plugin_failed", kind=spec.kind, call=name, error=type(error).__name__)
    words = f"its kind of forge, {spec.kind}, failed at {name} ({type(error).__name__})."
    return ForgeFailed("broken", f"{spec.repository}: {words} Tell its author: `ompycord plugin check {spec.kind}`.")
