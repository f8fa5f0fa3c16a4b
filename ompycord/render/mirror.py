"""The mirror: a run's one line in the channel, from which its thread is opened; counterpart of the card in the thread.

It is never an interaction's answer, and its footer is what a probe finds after a crash
(docs/contracts/cards.md, *Exactly once*).
"""

from ompycord.domain.records import OutboxKind
from ompycord.domain.snapshot import StatusSnapshot
from ompycord.render.cardview import Button
from ompycord.render.faces import Face, face_of
from ompycord.render.inert import Inert, Redact
from ompycord.render.message import RenderedMessage, Sign, message
from ompycord.render.surroundings import Surroundings
from ompycord.render.view import footer_of, short_title

__all__ = ["direct_message", "mirror_message"]


def mirror_message(
    snapshot: StatusSnapshot, around: Surroundings, *, thread: str | None, sign: Sign, redact: Redact
) -> RenderedMessage:
    """State, title and the way to the thread, None until it is open. It changes only when the word does."""
    inert = Inert(redact)
    face = face_of(snapshot, around, inert)
    data = {
        "description": _line(snapshot, face, inert, f"<#{thread}>" if thread else ""),
        "color": face.colour,
        "footer": {"text": footer_of(snapshot, around, inert, OutboxKind.MIRROR)},
    }
    return message(embeds=[data], sign=sign)


def direct_message(
    snapshot: StatusSnapshot, around: Surroundings, *, url: str, sign: Sign, redact: Redact
) -> RenderedMessage:
    """The same line to one person alone, who chose to be told so; the whole stands where the button leads."""
    inert = Inert(redact)
    face = face_of(snapshot, around, inert)
    buttons = [Button(label="Go to the thread", style="link", url=url)]
    return message(_line(snapshot, face, inert, ""), buttons=buttons, sign=sign)


def _line(snapshot: StatusSnapshot, face: Face, inert: Inert, where: str) -> str:
    # A number in the word, such as 2/4, would cost an edit for each phase.
    word = face.word.rstrip("0123456789/ ")
    title = inert.line(short_title(snapshot, inert), 200)
    return " · ".join(part for part in (f"{face.glyph} **{word}**", title, where) if part)
