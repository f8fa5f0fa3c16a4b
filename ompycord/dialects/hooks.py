"""The agents that push what they do, by the name in the address `/hooks/{source}/{run}`.

Counterpart of `webhook/hooks.py`.
"""

from collections.abc import Callable, Mapping
from typing import Final

from ompycord.dialects import hooks_claude, hooks_codex, hooks_omp, hooks_opencode
from ompycord.dialects.frames import Frame
from ompycord.dialects.hook_reading import HookReading

__all__ = ["HOOK_SOURCES"]

HOOK_SOURCES: Final[Mapping[str, Callable[[Frame], HookReading]]] = {
    "claude": hooks_claude.read,
    "codex": hooks_codex.read,
    "omp": hooks_omp.read,
    "opencode": hooks_opencode.read,
}
"""A reader for each; none raises, whatever it is given."""
