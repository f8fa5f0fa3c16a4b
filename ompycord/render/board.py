"""The board: one channel message that lists all open runs by who is waited for, cut by whole rows.

Counterpart of `/omp status`.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.base import Frozen, Millis
from ompycord.domain.folds.snapshot import StatusSnapshot
from ompycord.domain.run import RunState
from ompycord.render.cards.cardview import Colour
from ompycord.render.cards.headlines import headline_of
from ompycord.render.cards.names import short_title
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.phrases import stamp
from ompycord.render.render_context import RenderContext
from ompycord.render.run_view import Place, shown_facts
from ompycord.render.sanitizer import Redact, Sanitizer, isolated
from ompycord.text.graphemes import utf16_len
from ompycord.text.limits import EMBED_DESCRIPTION

__all__ = ["BOARD_FOOTER", "BoardRow", "board_message"]

BOARD_FOOTER: Final = "board"
"""The footer by which a probe recognizes it: every other message of ours has a run's id there."""

_MORE_ROOM: Final = 80
_WAITING, _WORKING, _PAUSED, _QUEUED = "Waiting for people", "Working", "Paused", "Queued"
_GROUPS: Final = (_WAITING, _WORKING, _PAUSED, _QUEUED)


class BoardRow(Frozen):
    """One open run. `url` is its thread's, None before there is one."""

    snapshot: StatusSnapshot
    render_context: RenderContext = RenderContext()
    url: str | None = None


def board_message(rows: Sequence[BoardRow], *, sign: Sign, redact: Redact) -> RenderedMessage:
    """Runs that wait for a person first, each group from its oldest; what does not fit is counted. Mentions no one."""
    sanitizer = Sanitizer(redact)
    groups: dict[str, list[BoardRow]] = {group: [] for group in _GROUPS}
    for row in rows:
        if not row.snapshot.is_final:
            groups[_group(row.snapshot)].append(row)
    lines: list[str] = []
    for group, found in groups.items():
        lines += [f"**{group}**"] if found else []
        ordered = sorted(found, key=lambda row: (_since(row.snapshot), row.snapshot.run))
        lines += [_row(row, sanitizer) for row in ordered]
    counts = " · ".join(f"{len(found)} {group.lower()}" for group, found in groups.items() if found)
    data = {
        "title": counts or "No runs.",
        "description": _cut(lines) or "Start one with `/omp new`.",
        "color": Colour.YELLOW if groups[_WAITING] else Colour.BLURPLE if counts else Colour.GREEN,
        "footer": {"text": BOARD_FOOTER},
    }
    return message(embeds=[data], sign=sign)


def _group(snapshot: StatusSnapshot) -> str:
    if snapshot.state is RunState.SUSPENDED:
        return _PAUSED
    if snapshot.needs_person:
        return _WAITING
    return _QUEUED if snapshot.state is RunState.QUEUED else _WORKING


def _since(snapshot: StatusSnapshot) -> Millis:
    """Since when a run is in its group: a person has been waited for since the oldest open request."""
    plan = () if snapshot.open_proposal is None else (snapshot.open_proposal,)
    requested_at = [one.asked_at for one in (*snapshot.open_approvals, *snapshot.open_questions, *plan)]
    match _group(snapshot):
        case "Waiting for people" if requested_at:
            return min(requested_at)
        case "Queued":
            return snapshot.created_at
        case "Working":
            return snapshot.started_at or snapshot.created_at
        case _:
            return snapshot.last_event_at


def _row(row: BoardRow, sanitizer: Sanitizer) -> str:
    snapshot = row.snapshot
    headline = headline_of(snapshot, row.render_context, sanitizer)
    title = isolated(sanitizer.line(short_title(snapshot, row.render_context, sanitizer), 80))
    word = "" if headline.word in _GROUPS else headline.word
    words = " · ".join(part for part in (word, headline.note) if part)
    parts = (
        f"{headline.glyph} {f'[{title}]({row.url})' if row.url else title}",
        "DEMO" if row.render_context.is_rehearsal else "",
        words,
        *(fact for fact in shown_facts(snapshot, Place.BOARD, sanitizer, most=40) if fact not in words),
        stamp(_since(snapshot)),
    )
    return " · ".join(part for part in parts if part)


def _cut(lines: list[str]) -> str:
    """As many whole lines as fit; a group's name is not left alone at the end."""
    shown: list[str] = []
    room = EMBED_DESCRIPTION - _MORE_ROOM
    for line in lines:
        room -= utf16_len(line) + 1
        if room < 0:
            break
        shown.append(line)
    if len(shown) < len(lines) and shown and shown[-1].startswith("**"):
        shown.pop()
    hidden = sum(not line.startswith("**") for line in lines[len(shown) :])
    return "\n".join([*shown, *([f"… and {hidden} more: `/omp runs`"] if hidden else [])])
