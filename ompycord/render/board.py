"""The board: one channel message that lists all open runs, cut by whole rows; counterpart of `/omp status`."""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.base import Frozen
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.ids import short_id
from ompycord.render.cards.cardview import Colour
from ompycord.render.cards.headlines import headline_of
from ompycord.render.cards.view import short_title
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.phrases import count, stamp
from ompycord.render.render_context import RenderContext
from ompycord.render.sanitizer import Redact, Sanitizer
from ompycord.text.graphemes import utf16_len
from ompycord.text.limits import EMBED_DESCRIPTION

__all__ = ["BOARD_FOOTER", "BoardRow", "board_message"]

BOARD_FOOTER: Final = "board"
"""The footer by which a probe recognizes it: every other message of ours has a run's id there."""

_MORE_ROOM: Final = 80


class BoardRow(Frozen):
    """One open run. `place` is its thread's id, None before there is one."""

    snapshot: StatusSnapshot
    render_context: RenderContext = RenderContext()
    thread: str | None = None


def board_message(rows: Sequence[BoardRow], *, sign: Sign, redact: Redact) -> RenderedMessage:
    """Runs that need a person first, then the oldest; what does not fit is counted. Mentions no one."""
    sanitizer = Sanitizer(redact)
    live = sorted(
        (row for row in rows if not row.snapshot.is_final),
        key=lambda row: (not row.snapshot.needs_person, row.snapshot.created_at, row.snapshot.run),
    )
    waiting = sum(row.snapshot.needs_person for row in live)
    needs = f", {waiting} waiting for a person" if waiting else ""
    data = {
        "title": f"{count(len(live), 'live run')}{needs}" if live else "No runs.",
        "description": _rows([_row(row, sanitizer) for row in live]) or "Start one with `/omp new`.",
        "color": Colour.YELLOW if waiting else Colour.BLURPLE if live else Colour.GREEN,
        "footer": {"text": BOARD_FOOTER},
    }
    return message(embeds=[data], sign=sign)


def _row(row: BoardRow, sanitizer: Sanitizer) -> str:
    snapshot = row.snapshot
    headline = headline_of(snapshot, row.render_context, sanitizer)
    demo = "DEMO" if row.render_context.is_rehearsal else ""
    parts = (
        f"{headline.glyph} **{headline.word}**",
        demo,
        sanitizer.line(short_title(snapshot, sanitizer), 80),
        f"<#{row.thread}>" if row.thread else short_id(snapshot.run),
        sanitizer.line(snapshot.origin.requester_name or "", 40),
        stamp(snapshot.last_event_at),
    )
    return " · ".join(part for part in parts if part)


def _rows(lines: list[str]) -> str:
    shown: list[str] = []
    room = EMBED_DESCRIPTION - _MORE_ROOM
    for line in lines:
        room -= utf16_len(line) + 1
        if room < 0:
            break
        shown.append(line)
    hidden = len(lines) - len(shown)
    return "\n".join([*shown, *([f"… and {hidden} more: `/omp runs`"] if hidden else [])])
