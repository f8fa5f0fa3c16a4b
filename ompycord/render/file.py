"""A file that an agent attached, as a message of its own; `bot/delivery/deliver.py` adds the file itself."""

from typing import Final

from ompycord.domain.folds.snapshot import Artifact, StatusSnapshot
from ompycord.domain.records import OutboxKind
from ompycord.render.cards.names import agent_name
from ompycord.render.cards.view import footer_of
from ompycord.render.marker import question_tag
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer

__all__ = ["file_message"]

_NAME: Final = 100
_KIB: Final = 1024


def file_message(
    snapshot: StatusSnapshot, artifact: Artifact, render_context: RenderContext, *, sign: Sign, redact: Redact
) -> RenderedMessage:
    """Who attached what. The marker in the footer distinguishes it from the others of its run."""
    sanitizer = Sanitizer(redact)
    size = f" ({-(-(artifact.size or 0) // _KIB):,} KiB)"
    footer = footer_of(
        snapshot, render_context, sanitizer, OutboxKind.FILE, question_tag(artifact.sha256 or artifact.name)
    )
    text = f"📎 {agent_name(snapshot, sanitizer)} attached {sanitizer.line(artifact.name, _NAME)}{size}."
    return message(embeds=[{"description": text, "footer": {"text": footer}}], sign=sign)
