"""Triggers as text."""

from collections.abc import Sequence

from ompycord.domain.triggers.options import TriggerSpec
from ompycord.domain.triggers.records import TriggerState
from ompycord.render.phrases import count
from ompycord.render.sanitizer import Sanitizer

__all__ = ["triggers_text"]

_WHY = 200
_LISTED = 25


def triggers_text(found: Sequence[tuple[TriggerSpec, TriggerState]], sanitizer: Sanitizer) -> str:
    """All of them, with how they stand."""
    if not found:
        return "There are no triggers here. `triggers:` in `ompycord.yml` makes one."
    return "\n".join(_line(spec, state, sanitizer) for spec, state in found[:_LISTED])


def _line(spec: TriggerSpec, state: TriggerState, sanitizer: Sanitizer) -> str:
    how = f"⏸ paused: {sanitizer.line(state.paused, _WHY)}" if state.paused is not None else "active"
    dry = " · dry: starts nothing" if spec.dry else ""
    where = sanitizer.line(spec.repository, _WHY)
    return f"**{spec.name}** · {where} · {how}{dry} · {count(state.messages, 'message')}, {count(state.runs, 'run')}"
