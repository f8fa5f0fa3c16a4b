"""The answer of a run in mode ask, as the message that ends it; `result.py` shows every other end.

What the answer names and the commit does not have is struck.
"""

from collections.abc import Sequence
from typing import Final

from ompycord.domain.folds.reports import CheckedAnswer
from ompycord.render.cards.cardview import CardView
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.people import mention, user_ids
from ompycord.render.sanitizer import Sanitizer, isolated
from ompycord.text.graphemes import utf16_len

__all__ = ["answer_message"]

_ROOM: Final = 3500
"""UTF-16 units of the answer; a longer one comes as a file, too."""
_STRUCK: Final = 5


def answer_message(
    answer: CheckedAnswer,
    card: CardView,
    *,
    footer: str,
    sign: Sign,
    sanitizer: Sanitizer,
    mentions: Sequence[str] = (),
) -> RenderedMessage:
    """The message; `card` is the view of the run that has ended."""
    text, is_whole = _shown(answer, sanitizer)
    users = user_ids(mentions)
    head = isolated(sanitizer.dead(card.title, 200))
    title = f"{card.glyph} **{card.word}**{f' · {head}' if head else ''}"
    struck = [
        f"{sanitizer.line(link.path, 120)}:{link.line}: {link.fault}" for link in answer.links if link.fault is not None
    ]
    fields = [{"name": "Struck", "value": _lines(struck), "inline": False}] if struck else []
    data = {
        "description": f"{text}\n\n{card.sentence}",
        "color": card.colour,
        "fields": fields,
        "footer": {"text": footer},
    }
    return message(
        f"{mention(users)} {title}".strip(),
        embeds=[data],
        buttons=card.buttons,
        sign=sign,
        mentions=users,
        attachment=None if is_whole else sanitizer.source(answer.plain),
    )


def _shown(answer: CheckedAnswer, sanitizer: Sanitizer) -> tuple[str, bool]:
    """The answer with its strokes, and whether that is all of it."""
    parts: list[str] = []
    room = _ROOM
    for piece, is_struck in answer.pieces():
        source = sanitizer.source(piece)
        shown = f"~~{sanitizer.line(source, room)}~~" if is_struck else _spaced(source, sanitizer, room)
        parts.append(shown)
        room -= utf16_len(shown)
        if room <= 0 or utf16_len(source) > max(room + utf16_len(shown), 0):
            return "".join(parts).strip(), False
    return "".join(parts).strip(), True


def _spaced(text: str, sanitizer: Sanitizer, room: int) -> str:
    """Escaped, with the space around it that the sanitiser takes away."""
    before = text[: len(text) - len(text.lstrip())]
    after = text[len(text.rstrip()) :] if text.strip() else ""
    return f"{before}{sanitizer.prose(text, room)}{after}"


def _lines(struck: Sequence[str]) -> str:
    shown, more = "\n".join(struck[:_STRUCK]), len(struck) - _STRUCK
    return f"{shown}\n… and {more} more" if more > 0 else shown
