"""How a run is called: its agent, its task in a few words; used by every renderer of this package."""

from typing import Final

from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.render.render_context import RenderContext, RunLink
from ompycord.render.sanitizer import Sanitizer

__all__ = ["agent_name", "run_link", "short_title"]

_NAME: Final = 60
_TITLE: Final = 100
_RUN_TITLE: Final = 80


def agent_name(snapshot: StatusSnapshot, sanitizer: Sanitizer) -> str:
    """The agent by its name; *The agent* where it has none."""
    return sanitizer.dead(snapshot.agent, _NAME) if snapshot.agent and snapshot.agent.strip() else "The agent"


def short_title(snapshot: StatusSnapshot, render_context: RenderContext, sanitizer: Sanitizer) -> str:
    """The task in a few words: title, beginning of the prompt, what its sender calls it, else *Untitled run*."""
    texts = (snapshot.title, snapshot.prompt, render_context.run_name or "")
    return next((shown for text in texts if (shown := sanitizer.label(text, _TITLE))), "Untitled run")


def run_link(run: RunLink, sanitizer: Sanitizer) -> str:
    """Another run by its title, which leads to its card."""
    title = sanitizer.line(run.title, _RUN_TITLE) or "a run"
    return f"[{title}]({run.url})" if run.url is not None else title
